//! Cutting into segments changes nothing, counts everything once, and each segment runs again on its own.

mod common;
#[path = "common/recount.rs"]
mod recount;

use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::{
    Boundary, Call, Machine, Metering, Op, Options, Program, Rows, SHAPES, Segment, SegmentLimits, Shape,
    Table, meter, run,
};
use common::{DATA, busy_hints, busy_program, halting};
use recount::{Recount, check};

/// A shape with this height in every table.
fn even(height: u8) -> Shape {
    Shape { name: "even", heights: [height; Table::COUNT] }
}

/// A shape with room for 8 pages.
fn eight_pages() -> Shape {
    let mut shape = even(10);
    shape.heights[Table::Page as usize] = 5;
    shape
}

/// Pages of the registers, which every segment has.
const REGISTER_PAGES: u32 = 3;

fn limits(cycles: u64, shapes: &[Shape]) -> SegmentLimits {
    SegmentLimits { cycles, shapes: shapes.to_vec() }
}

fn metered(program: &Program, hints: &[u32], limits: SegmentLimits) -> Metering {
    meter(program, hints, Options::default(), limits).expect("no trap").1
}

#[test]
fn segments_are_what_their_instructions_and_the_limits_say() {
    let (program, hints) = (busy_program(300), busy_hints(300));
    let mut recount = Recount::default();
    let run = ashlar_vm::run_observed(&program, &hints, Options::default(), &mut recount).unwrap();
    for limits in [
        limits(1, &[even(10)]),
        limits(777, &[even(20)]),
        limits(1 << 40, &[even(11)]),
        limits(1 << 40, &[even(12), even(13), SHAPES[1]]),
        limits(5_000, &SHAPES),
    ] {
        let metering = metered(&program, &hints, limits.clone());
        check(&metering.segments, &recount.0, &limits);
        assert_eq!(metering.rows(Table::Cpu), run.cycles);
        for (table, units) in [
            (Table::Keccak, 300),
            (Table::Hint, 3 * 300),
            (Table::Commit, 300),
            (Table::Permute, 300),
            (Table::Modmul256, 300),
            (Table::Call, 5 * 300),
            (Table::Port, (13 + 3 + 2 + 4 + 8) * 300),
            (Table::Div, 300),
            (Table::Mul, 3 * 300),
            (Table::Program, 0),
            (Table::Lookup, 0),
        ] {
            assert_eq!(metering.rows(table), units, "{}", table.name());
        }
    }
}

#[test]
fn a_segment_without_memory_has_the_pages_of_the_registers() {
    let segment = &metered(&halting(Assembler::new()), &[], SegmentLimits::default()).segments[0];
    // 33 words from a page's start; their two lowest common levels have two nodes, 26 more levels have one.
    let counts = [Table::Page, Table::Node, Table::Poseidon2].map(|table| segment.rows.of(table));
    assert_eq!(counts, [3, 28, 3 * 8 + 28 * 2]);
}

#[test]
fn nodes_above_touched_pages_count_once() {
    let nodes = |addresses: &[u32]| {
        let mut asm = Assembler::new();
        for address in addresses {
            asm.li(reg::T0, *address).i(Op::Lw, reg::T1, reg::T0, 0);
        }
        let segment = &metered(&halting(asm), &[], SegmentLimits::default()).segments[0];
        segment.rows.of(Table::Node) - Rows::BASE.of(Table::Node)
    };
    // All levels but the root, which the registers share.
    assert_eq!((nodes(&[0]), nodes(&[0x3fff_fffc]), nodes(&[0, 60])), (26, 26, 26));
    // Siblings share all, cousins all but the lowest, the halves of memory only what is above memory.
    assert_eq!((nodes(&[0, 64]), nodes(&[64, 128])), (26, 27));
    assert_eq!((nodes(&[0, 0x2000_0000]), nodes(&[0x2000_0000, 0])), (26 + 23, 26 + 23));
}

#[test]
fn cutting_does_not_change_the_result() {
    let (program, hints) = (busy_program(100), busy_hints(100));
    let plain = run(&program, &hints, Options::default()).unwrap();
    for limits in [limits(1, &[even(7)]), limits(1_000, &SHAPES), SegmentLimits::default()] {
        let (cut, metering) = meter(&program, &hints, Options::default(), limits.clone()).unwrap();
        assert_eq!(cut, plain);
        assert_eq!(metering, metered(&program, &hints, limits), "the same again");
    }
}

#[test]
fn a_segment_ends_exactly_before_the_instruction_that_does_not_fit() {
    let mut asm = Assembler::new();
    for _ in 0..10 {
        asm.r(Op::Mul, 5, 5, 5);
    }
    let mut shape = even(10);
    shape.heights[Table::Mul as usize] = 2;
    let metering = metered(&halting(asm), &[], limits(1 << 20, &[shape]));
    let mul: Vec<u32> = metering.segments.iter().map(|segment| segment.rows.of(Table::Mul)).collect();
    assert_eq!(mul, [4, 4, 2]);
    assert_eq!(metering.segments[1].start.pc, common::TEXT + 16);
}

#[test]
fn a_segment_ends_before_the_page_that_does_not_fit() {
    let mut asm = Assembler::new();
    asm.li(reg::T0, DATA);
    for page in [0, 1, 2, 3, 4, 0, 5, 1] {
        asm.i(Op::Lw, reg::T1, reg::T0, 64 * page);
    }
    asm.store(Op::Sb, reg::T1, reg::T0, 65);
    let segments = metered(&halting(asm), &[], limits(1 << 20, &[eight_pages()])).segments;
    let counts: Vec<_> =
        segments.iter().map(|segment| (segment.cycles, segment.pages(), segment.pages_written)).collect();
    assert_eq!(counts, [(7, REGISTER_PAGES + 5, 0), (6, REGISTER_PAGES + 2, 1)]);
}

#[test]
fn a_segment_ends_before_the_page_whose_nodes_do_not_fit() {
    let mut shape = even(10);
    // 28 above the registers, 26 above the first page: 10 are left.
    shape.heights[Table::Node as usize] = 6;
    let counts = |second: u32| {
        let mut asm = Assembler::new();
        asm.li(reg::T0, DATA).i(Op::Lw, reg::T1, reg::T0, 0);
        asm.li(reg::T0, DATA ^ second).i(Op::Lw, reg::T1, reg::T0, 0);
        let segments = metered(&halting(asm), &[], limits(1 << 20, &[shape])).segments;
        segments.iter().map(|segment| segment.rows.of(Table::Node)).collect::<Vec<_>>()
    };
    // With the bit at height h flipped, h nodes differ.
    assert_eq!(counts(64 << 10), [64]);
    assert_eq!(counts(64 << 11), [54, 54]);
}

#[test]
fn a_segment_ends_before_the_page_whose_hashes_do_not_fit() {
    let mut asm = Assembler::new();
    // 80 compressions for the registers; 8 for each page, and 2 for each of 26, 23, 22, 0 and 1 new nodes.
    for page in [DATA, DATA ^ 64 << 23, DATA ^ 64 << 22, DATA + 64, DATA + 128] {
        asm.li(reg::T0, page).i(Op::Lw, reg::T1, reg::T0, 0);
    }
    let mut shape = even(10);
    shape.heights[Table::Poseidon2 as usize] = 8;
    let segments = metered(&halting(asm), &[], limits(1 << 20, &[shape])).segments;
    let counts: Vec<_> = segments.iter().map(|segment| segment.rows.of(Table::Poseidon2)).collect();
    assert_eq!(counts, [254, 140]);
}

#[test]
fn the_pages_of_a_call_that_ends_a_segment_belong_to_the_next_one() {
    let mut asm = Assembler::new();
    // 200 bytes over four pages, three of them touched before.
    asm.li(reg::T0, DATA).i(Op::Lw, reg::T1, reg::T0, 0).store(Op::Sw, 0, reg::T0, 64).i(
        Op::Lw,
        reg::T1,
        reg::T0,
        128,
    );
    // One more page, so that the segment has all that it has room for.
    asm.i(Op::Lw, reg::T1, reg::T0, -64).call(16, &[DATA + 4]);
    let mut shape = eight_pages();
    let program = halting(asm);
    let counts = |shape: Shape| -> Vec<_> {
        let metering = metered(&program, &[], limits(1 << 20, &[shape]));
        metering.segments.iter().map(|segment| (segment.pages(), segment.pages_written)).collect()
    };
    assert_eq!(counts(shape), [(8, 4)]);
    // 16 rows hold no permutation, which takes 32: it becomes a segment of its own, without a shape.
    shape.heights[Table::Keccak as usize] = 4;
    let metering = metered(&program, &[], limits(1 << 20, &[shape]));
    let alone = metering.segments.iter().find(|segment| segment.rows.of(Table::Keccak) > 0).unwrap();
    assert_eq!((alone.cycles, alone.pages(), alone.pages_written, alone.shape), (1, 7, 4, None));
    assert_eq!((metering.segments[0].pages(), metering.segments[0].pages_written), (7, 1));
}

#[test]
fn a_page_read_and_then_written_counts_once_in_each() {
    let mut asm = Assembler::new();
    asm.li(reg::T0, DATA).i(Op::Lw, reg::T1, reg::T0, 0).store(Op::Sw, 0, reg::T0, 4);
    asm.i(Op::Lw, reg::T1, reg::T0, 8).store(Op::Sw, 0, reg::T0, 12).store(Op::Sb, 0, reg::T0, 64);
    let metering = metered(&halting(asm), &[], SegmentLimits::default());
    assert_eq!((metering.segments[0].pages(), metering.segments[0].pages_written), (REGISTER_PAGES + 2, 2));
}

#[test]
fn a_segment_gets_the_cheapest_shape_that_holds_it() {
    let (mut small, mut large) = (even(8), even(13));
    small.heights[Table::Mul as usize] = 6;
    large.heights[Table::Mul as usize] = 12;
    let with_muls = |count: usize| {
        let mut asm = Assembler::new();
        for _ in 0..count {
            asm.r(Op::Mul, 5, 5, 5);
        }
        metered(&halting(asm), &[], limits(1 << 20, &[large, small])).segments
    };
    assert_eq!(with_muls(64)[0].shape, Some(small));
    assert_eq!((with_muls(65)[0].shape, with_muls(65).len()), (Some(large), 1));
    let segments = with_muls(5_000);
    assert_eq!(segments.iter().map(|segment| segment.rows.of(Table::Mul)).collect::<Vec<_>>(), [4096, 904]);
}

#[test]
fn shapes_that_exclude_each_other_are_not_mixed() {
    // One shape takes products, the other shifts: no segment may have more than two of both.
    let (mut products, mut shifts) = (even(12), even(12));
    products.heights[Table::Shift as usize] = 0;
    shifts.heights[Table::Mul as usize] = 1;
    let mut asm = Assembler::new();
    for i in 0..40 {
        asm.r(if i / 10 % 2 == 0 { Op::Mul } else { Op::Sll }, 5, 5, 6);
    }
    let segments = metered(&halting(asm), &[], limits(1 << 20, &[products, shifts])).segments;
    let counts: Vec<_> =
        segments.iter().map(|segment| (segment.rows.of(Table::Mul), segment.rows.of(Table::Shift))).collect();
    assert_eq!(counts, [(10, 2), (2, 8), (8, 2), (0, 8)]);
    assert!(segments.iter().all(|segment| segment.shape.is_some_and(|shape| segment.rows.fit(&shape))));
}

#[test]
fn padding_is_what_the_shape_has_above_the_rows() {
    let (program, hints) = (busy_program(15), busy_hints(15));
    let metering = metered(&program, &hints, SegmentLimits::default());
    for segment in &metering.segments {
        let shape = segment.shape.unwrap();
        for table in Table::ALL {
            assert_eq!(segment.padding(table) + segment.rows.of(table), shape.capacity(table));
        }
    }
    let sum = |cells: fn(&Segment) -> u64| metering.segments.iter().map(cells).sum::<u64>();
    assert_eq!(metering.cells(), sum(|segment| segment.shape.map_or(0, |shape| shape.cells())));
    assert_eq!(metering.cells_used(), sum(|segment| segment.rows.cells()));
    assert!(metering.cells_used() < metering.cells());
}

#[test]
fn cells_are_counted_by_whole_rows() {
    let mut asm = Assembler::new();
    asm.r(Op::Xor, 5, 5, 5).r(Op::Xor, 5, 5, 5).r(Op::Xor, 5, 5, 5);
    let rows = metered(&halting(asm), &[], SegmentLimits::default()).segments[0].rows;
    let width = |table: Table| table.width() as u64;
    let expected = 6 * width(Table::Cpu)
        + 2 * width(Table::Bitwise)
        + 3 * 4 * width(Table::Page)
        + 28 * width(Table::Node)
        + 80 * width(Table::Poseidon2);
    assert_eq!(rows.cells(), expected);
}

#[test]
fn some_shape_holds_each_instruction_and_each_call_alone() {
    let mut asm = Assembler::new();
    asm.li(reg::T0, DATA).store(Op::Sh, 0, reg::T0, 0).i(Op::Lb, 6, reg::T0, 0).r(Op::Div, 6, 6, 6).r(
        Op::Slt,
        6,
        6,
        6,
    );
    common::store_words(&mut asm, DATA + 512, &core::array::from_fn::<u32, 32, _>(|i| i as u32 + 1));
    asm.call(1, &[DATA + 4096 + 4, 256])
        .call(2, &[DATA])
        .call(3, &[DATA, 1])
        .call(16, &[DATA + 8])
        .call(17, &[DATA + 8192]);
    asm.call(18, &[DATA, DATA, DATA, DATA]).call(19, &[DATA, DATA, DATA, DATA]);
    asm.call(20, &[DATA + 512, DATA + 576]).call(21, &[DATA + 576]);
    let (program, limits) = (halting(asm), limits(1, &SHAPES));
    let mut recount = Recount::default();
    ashlar_vm::run_observed(&program, &[0; 256], Options::default(), &mut recount).unwrap();
    let metering = metered(&program, &[0; 256], limits.clone());
    check(&metering.segments, &recount.0, &limits);
    assert!(metering.segments.iter().all(|segment| segment.cycles == 1 && segment.shape.is_some()));
    assert!(Call::ALL.len() == 10, "a new call belongs in this test");
}

/// All that can be seen at the end of a segment.
fn end_of(machine: &Machine<'_>, pages: &[u32]) -> (Boundary, Vec<[u32; 16]>) {
    let state = machine.state();
    let content = pages.iter().map(|page| *state.memory.page(*page).unwrap()).collect();
    (Boundary::from(&state), content)
}

#[test]
fn a_recorded_segment_runs_again_on_its_own_to_the_same_end() {
    let (program, hints) = (busy_program(200), busy_hints(200));
    let metering = metered(&program, &hints, limits(700, &SHAPES));
    assert!(metering.segments.len() > 10);
    let mut machine = Machine::new(&program, &hints);
    for segment in &metering.segments {
        let input = machine.capture(segment.end()).unwrap();
        assert_eq!((&input.start, input.cycles), (&segment.start, segment.cycles));
        assert_eq!(input.pages.len() as u32, segment.pages() - REGISTER_PAGES);
        let touched: Vec<u32> = input.pages.iter().map(|(page, _)| *page).collect();
        assert!(touched.is_sorted());
        let mut again = Machine::resume(&program, &input);
        again.run(&mut (), segment.end()).unwrap();
        assert_eq!(end_of(&again, &touched), end_of(&machine, &touched));
    }
    assert_eq!(machine.run_to_halt(&mut (), u64::MAX), Ok(0));
}

#[test]
fn pausing_anywhere_and_going_on_is_the_same_run() {
    let (program, hints) = (busy_program(20), busy_hints(20));
    let mut whole = Machine::new(&program, &hints);
    whole.run_to_halt(&mut (), u64::MAX).unwrap();
    let mut paused = Machine::new(&program, &hints);
    let mut cycle = 0;
    while paused.run(&mut (), cycle).unwrap() == ashlar_vm::Status::Paused {
        assert_eq!(paused.state().cycle, cycle);
        cycle += 1;
    }
    let pages = [DATA / 64, DATA / 64 + 4, DATA / 64 + 16];
    assert_eq!(end_of(&paused, &pages), end_of(&whole, &pages));
}

#[test]
fn a_segment_input_from_anywhere_does_no_harm() {
    let program = busy_program(1);
    let honest = Machine::new(&program, &[]).capture(10).unwrap();
    for change in 0..6 {
        let mut input = honest.clone();
        match change {
            0 => input.start.pc = 0xffff_fff3,
            1 => input.start.hint_position = usize::MAX,
            2 => input.start.digest = [u32::MAX; 8],
            3 => input.pages = vec![(u32::MAX, [1; 16]), (1 << 24, [1; 16])],
            4 => input.start.cycle = u64::MAX,
            _ => input.start.registers = [u32::MAX; 32],
        }
        input.hints = vec![1; 100];
        let mut machine = Machine::resume(&program, &input);
        // Whatever it does, it ends, with a result or a trap.
        assert!(machine.run(&mut (), u64::MAX).is_ok() || machine.state().cycle < u64::MAX);
    }
}

#[test]
fn rows_are_zero_before_anything_ran() {
    assert!(Table::ALL.iter().all(|table| Rows::default().of(*table) == 0));
    assert_eq!(Rows::default().cells(), 0);
}

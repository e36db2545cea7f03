//! Cutting into segments changes nothing, counts everything once, and each segment runs again on its own.

mod common;

use std::collections::HashSet;

use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::shape::{ABSENT, SHAPES, used_cells};
use ashlar_vm::{
    Access, Boundary, Call, CallStep, Machine, Metering, Observer, Op, Options, Program, Rows, Segment,
    SegmentLimits, Shape, State, Step, Table, meter, run,
};
use common::{DATA, busy_hints, busy_program, halting};

/// A shape with this height in every table.
fn even(height: u8) -> Shape {
    Shape { name: "even", heights: [height; Table::COUNT] }
}

fn limits(cycles: u64, shapes: &[Shape]) -> SegmentLimits {
    SegmentLimits { cycles, shapes: shapes.to_vec() }
}

fn metered(program: &Program, hints: &[u32], limits: SegmentLimits) -> Metering {
    meter(program, hints, Options::default(), limits).expect("no trap").1
}

/// Counts rows and pages the slow way, per range of cycles.
#[derive(Default)]
struct Recount {
    steps: Vec<(Table, Vec<(u32, bool)>)>,
}

impl Observer for Recount {
    fn instruction(&mut self, _: &State<'_>, step: &Step) {
        let pages = match step.access {
            Access::None => Vec::new(),
            Access::Load { address, .. } => vec![(address >> 6, false)],
            Access::Store { address, .. } => vec![(address >> 6, true)],
        };
        self.steps.push((Table::of(step.op), pages));
    }

    fn call(&mut self, _: &State<'_>, step: &CallStep<'_>) {
        let words = |address: u32, words: u32| (0..words).map(move |i| (address + 4 * i) >> 6);
        let reads = step
            .reads
            .iter()
            .flat_map(|region| words(region.address, region.words))
            .map(|page| (page, false));
        let writes =
            step.write.iter().flat_map(|region| words(region.address, region.words)).map(|page| (page, true));
        self.steps.push((Table::Call, reads.chain(writes).collect()));
    }
}

/// Checks the parts of a segment's count that can be told from its steps alone.
fn check_counts(segment: &Segment, steps: &[(Table, Vec<(u32, bool)>)]) {
    for table in Table::ALL.into_iter().take_while(|table| *table != Table::Hint) {
        let expected = steps.iter().filter(|(of, _)| *of == table).count();
        assert_eq!(segment.rows.of(table) as usize, expected, "{table:?}");
    }
    let accesses = || steps.iter().flat_map(|(_, pages)| pages);
    let touched: HashSet<u32> = accesses().map(|(page, _)| *page).collect();
    let written: HashSet<u32> = accesses().filter(|(_, is_write)| *is_write).map(|(page, _)| *page).collect();
    assert_eq!((segment.pages() as usize, segment.pages_written as usize), (touched.len(), written.len()));
}

#[test]
fn segments_tile_the_run_and_count_every_row_and_page_once() {
    let (program, hints) = (busy_program(300), busy_hints(300));
    let mut recount = Recount::default();
    let run = ashlar_vm::run_observed(&program, &hints, Options::default(), &mut recount).unwrap();
    for limits in [
        limits(1, &[even(10)]),
        limits(777, &[even(20)]),
        limits(1 << 40, &[even(8)]),
        limits(5_000, &SHAPES),
    ] {
        let metering = metered(&program, &hints, limits);
        let mut cycle = 0;
        for segment in &metering.segments {
            assert_eq!(segment.start.cycle, cycle);
            assert!(segment.cycles > 0);
            check_counts(segment, &recount.steps[cycle as usize..segment.end() as usize]);
            cycle = segment.end();
        }
        assert_eq!(cycle, run.cycles);
        for (table, rows) in [(Table::Keccak, 24 * 300), (Table::Hint, 9 * 300), (Table::Commit, 300)] {
            assert_eq!(metering.rows(table), rows);
        }
        assert_eq!(metering.rows(Table::Poseidon2), 3 * 300);
        assert_eq!(metering.rows(Table::Modmul256), 300);
    }
}

#[test]
fn cutting_does_not_change_the_result() {
    let (program, hints) = (busy_program(100), busy_hints(100));
    let plain = run(&program, &hints, Options::default()).unwrap();
    for limits in [limits(1, &[even(6)]), limits(1_000, &SHAPES), SegmentLimits::default()] {
        let (cut, metering) = meter(&program, &hints, Options::default(), limits.clone()).unwrap();
        assert_eq!(cut, plain);
        assert_eq!(metering, metered(&program, &hints, limits), "the same again");
    }
}

#[test]
fn a_segment_ends_exactly_before_the_row_that_does_not_fit() {
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
    for page in [0, 1, 0, 2, 1] {
        asm.i(Op::Lw, reg::T1, reg::T0, 64 * page);
    }
    asm.store(Op::Sb, reg::T1, reg::T0, 65);
    let mut shape = even(10);
    shape.heights[Table::Page as usize] = 1;
    let metering = metered(&halting(asm), &[], limits(1 << 20, &[shape]));
    let counts: Vec<_> = metering
        .segments
        .iter()
        .map(|segment| (segment.rows.of(Table::LoadWord), segment.pages(), segment.pages_written))
        .collect();
    assert_eq!(counts, [(3, 2, 0), (2, 2, 1)]);
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
    asm.call(16, &[DATA + 4]);
    let mut shape = even(10);
    shape.heights[Table::Page as usize] = 2;
    let program = halting(asm);
    let counts = |shape: Shape| -> Vec<_> {
        let metering = metered(&program, &[], limits(1 << 20, &[shape]));
        metering.segments.iter().map(|segment| (segment.pages(), segment.pages_written)).collect()
    };
    assert_eq!(counts(shape), [(4, 4)]);
    shape.heights[Table::Keccak as usize] = 4; // 24 rows fit in no segment: one of its own, without a shape
    let metering = metered(&program, &[], limits(1 << 20, &[shape]));
    let alone = metering.segments.iter().find(|segment| segment.rows.of(Table::Keccak) > 0).unwrap();
    assert_eq!((alone.cycles, alone.pages(), alone.pages_written, alone.shape), (1, 4, 4, None));
    assert_eq!((metering.segments[0].pages(), metering.segments[0].pages_written), (3, 1));
}

#[test]
fn a_page_read_and_then_written_counts_once_in_each() {
    let mut asm = Assembler::new();
    asm.li(reg::T0, DATA).i(Op::Lw, reg::T1, reg::T0, 0).store(Op::Sw, 0, reg::T0, 4);
    asm.i(Op::Lw, reg::T1, reg::T0, 8).store(Op::Sw, 0, reg::T0, 12).store(Op::Sb, 0, reg::T0, 64);
    let metering = metered(&halting(asm), &[], SegmentLimits::default());
    assert_eq!((metering.segments[0].pages(), metering.segments[0].pages_written), (2, 2));
}

#[test]
fn a_segment_gets_the_cheapest_shape_that_holds_it() {
    let (small, large) = (even(6), even(12));
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
    // One shape takes products, the other quotients: no segment may have more than two of both.
    let (mut products, mut quotients) = (even(12), even(12));
    products.heights[Table::Div as usize] = 1;
    quotients.heights[Table::Mul as usize] = 1;
    let mut asm = Assembler::new();
    for i in 0..40 {
        asm.r(if i / 10 % 2 == 0 { Op::Mul } else { Op::Div }, 5, 5, 6);
    }
    let segments = metered(&halting(asm), &[], limits(1 << 20, &[products, quotients])).segments;
    let counts: Vec<_> =
        segments.iter().map(|segment| (segment.rows.of(Table::Mul), segment.rows.of(Table::Div))).collect();
    assert_eq!(counts, [(10, 2), (2, 8), (8, 2), (0, 8)]);
    assert!(segments.iter().all(|segment| segment.shape.is_some_and(|shape| shape.holds(&segment.rows))));
}

#[test]
fn padding_is_what_the_shape_has_above_the_rows() {
    let (program, hints) = (busy_program(50), busy_hints(50));
    let metering = metered(&program, &hints, SegmentLimits::default());
    let [segment] = &metering.segments[..] else { panic!("one segment") };
    let shape = segment.shape.unwrap();
    for table in Table::ALL {
        assert_eq!(segment.padding(table) + segment.rows.of(table), shape.capacity(table));
    }
    assert_eq!(metering.cells(), shape.cells());
    assert_eq!(metering.cells_used(), used_cells(&segment.rows));
    assert!(metering.cells_used() < metering.cells());
}

#[test]
fn every_shape_keeps_within_the_recursion_budget() {
    assert!(SHAPES.len() <= 8);
    for shape in SHAPES {
        let heights: HashSet<u8> = shape.heights.iter().copied().filter(|height| *height != ABSENT).collect();
        assert!(heights.len() <= 5, "{}: {heights:?}", shape.name);
    }
    let names: HashSet<&str> = SHAPES.iter().map(|shape| shape.name).collect();
    assert_eq!(names.len(), SHAPES.len());
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
    let metering = metered(&halting(asm), &[0; 256], limits(1, &SHAPES));
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
        assert_eq!(input.pages.len(), segment.pages() as usize);
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
    assert_eq!(used_cells(&Rows::default()), 0);
}

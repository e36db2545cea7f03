//! Nothing from outside makes the host panic, and what holds for one run holds for all.

mod common;
#[path = "common/elf.rs"]
mod elf;
#[path = "common/recount.rs"]
mod recount;

use ashlar_vm::asm::{Assembler, encode, reg};
use ashlar_vm::{
    Boundary, Call, Instruction, Machine, Op, Options, Program, RunError, SHAPES, SegmentLimits, Shape,
    Table, meter, run, run_observed,
};
use common::{DATA, Random, TEXT, ecall, program};
use elf::{Segment, executable};
use proptest::prelude::*;

fn limited(cycles: u64) -> Options<'static> {
    Options { cycles_max: Some(cycles), ..Options::default() }
}

/// A file with all that the loader looks at.
fn good_file() -> Vec<u8> {
    let mut asm = Assembler::new();
    asm.call(0, &[0]);
    let segments = [Segment::text(TEXT, &asm.finish()), Segment::data(DATA + 3, &[1, 2, 3])];
    executable(TEXT, &segments, &[("_ZN1a1bE", TEXT, 8), ("_RNvC1a1b", TEXT + 8, 0)])
}

/// Loads, and if that works runs for a while.
fn try_file(file: &[u8]) {
    if let Ok(program) = Program::from_elf(file) {
        let names: Vec<String> = program.symbols().all().iter().map(|symbol| symbol.name()).collect();
        assert!(names.iter().all(|name| name.chars().count() <= 200));
        drop(run(&program, &[], limited(1_000)));
    }
}

/// A word that is likely to be an instruction.
fn instruction() -> impl Strategy<Value = u32> {
    let opcode = prop::sample::select(vec![0x37, 0x17, 0x6f, 0x67, 0x63, 0x03, 0x23, 0x13, 0x33, 0x0f, 0x73]);
    let funct7 = prop::sample::select(vec![0_u32, 0x01, 0x20, 0x7f]);
    let shaped = (any::<u32>(), opcode, funct7)
        .prop_map(|(word, opcode, funct7)| word & 0x01ff_ff80 | opcode | funct7 << 25);
    prop_oneof![1 => any::<u32>(), 8 => shaped, 1 => Just(0x73)]
}

/// A value that is likely to be an address or next to one.
fn pointer() -> impl Strategy<Value = u32> {
    let edge = prop::sample::select(vec![0, TEXT, 0x0100_0000, DATA, 0x4000_0000, 0x8000_0000]);
    let near = (edge, -300_i32..300).prop_map(|(edge, offset)| edge.wrapping_add_signed(offset));
    prop_oneof![any::<u32>(), near.clone(), near.prop_map(|address| address & !3)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_are_no_program(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(Program::from_elf(&bytes).is_err());
        let with_magic = [&b"\x7fELF\x01\x01\x01"[..], &bytes].concat();
        try_file(&with_magic);
    }

    #[test]
    fn damaged_files_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut file = good_file();
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        try_file(&file);
    }

    #[test]
    fn damaged_headers_do_no_harm(changes in prop::collection::vec((0_usize..120, any::<u8>()), 1..5)) {
        let mut file = good_file();
        for (at, value) in changes {
            file[at] = value;
        }
        try_file(&file);
    }

    #[test]
    fn damaged_section_headers_do_no_harm(changes in prop::collection::vec((0_usize..120, any::<u8>()), 1..5)) {
        let mut file = good_file();
        let start = file.len() - 120;
        for (at, value) in changes {
            file[start + at] = value;
        }
        try_file(&file);
    }

    #[test]
    fn cut_files_do_no_harm(length in any::<prop::sample::Index>()) {
        let file = good_file();
        try_file(&file[..length.index(file.len())]);
    }

    #[test]
    fn random_words_run_to_an_end_or_to_the_limit(
        words in prop::collection::vec(instruction(), 1..200),
        hints in prop::collection::vec(any::<u32>(), 0..20),
    ) {
        let program = program(&words);
        match run(&program, &hints, limited(5_000)) {
            Ok(run) => prop_assert!(run.cycles <= 5_000),
            Err(RunError::Trapped(trap)) => prop_assert!(trap.cycle <= 5_000 && !trap.to_string().is_empty()),
            Err(RunError::CycleLimit { limit, .. }) => prop_assert_eq!(limit, 5_000),
        }
    }

    #[test]
    fn calls_with_random_arguments_return_or_trap(
        number in prop_oneof![Just(1), Just(2), Just(3), 16_u32..22, any::<u32>()],
        arguments in prop::array::uniform4(pointer()),
    ) {
        let mut asm = Assembler::new();
        asm.call(number, &arguments).call(0, &[0]);
        let result = run(&program(&asm.finish()), &[7; 64], limited(100));
        if Call::from_number(number).is_none() {
            prop_assert!(result.is_err());
        }
    }

    #[test]
    fn metering_sees_the_same_run(
        words in prop::collection::vec(instruction(), 1..100),
        cycles in 1_u64..50,
        height in 1_u8..6,
    ) {
        let program = program(&words);
        let hints = [3; 40];
        let shapes = vec![Shape { name: "even", heights: [height; Table::COUNT] }, SHAPES[0]];
        let plain = run(&program, &hints, limited(2_000));
        let cut = meter(&program, &hints, limited(2_000), SegmentLimits { cycles, shapes });
        match (plain, cut) {
            (Ok(plain), Ok((cut, metering))) => {
                prop_assert_eq!(&plain, &cut);
                let total: u64 = metering.segments.iter().map(|segment| segment.cycles).sum();
                prop_assert_eq!(total, plain.cycles);
                prop_assert!(metering.segments.iter().all(|segment| segment.cycles <= cycles));
            }
            (plain, cut) => prop_assert_eq!(plain.err(), cut.err()),
        }
    }

    #[test]
    fn segments_of_random_programs_are_what_a_recount_says(
        seed in any::<u64>(),
        cycles in 1_u64..400,
        height in 7_u8..11,
        odd in (0..Table::COUNT, 0_u8..10),
    ) {
        let program = wandering(seed);
        let even = Shape { name: "even", heights: [height; Table::COUNT] };
        let mut uneven = Shape { name: "uneven", heights: [height + 1; Table::COUNT] };
        uneven.heights[odd.0] = odd.1;
        let limits = SegmentLimits { cycles, shapes: vec![uneven, even, SHAPES[0]] };
        let mut recount = recount::Recount::default();
        let plain = run_observed(&program, &[7; 4_000], limited(20_000), &mut recount).unwrap();
        let (cut, metering) = meter(&program, &[7; 4_000], limited(20_000), limits.clone()).unwrap();
        prop_assert_eq!(plain, cut);
        recount::check(&metering.segments, &recount.0, &limits);
    }

    #[test]
    fn resuming_at_any_cycle_gives_the_same_end(seed in any::<u64>(), from in 1_u64..300, length in 1_u64..300) {
        let words = straight_line(seed);
        let program = program(&words);
        let mut machine = Machine::new(&program, &[]);
        machine.run(&mut (), from).unwrap();
        let input = machine.capture(from + length).unwrap();
        let mut again = Machine::resume(&program, &input);
        again.run(&mut (), from + length).unwrap();
        prop_assert_eq!(Boundary::from(&again.state()), Boundary::from(&machine.state()));
        for (page, _) in &input.pages {
            prop_assert_eq!(again.state().memory.page(*page), machine.state().memory.page(*page));
        }
    }

    #[test]
    fn what_the_assembler_writes_is_what_the_decoder_reads(word in instruction(), pc in (0_u32..1 << 22).prop_map(|pc| pc * 4)) {
        let i = Instruction::decode(word, pc);
        let relative = matches!(i.op(), Op::Beq | Op::Bne | Op::Blt | Op::Bge | Op::Bltu | Op::Bgeu | Op::Jal | Op::Auipc);
        let immediate = if relative { i.immediate().wrapping_sub(pc) } else { i.immediate() };
        let again = encode(i.op(), i.rd().into(), i.rs1().into(), i.rs2().into(), immediate as i32);
        // A fence keeps nothing of its fields.
        prop_assert!(again == word || i.op() == Op::Fence, "{:#010x} {:?} {:#010x}", word, i, again);
    }
}

/// Accesses, calls and arithmetic all over memory that never trap.
fn wandering(seed: u64) -> Program {
    let mut random = Random::new(seed);
    let mut asm = Assembler::new();
    while asm.len() < 1_000 {
        // Near each other half of the time, so that pages and nodes are shared.
        let spread = random.pick(&[1 << 9, 1 << 14, 1 << 28]);
        let address = |random: &mut Random| (DATA + 4 * random.below(spread) - 0x1000).min(0x3fff_0000);
        let at = address(&mut random);
        let others = [address(&mut random), address(&mut random), address(&mut random)];
        match random.below(13) {
            0..4 => asm.li(reg::T0, at).i(random.pick(&[Op::Lw, Op::Lbu, Op::Lh]), reg::T1, reg::T0, 0),
            4..6 => asm.li(reg::T0, at).store(random.pick(&[Op::Sw, Op::Sb, Op::Sh]), 0, reg::T0, 0),
            6 => asm.r(random.pick(&[Op::Mul, Op::Div, Op::Remu, Op::Slt, Op::Sltu, Op::Xor]), 20, 21, 22),
            7 => asm.i(random.pick(&[Op::Srli, Op::Andi, Op::Slti, Op::Addi, Op::Lui]), 20, 21, 3),
            8 => asm.call(1, &[at, 1 + random.below(20)]),
            9 => asm.call(random.pick(&[2, 3, 16]), &[at, 10]),
            // Where nothing else writes, so that the words are below p.
            10 => asm.call(17, &[0x0180_0000 + (at & 0xf_fffc)]),
            _ => asm.call(random.pick(&[18, 19]), &[at, others[0], others[1], others[2]]),
        };
    }
    common::halting(asm)
}

/// Arithmetic, loads and stores that never trap, long enough for every case.
fn straight_line(seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed);
    let mut asm = Assembler::new();
    asm.li(reg::S0, DATA);
    while asm.len() < 700 {
        let (rd, rs) = (18 + random.below(8), 18 + random.below(8));
        let offset = random.below(512) as i32 * 4;
        match random.below(4) {
            0 => asm.i(Op::Lw, rd, reg::S0, offset),
            1 => asm.store(Op::Sw, rs, reg::S0, offset),
            2 => asm.i(Op::Addi, rd, rs, offset - 1024),
            _ => asm.r(Op::Mul, rd, rs, rd),
        };
    }
    asm.word(ecall());
    asm.finish()
}

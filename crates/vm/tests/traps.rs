//! Everything that the machine forbids, one test each, and what the messages say.

mod common;

use ashlar_vm::asm::{Assembler, encode, reg};
use ashlar_vm::{Call, LoadSegment, Machine, Op, Options, Program, RunError, Symbols, TrapKind, run};
use common::{DATA, TEXT, ecall, program, trap_of, trap_with};

const T0: u32 = reg::T0;
const T1: u32 = reg::T1;

/// A load from the address in t0.
fn load(op: Op) -> u32 {
    encode(op, reg::S0, T0, 0, 0)
}

/// A store of t1 to the address in t0.
fn store(op: Op) -> u32 {
    encode(op, 0, T0, T1, 0)
}

#[test]
fn words_that_are_no_instructions_trap() {
    for word in [
        0x0000_0000, // defined as illegal
        0xffff_ffff, // the same
        0x0010_0073, // ebreak
        0x0000_100f, // fence.i
        0xc000_2573, // csrr a0, cycle
        0x3020_0073, // mret
        0x1050_0073, // wfi
        0x0000_00f3, // ecall with rd
        0x0000_8073, // ecall with rs1
        0x0000_4501, // c.li a0, 0
        0x0000_1067, // jalr with funct3 1
        0x0000_2063, // branch with funct3 2
        0x0000_3063, // branch with funct3 3
        0x0000_3003, // ld
        0x0000_6003, // lwu
        0x0000_7003, // load with funct3 7
        0x0000_3023, // sd
        0x0200_1013, // slli with a sixth bit of its amount
        0x4000_1013, // slli with bit 30
        0x0200_5013, // srli with a sixth bit of its amount
        0x4000_1033, // sll with bit 30
        0x4000_4033, // xnor of Zbb
        0x0400_0033, // funct7 2
        0x2000_2033, // sh1add of Zba
        0x0000_202f, // amo
        0x0000_0053, // fadd
        0x0000_003b, // addw
    ] {
        assert_eq!(trap_of(&[word]), (TrapKind::IllegalInstruction { word }, 0), "{word:#010x}");
    }
}

#[test]
fn falling_off_the_end_of_the_text_traps_there() {
    assert_eq!(trap_of(&[0x13, 0x13]), (TrapKind::OutsideText, 8));
}

#[test]
fn jumps_outside_of_the_text_trap_at_the_jump() {
    let below = encode(Op::Jal, 0, 0, 0, -4);
    assert_eq!(trap_of(&[below]), (TrapKind::JumpOutsideText { target: TEXT - 4 }, 0));
    let past_the_end = encode(Op::Jal, 1, 0, 0, 8);
    assert_eq!(trap_of(&[0x13, past_the_end]), (TrapKind::JumpOutsideText { target: TEXT + 12 }, 4));
    let taken = encode(Op::Beq, 0, 0, 0, 16);
    assert_eq!(trap_of(&[taken]), (TrapKind::JumpOutsideText { target: TEXT + 16 }, 0));
    let to_zero = encode(Op::Jalr, 1, 0, 0, 0);
    assert_eq!(trap_of(&[to_zero]), (TrapKind::JumpOutsideText { target: 0 }, 0));
}

#[test]
fn jumps_into_data_trap_even_if_code_was_written_there() {
    let kind = trap_with(DATA, 0x13, encode(Op::Jalr, 0, T0, 0, 0));
    assert_eq!(kind, TrapKind::JumpOutsideText { target: DATA });
}

#[test]
fn the_end_of_the_address_space_is_no_way_into_the_text() {
    // TEXT - 4 - 2^32 and friends: the subtraction of the base must not wrap into range.
    for target in [0xffff_fffc, 0x8000_1000, 0x4000_1000, 0xc000_1000] {
        let kind = trap_with(target, 0, encode(Op::Jalr, 0, T0, 0, 0));
        assert_eq!(kind, TrapKind::JumpOutsideText { target });
    }
}

#[test]
fn misaligned_jumps_trap_at_the_jump() {
    let half = encode(Op::Jal, 0, 0, 0, 2);
    assert_eq!(trap_of(&[half, 0x13]), (TrapKind::JumpMisaligned { target: TEXT + 2 }, 0));
    let taken = encode(Op::Bgeu, 0, 0, 0, 6);
    assert_eq!(trap_of(&[taken, 0x13, 0x13]), (TrapKind::JumpMisaligned { target: TEXT + 6 }, 0));
    let kind = trap_with(TEXT + 3, 0, encode(Op::Jalr, 0, T0, 0, 0));
    assert_eq!(kind, TrapKind::JumpMisaligned { target: TEXT + 2 });
}

#[test]
fn a_misaligned_branch_that_is_not_taken_does_not_trap() {
    let not_taken = encode(Op::Bne, 0, 0, 0, 6);
    assert_eq!(trap_of(&[not_taken, 0]), (TrapKind::IllegalInstruction { word: 0 }, 4));
}

#[test]
fn a_jump_that_traps_does_not_write_its_link() {
    let program = program(&[encode(Op::Jal, 1, 0, 0, -8)]);
    let mut machine = Machine::new(&program, &[]);
    assert!(machine.run(&mut (), 10).is_err());
    assert_eq!((machine.state().registers[1], machine.state().cycle), (0, 0));
}

#[test]
fn misaligned_loads_trap() {
    for (op, address) in [
        (Op::Lw, DATA + 1),
        (Op::Lw, DATA + 2),
        (Op::Lw, DATA + 3),
        (Op::Lh, DATA + 1),
        (Op::Lh, DATA + 3),
        (Op::Lhu, DATA + 3),
    ] {
        assert_eq!(trap_with(address, 0, load(op)), TrapKind::LoadMisaligned { address }, "{op}");
    }
}

#[test]
fn loads_outside_of_memory_trap() {
    for op in [Op::Lb, Op::Lbu, Op::Lh, Op::Lhu, Op::Lw] {
        for address in [0x4000_0000, 0x8000_0000, 0xffff_fffc] {
            assert_eq!(trap_with(address, 0, load(op)), TrapKind::LoadOutside { address }, "{op}");
        }
    }
}

#[test]
fn the_sum_of_base_and_offset_wraps() {
    let mut asm = Assembler::new();
    asm.li(T0, 0xffff_fffc).i(Op::Lw, reg::S0, T0, 4).word(0);
    assert_eq!(trap_of(&asm.finish()).0, TrapKind::IllegalInstruction { word: 0 });
}

#[test]
fn misaligned_stores_trap() {
    for (op, address) in
        [(Op::Sw, DATA + 1), (Op::Sw, DATA + 2), (Op::Sw, DATA + 3), (Op::Sh, DATA + 1), (Op::Sh, DATA + 3)]
    {
        assert_eq!(trap_with(address, 0, store(op)), TrapKind::StoreMisaligned { address }, "{op}");
    }
}

#[test]
fn stores_outside_of_memory_trap() {
    for op in [Op::Sb, Op::Sh, Op::Sw] {
        for address in [0x4000_0000, 0x8000_0000, 0xffff_fffc] {
            assert_eq!(trap_with(address, 0, store(op)), TrapKind::StoreOutside { address }, "{op}");
        }
    }
}

#[test]
fn stores_to_the_image_trap_up_to_its_last_byte() {
    for (op, address) in
        [(Op::Sb, 0x00ff_ffff), (Op::Sh, 0x00ff_fffe), (Op::Sw, 0x00ff_fffc), (Op::Sw, 0), (Op::Sw, TEXT)]
    {
        assert_eq!(trap_with(address, 0, store(op)), TrapKind::StoreReadOnly { address }, "{op}");
    }
}

#[test]
fn the_first_and_the_last_writable_bytes_are_writable() {
    for (op, address) in [
        (Op::Sb, 0x0100_0000),
        (Op::Sw, 0x0100_0000),
        (Op::Sb, 0x3fff_ffff),
        (Op::Sh, 0x3fff_fffe),
        (Op::Sw, 0x3fff_fffc),
    ] {
        let mut asm = Assembler::new();
        asm.li(T0, address).li(T1, 1).word(store(op)).word(0);
        assert!(matches!(trap_of(&asm.finish()).0, TrapKind::IllegalInstruction { word: 0 }), "{op}");
    }
}

#[test]
fn a_trap_leaves_memory_and_registers_as_they_were() {
    let mut asm = Assembler::new();
    asm.li(T0, DATA).li(T1, 5).store(Op::Sw, T1, T0, 0).i(Op::Lw, T1, T0, 2);
    let program = program(&asm.finish());
    let mut machine = Machine::new(&program, &[]);
    assert!(machine.run(&mut (), 100).is_err());
    let state = machine.state();
    assert_eq!((state.registers[T1 as usize], state.memory.words(DATA, 1)), (5, Some(&[5][..])));
    // Trying again traps again: there is no way around.
    assert!(machine.run(&mut (), 100).is_err());
}

#[test]
fn the_text_has_gaps_where_no_segment_is_executable() {
    let nop = 0x13_u32.to_le_bytes();
    let segment = |address| LoadSegment { address, size: 4, bytes: &nop, executable: true };
    let data = LoadSegment { address: 0x1004, size: 4, bytes: &nop, executable: false };
    let program =
        Program::from_segments(&[segment(0x1008), data, segment(0x1000)], 0x1000, Symbols::default())
            .unwrap();
    let trap = Machine::new(&program, &[]).run(&mut (), 10).unwrap_err();
    assert_eq!((trap.kind, trap.pc), (TrapKind::OutsideText, 0x1004));
}

#[test]
fn unknown_calls_trap() {
    for number in [4, 15, 22, 0xffff_ffff] {
        let mut asm = Assembler::new();
        asm.li(reg::A7, number).word(ecall());
        assert_eq!(trap_of(&asm.finish()).0, TrapKind::UnknownCall { number });
    }
}

#[test]
fn the_cycle_limit_is_its_own_error_and_exact() {
    let mut asm = Assembler::new();
    let here = asm.here();
    asm.jump(0, here);
    let endless = program(&asm.finish());
    let options = Options { cycles_max: Some(1_000), ..Options::default() };
    assert_eq!(
        run(&endless, &[], options),
        Err(RunError::CycleLimit { limit: 1_000, pc: TEXT, function: None })
    );
    let mut asm = Assembler::new();
    asm.call(0, &[3]);
    let halts_after_three = program(&asm.finish());
    let limited =
        |limit| run(&halts_after_three, &[], Options { cycles_max: Some(limit), ..Options::default() });
    assert_eq!(limited(3).unwrap().exit.code, 3);
    assert!(matches!(limited(2), Err(RunError::CycleLimit { .. })));
    assert!(matches!(limited(0), Err(RunError::CycleLimit { .. })));
}

#[test]
fn a_halted_machine_stays_halted() {
    let mut asm = Assembler::new();
    asm.call(0, &[9]);
    let program = program(&asm.finish());
    let mut machine = Machine::new(&program, &[]);
    for _ in 0..2 {
        assert_eq!(machine.run_to_halt(&mut (), u64::MAX), Ok(9));
        assert_eq!(machine.state().cycle, 3);
    }
}

#[test]
fn messages_say_what_happened_and_where() {
    let mut asm = Assembler::new();
    asm.i(Op::Lui, T0, 0, 0x2000).store(Op::Sw, 0, T0, 4);
    let trap = Machine::new(&program(&asm.finish()), &[]).run(&mut (), 10).unwrap_err();
    assert_eq!(trap.to_string(), "store to read-only address 0x00002004 at pc 0x00001004");
    let named = ashlar_vm::Trap { function: Some("app::f".into()), ..trap };
    assert_eq!(
        RunError::from(named).to_string(),
        "store to read-only address 0x00002004 at pc 0x00001004 in function app::f"
    );
    let kind = TrapKind::CallOutside { call: Call::KeccakF, address: 0x3fff_fff0, bytes: 200 };
    assert_eq!(kind.to_string(), "200 bytes at 0x3ffffff0 reach outside of memory in call KECCAK_F");
}

//! Every instruction on ordinary values and at its corners. Expected values are from the RISC-V specification, by hand.

mod common;

use ashlar_vm::asm::{Assembler, encode, reg};
use ashlar_vm::{Instruction, Op};
use common::{DATA, TEXT, compute, compute_immediate, halting, registers, with_memory};

const MIN: u32 = 0x8000_0000;
const MAX: u32 = 0x7fff_ffff;
const NEG1: u32 = u32::MAX;

#[test]
fn addition_and_subtraction_wrap() {
    assert_eq!(compute(Op::Add, 2, 3), 5);
    assert_eq!(compute(Op::Add, NEG1, 1), 0);
    assert_eq!(compute(Op::Add, MAX, 1), MIN);
    assert_eq!(compute(Op::Sub, 2, 3), NEG1);
    assert_eq!(compute(Op::Sub, MIN, 1), MAX);
    assert_eq!(compute_immediate(Op::Addi, 5, -7), 0xffff_fffe);
    assert_eq!(compute_immediate(Op::Addi, 0, 2047), 2047);
    assert_eq!(compute_immediate(Op::Addi, 0, -2048), 0xffff_f800);
}

#[test]
fn bitwise_operations_act_on_every_bit() {
    let (a, b) = (0xff00_f0a5, 0x0ff0_3c5a);
    assert_eq!(compute(Op::Xor, a, b), 0xf0f0_ccff);
    assert_eq!(compute(Op::Or, a, b), 0xfff0_fcff);
    assert_eq!(compute(Op::And, a, b), 0x0f00_3000);
}

#[test]
fn bitwise_immediates_are_sign_extended() {
    assert_eq!(compute_immediate(Op::Xori, 0x1234_5678, -1), 0xedcb_a987);
    assert_eq!(compute_immediate(Op::Ori, 0x1234_5678, -2048), 0xffff_fe78);
    assert_eq!(compute_immediate(Op::Andi, 0x1234_5678, -16), 0x1234_5670);
    assert_eq!(compute_immediate(Op::Andi, 0x1234_5678, 0x7ff), 0x678);
}

#[test]
fn shifts_take_the_count_modulo_32() {
    assert_eq!(compute(Op::Sll, 1, 31), MIN);
    assert_eq!(compute(Op::Sll, 1, 32), 1);
    assert_eq!(compute(Op::Sll, 1, 0xffff_ffe1), 2);
    assert_eq!(compute(Op::Srl, MIN, 31), 1);
    assert_eq!(compute(Op::Srl, MIN, 32), MIN);
    assert_eq!(compute(Op::Sra, MIN, 31), NEG1);
    assert_eq!(compute(Op::Sra, MIN, 63), NEG1);
    assert_eq!(compute(Op::Sra, MAX, 30), 1);
}

#[test]
fn immediate_shifts_reach_0_and_31() {
    assert_eq!(compute_immediate(Op::Slli, 3, 0), 3);
    assert_eq!(compute_immediate(Op::Slli, 3, 31), MIN);
    assert_eq!(compute_immediate(Op::Srli, NEG1, 31), 1);
    assert_eq!(compute_immediate(Op::Srai, MIN, 31), NEG1);
    assert_eq!(compute_immediate(Op::Srai, MIN, 4), 0xf800_0000);
}

#[test]
fn comparisons_are_signed_or_unsigned_by_name() {
    assert_eq!(compute(Op::Slt, NEG1, 0), 1);
    assert_eq!(compute(Op::Slt, 0, NEG1), 0);
    assert_eq!(compute(Op::Slt, MIN, MAX), 1);
    assert_eq!(compute(Op::Slt, 5, 5), 0);
    assert_eq!(compute(Op::Sltu, NEG1, 0), 0);
    assert_eq!(compute(Op::Sltu, 0, NEG1), 1);
    assert_eq!(compute(Op::Sltu, 5, 5), 0);
    assert_eq!(compute_immediate(Op::Slti, 0xffff_fff0, -15), 1);
    assert_eq!(compute_immediate(Op::Slti, 3, -1), 0);
}

#[test]
fn sltiu_extends_the_sign_and_then_compares_unsigned() {
    assert_eq!(compute_immediate(Op::Sltiu, 5, -1), 1);
    assert_eq!(compute_immediate(Op::Sltiu, NEG1, -1), 0);
    assert_eq!(compute_immediate(Op::Sltiu, 0, 1), 1); // SEQZ
    assert_eq!(compute_immediate(Op::Sltiu, 1, 1), 0);
}

#[test]
fn high_products_have_the_signs_of_their_operands() {
    assert_eq!(compute(Op::Mul, 0xffff_fffd, 7), 0xffff_ffeb);
    assert_eq!(compute(Op::Mul, 0x1_0001, 0x1_0001), 0x0002_0001);
    assert_eq!(compute(Op::Mulh, NEG1, NEG1), 0);
    assert_eq!(compute(Op::Mulh, NEG1, 1), NEG1);
    assert_eq!(compute(Op::Mulh, MIN, MIN), 0x4000_0000);
    assert_eq!(compute(Op::Mulh, MIN, MAX), 0xc000_0000);
    assert_eq!(compute(Op::Mulhu, NEG1, NEG1), 0xffff_fffe);
    assert_eq!(compute(Op::Mulhu, MIN, MIN), 0x4000_0000);
    assert_eq!(compute(Op::Mulhu, MIN, 2), 1);
}

#[test]
fn mulhsu_takes_only_its_first_operand_as_signed() {
    assert_eq!(compute(Op::Mulhsu, NEG1, NEG1), NEG1);
    assert_eq!(compute(Op::Mulhsu, NEG1, 1), NEG1);
    assert_eq!(compute(Op::Mulhsu, 1, NEG1), 0);
    assert_eq!(compute(Op::Mulhsu, MIN, MIN), 0xc000_0000);
    assert_eq!(compute(Op::Mulhsu, MAX, NEG1), 0x7fff_fffe);
    assert_eq!(compute(Op::Mulhsu, MIN, 0), 0);
}

#[test]
fn division_rounds_to_zero_and_the_remainder_has_the_dividends_sign() {
    let neg = |n: i32| n as u32;
    for (a, b, quotient, remainder) in [(20, 6, 3, 2), (-20, 6, -3, -2), (20, -6, -3, 2), (-20, -6, 3, -2)] {
        assert_eq!(compute(Op::Div, neg(a), neg(b)), neg(quotient));
        assert_eq!(compute(Op::Rem, neg(a), neg(b)), neg(remainder));
    }
    assert_eq!(compute(Op::Divu, neg(-20), 6), 715_827_879);
    assert_eq!(compute(Op::Remu, neg(-20), 6), 2);
    assert_eq!(compute(Op::Divu, MIN, NEG1), 0);
    assert_eq!(compute(Op::Remu, MIN, NEG1), MIN);
}

#[test]
fn division_by_zero_gives_all_ones_and_the_dividend() {
    for a in [0, 1, MAX, MIN, NEG1] {
        assert_eq!(compute(Op::Div, a, 0), NEG1);
        assert_eq!(compute(Op::Divu, a, 0), NEG1);
        assert_eq!(compute(Op::Rem, a, 0), a);
        assert_eq!(compute(Op::Remu, a, 0), a);
    }
}

#[test]
fn the_one_signed_overflow_of_division_wraps() {
    assert_eq!(compute(Op::Div, MIN, NEG1), MIN);
    assert_eq!(compute(Op::Rem, MIN, NEG1), 0);
}

#[test]
fn upper_immediates_are_absolute_or_relative_to_pc() {
    let mut asm = Assembler::new();
    asm.i(Op::Lui, reg::T0, 0, 0x8765_4000_u32 as i32).i(Op::Auipc, reg::T1, 0, 0x1_0000);
    asm.i(Op::Auipc, reg::T2, 0, 0xffff_f000_u32 as i32);
    let x = registers(&halting(asm));
    assert_eq!(x[reg::T0 as usize], 0x8765_4000);
    assert_eq!(x[reg::T1 as usize], TEXT + 4 + 0x1_0000);
    assert_eq!(x[reg::T2 as usize], TEXT + 8 - 0x1000);
}

#[test]
fn loads_extend_as_their_names_say() {
    let program = with_memory(DATA, &[0x8180_7f01, 0x0102_0304], |asm| {
        asm.li(reg::T0, DATA);
        for (rd, op, offset) in [
            (18, Op::Lb, 0),
            (19, Op::Lb, 1),
            (20, Op::Lb, 2),
            (21, Op::Lbu, 3),
            (22, Op::Lh, 0),
            (23, Op::Lh, 2),
            (24, Op::Lhu, 2),
            (25, Op::Lw, 0),
            (26, Op::Lbu, 4),
            (27, Op::Lh, 6),
        ] {
            asm.i(op, rd, reg::T0, offset);
        }
    });
    let x = registers(&program);
    assert_eq!(x[18..22], [0x01, 0x7f, 0xffff_ff80, 0x81]);
    assert_eq!(x[22..26], [0x7f01, 0xffff_8180, 0x8180, 0x8180_7f01]);
    assert_eq!(x[26..28], [0x04, 0x0102]);
}

#[test]
fn sub_word_stores_leave_the_rest_of_the_word() {
    let program = with_memory(DATA, &[0x1111_1111; 3], |asm| {
        asm.li(reg::T0, DATA).li(reg::T1, 0xaabb_ccdd);
        asm.store(Op::Sb, reg::T1, reg::T0, 0).store(Op::Sb, reg::T1, reg::T0, 3);
        asm.store(Op::Sh, reg::T1, reg::T0, 4).store(Op::Sh, reg::T1, reg::T0, 10);
        asm.i(Op::Lw, 18, reg::T0, 0).i(Op::Lw, 19, reg::T0, 4).i(Op::Lw, 20, reg::T0, 8);
    });
    assert_eq!(registers(&program)[18..21], [0xdd11_11dd, 0x1111_ccdd, 0xccdd_1111]);
}

#[test]
fn negative_offsets_reach_below_the_base() {
    let program = with_memory(DATA, &[7, 8], |asm| {
        asm.li(reg::T0, DATA + 2048).i(Op::Lw, 18, reg::T0, -2048).i(Op::Lw, 19, reg::T0, -2044);
        asm.store(Op::Sw, reg::T0, reg::T0, -2048).i(Op::Lw, 20, reg::T0, -2048);
    });
    assert_eq!(registers(&program)[18..21], [7, 8, DATA + 2048]);
}

#[test]
fn memory_is_zero_where_nothing_was_written() {
    let mut asm = Assembler::new();
    asm.li(reg::T0, 0x3fff_fffc).i(Op::Lw, 18, reg::T0, 0).store(Op::Sw, reg::T0, reg::T0, 0).i(
        Op::Lw,
        19,
        reg::T0,
        0,
    );
    assert_eq!(registers(&halting(asm))[18..20], [0, 0x3fff_fffc]);
}

/// Whether a branch is taken on these values.
fn is_taken(op: Op, a: u32, b: u32) -> bool {
    let mut asm = Assembler::new();
    let target = asm.label();
    asm.li(reg::T0, a).li(reg::T1, b).branch(op, reg::T0, reg::T1, target).li(reg::S0, 1);
    asm.bind(target);
    registers(&halting(asm))[reg::S0 as usize] == 0
}

#[test]
fn branches_compare_as_their_names_say() {
    for (a, b, order_signed, order_unsigned) in [
        (5, 5, 0, 0),
        (NEG1, 1, -1, 1),
        (1, NEG1, 1, -1),
        (MIN, MAX, -1, 1),
        (0, 1, -1, -1),
        (NEG1, NEG1, 0, 0),
    ] {
        assert_eq!(is_taken(Op::Beq, a, b), order_signed == 0);
        assert_eq!(is_taken(Op::Bne, a, b), order_signed != 0);
        assert_eq!(is_taken(Op::Blt, a, b), order_signed < 0);
        assert_eq!(is_taken(Op::Bge, a, b), order_signed >= 0);
        assert_eq!(is_taken(Op::Bltu, a, b), order_unsigned < 0);
        assert_eq!(is_taken(Op::Bgeu, a, b), order_unsigned >= 0);
    }
}

#[test]
fn a_backward_branch_loops() {
    let mut asm = Assembler::new();
    asm.li(reg::T0, 10);
    let next = asm.here();
    asm.r(Op::Add, reg::S0, reg::S0, reg::T0).i(Op::Addi, reg::T0, reg::T0, -1);
    asm.branch(Op::Bne, reg::T0, 0, next);
    assert_eq!(registers(&halting(asm))[reg::S0 as usize], 55);
}

#[test]
fn jumps_link_to_the_next_instruction() {
    let mut asm = Assembler::new();
    let (function, end) = (asm.label(), asm.label());
    asm.jump(reg::RA, function).jump(0, end);
    asm.bind(function).r(Op::Add, reg::S0, reg::RA, 0).i(Op::Jalr, reg::S1, reg::RA, 0);
    asm.bind(end);
    let x = registers(&halting(asm));
    assert_eq!(x[reg::RA as usize], TEXT + 4);
    assert_eq!(x[reg::S0 as usize], TEXT + 4);
    assert_eq!(x[reg::S1 as usize], TEXT + 16);
}

#[test]
fn jalr_clears_bit_0_of_the_sum() {
    for (base, offset) in [(TEXT + 17, 0), (TEXT + 16, 1), (TEXT + 15, 2), (TEXT + 2063, -2046)] {
        let mut asm = Assembler::new();
        asm.li(reg::T0, base);
        asm.i(Op::Jalr, reg::RA, reg::T0, offset).i(Op::Addi, reg::S0, 0, 1);
        assert_eq!(registers(&halting(asm))[reg::S0 as usize], 0, "skipped");
    }
}

#[test]
fn jalr_reads_its_base_before_it_writes_the_link() {
    let mut asm = Assembler::new();
    asm.i(Op::Auipc, reg::T0, 0, 0).i(Op::Jalr, reg::T0, reg::T0, 12).i(Op::Addi, reg::S0, 0, 1);
    let x = registers(&halting(asm));
    assert_eq!((x[reg::T0 as usize], x[reg::S0 as usize]), (TEXT + 8, 0));
}

#[test]
fn x0_stays_zero_whatever_writes_to_it() {
    let program = with_memory(DATA, &[0xffff_ffff], |asm| {
        asm.li(reg::T0, DATA).li(reg::T1, 3);
        for op in [Op::Add, Op::Sub, Op::Or, Op::Mul, Op::Mulhu, Op::Divu, Op::Sll, Op::Sltu] {
            asm.r(op, 0, reg::T0, reg::T1);
        }
        for op in [Op::Addi, Op::Xori, Op::Slti, Op::Slli, Op::Lw, Op::Lb, Op::Lhu, Op::Lui, Op::Auipc] {
            asm.i(op, 0, reg::T0, 0);
        }
        let next = asm.label();
        asm.jump(0, next);
        asm.bind(next).i(Op::Auipc, reg::T2, 0, 0).i(Op::Jalr, 0, reg::T2, 8);
        asm.r(Op::Add, 18, 0, 0).store(Op::Sw, 0, reg::T0, 0).i(Op::Lw, 19, reg::T0, 0);
    });
    let x = registers(&program);
    assert_eq!((x[0], x[18], x[19]), (0, 0, 0));
}

#[test]
fn an_instruction_may_use_one_register_three_times() {
    for (op, a, expected) in [
        (Op::Add, 21, 42),
        (Op::Sub, 21, 0),
        (Op::Mul, 0x1_0000, 0),
        (Op::Mulhu, NEG1, 0xffff_fffe),
        (Op::Div, MIN, 1),
        (Op::Rem, 7, 0),
        (Op::Sll, 33, 66),
        (Op::Xor, 5, 0),
        (Op::Slt, MIN, 0),
    ] {
        let mut asm = Assembler::new();
        asm.li(reg::T0, a).r(op, reg::T0, reg::T0, reg::T0);
        assert_eq!(registers(&halting(asm))[reg::T0 as usize], expected, "{op}");
    }
}

#[test]
fn a_load_may_replace_its_base() {
    let program = with_memory(DATA, &[77], |asm| {
        asm.li(reg::T0, DATA).i(Op::Lw, reg::T0, reg::T0, 0);
    });
    assert_eq!(registers(&program)[reg::T0 as usize], 77);
}

#[test]
fn registers_start_at_zero_but_for_the_stack_pointer() {
    let mut expected = [0; 32];
    expected[2] = 0x0200_0000;
    let machine_program = halting(Assembler::new());
    assert_eq!(registers(&machine_program), expected);
}

#[test]
fn the_instruction_words_of_the_specification_decode() {
    // Words as printed by GNU objdump for the assembly beside them.
    for (word, op, rd, rs1, rs2, immediate) in [
        (0x0000_0013, Op::Addi, 0, 0, 0, 0),                    // nop
        (0xff01_0113, Op::Addi, 2, 2, 0, 0xffff_fff0),          // addi sp,sp,-16
        (0x0011_2623, Op::Sw, 0, 2, 1, 12),                     // sw ra,12(sp)
        (0x00c1_2083, Op::Lw, 1, 2, 0, 12),                     // lw ra,12(sp)
        (0x0000_8067, Op::Jalr, 0, 1, 0, 0),                    // ret
        (0x1234_5537, Op::Lui, 10, 0, 0, 0x1234_5000),          // lui a0,0x12345
        (0x40b5_0533, Op::Sub, 10, 10, 11, 0),                  // sub a0,a0,a1
        (0x02b5_5533, Op::Divu, 10, 10, 11, 0),                 // divu a0,a0,a1
        (0x41f5_5513, Op::Srai, 10, 10, 0, 31),                 // srai a0,a0,31
        (0xfe05_1ee3, Op::Bne, 0, 10, 0, TEXT.wrapping_sub(4)), // bnez a0,-4
        (0xffdf_f06f, Op::Jal, 0, 0, 0, TEXT.wrapping_sub(4)),  // j -4
        (0x0ff0_000f, Op::Fence, 0, 0, 0, 0),                   // fence
        (0x0000_0073, Op::Ecall, 0, 0, 0, 0),                   // ecall
    ] {
        let i = Instruction::decode(word, TEXT);
        let fields = (i.op(), i.rd(), i.rs1(), i.rs2(), i.immediate());
        assert_eq!(fields, (op, rd, rs1, rs2, immediate), "{word:#010x}");
    }
}

#[test]
fn a_fence_does_nothing_whatever_it_orders() {
    let mut asm = Assembler::new();
    // fence, fence.tso, pause, and one with its reserved register fields set.
    for word in [0x0ff0_000f, 0x8330_000f, 0x0100_000f, 0x0000_0f8f | 5 << 15] {
        asm.word(word);
    }
    let x = registers(&halting(asm));
    assert_eq!(x[31], 0);
    assert_eq!(encode(Op::Fence, 0, 0, 0, 0) & 0x7f, 0x0f);
}

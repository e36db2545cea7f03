//! Programs that together use every instruction and every call.

use ashlar_abi::call;
use ashlar_vm::asm::{Assembler, encode, reg};
use ashlar_vm::{Op, Program};

/// Where programs lie.
pub(crate) const TEXT: u32 = 0x1000;
/// First address that programs write.
pub(crate) const DATA: u32 = 0x0200_0000;

/// The program with `HALT(0)` at its end.
pub(crate) fn halting(mut asm: Assembler) -> Program {
    asm.call(call::HALT, &[0]);
    Program::from_words(TEXT, &asm.finish()).expect("a program")
}

/// Words that look random.
pub(crate) fn words(seed: u32) -> impl Iterator<Item = u32> {
    core::iter::successors(Some(seed | 1), |x| {
        let x = x ^ (x << 13);
        let x = x ^ (x >> 17);
        Some(x ^ (x << 5))
    })
    .skip(3)
}

const REGISTER_OPS: [Op; 18] = [
    Op::Add,
    Op::Sub,
    Op::Sll,
    Op::Slt,
    Op::Sltu,
    Op::Xor,
    Op::Srl,
    Op::Sra,
    Op::Or,
    Op::And,
    Op::Mul,
    Op::Mulh,
    Op::Mulhsu,
    Op::Mulhu,
    Op::Div,
    Op::Divu,
    Op::Rem,
    Op::Remu,
];
const CONSTANT_OPS: [Op; 9] =
    [Op::Addi, Op::Slti, Op::Sltiu, Op::Xori, Op::Ori, Op::Andi, Op::Slli, Op::Srli, Op::Srai];

/// Every operation of two registers and of a register and a constant, on random operands, also with rd = rs1 = rs2 and
/// rd = x0.
pub(crate) fn arithmetic(seed: u32) -> Program {
    let mut asm = Assembler::new();
    let mut random = words(seed);
    let mut next = || random.next().unwrap_or_default();
    let edges = [0, 1, 0x8000_0000, u32::MAX, 0x7fff_ffff];
    for op in REGISTER_OPS {
        let pick = |word: u32| if word.is_multiple_of(3) { edges[word as usize % 5] } else { word };
        asm.li(reg::T0, pick(next())).li(reg::T1, pick(next()));
        asm.r(op, reg::S0, reg::T0, reg::T1).r(op, reg::T0, reg::T0, reg::T0).r(op, 0, reg::T0, reg::T1);
    }
    for op in CONSTANT_OPS {
        asm.li(reg::T0, next());
        asm.i(op, reg::S1, reg::T0, (next() & 0xfff) as i32).i(op, 0, 0, 5);
    }
    asm.word(encode(Op::Lui, reg::T2, 0, 0, 0x7654_3000)).word(encode(Op::Auipc, reg::T2, 0, 0, 0x1000));
    asm.word(encode(Op::Fence, 0, 0, 0, 0));
    halting(asm)
}

/// Loads and stores of every size at every offset; a word that is read, written and read again.
pub(crate) fn memory(seed: u32) -> Program {
    let mut asm = Assembler::new();
    let mut random = words(seed);
    asm.li(reg::S0, DATA);
    for i in 0..4 {
        asm.li(reg::T0, random.next().unwrap_or_default()).store(Op::Sw, reg::T0, reg::S0, 4 * i);
    }
    for offset in 0..4 {
        asm.i(Op::Lb, reg::T1, reg::S0, offset).i(Op::Lbu, reg::T2, reg::S0, 4 + offset);
        asm.store(Op::Sb, reg::T0, reg::S0, 8 + offset);
    }
    for offset in [0, 2] {
        asm.i(Op::Lh, reg::T1, reg::S0, offset).i(Op::Lhu, reg::T2, reg::S0, 4 + offset);
        asm.store(Op::Sh, reg::T0, reg::S0, 12 + offset);
    }
    // Its own text, far pages, a load to x0.
    asm.li(reg::S1, TEXT).i(Op::Lw, reg::T1, reg::S1, 0).i(Op::Lw, 0, reg::S1, 4);
    asm.li(reg::S1, 0x3fff_ffc0).store(Op::Sw, reg::T0, reg::S1, 0x3c).i(Op::Lw, reg::T1, reg::S1, 0x38);
    halting(asm)
}

/// A loop with all branches taken and not taken, `jal` and `jalr`.
pub(crate) fn branches() -> Program {
    let mut asm = Assembler::new();
    asm.li(reg::T0, 3).li(reg::T1, -2_i32 as u32);
    let top = asm.here();
    for op in [Op::Beq, Op::Bne, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu] {
        for (a, b) in [(reg::T0, reg::T1), (reg::T1, reg::T0), (reg::T0, reg::T0)] {
            let over = asm.label();
            asm.branch(op, a, b, over).i(Op::Addi, reg::S0, reg::S0, 1).bind(over);
        }
    }
    let function = asm.label();
    let after = asm.label();
    asm.jump(reg::RA, function).i(Op::Addi, reg::S1, reg::S1, 1);
    asm.jump(0, after);
    asm.bind(function);
    // Odd target: the lowest bit is dropped.
    asm.i(Op::Jalr, reg::T2, reg::RA, 1);
    asm.bind(after);
    asm.i(Op::Addi, reg::T0, reg::T0, -1).branch(Op::Bne, reg::T0, 0, top);
    halting(asm)
}

/// Every call, accelerators on operands that overlap their results too.
pub(crate) fn calls(seed: u32) -> (Program, Vec<u32>) {
    let mut asm = Assembler::new();
    let hints: Vec<u32> = words(seed).take(600).collect();
    let [a, b, m, r, state] = [0, 64, 128, 192, 256].map(|offset| DATA + offset);
    asm.call(call::HINT, &[DATA, 200])
        .call(call::HINT, &[DATA + 0x1004, 7])
        .call(call::HINT, &[DATA + 0x2000, 1]);
    asm.call(call::KECCAK_F, &[state]).call(call::KECCAK_F, &[state]);
    asm.call(call::MODMUL256, &[r, a, b, m])
        .call(call::MODMUL256, &[a, a, a, m])
        .call(call::MODMUL384, &[r, a, b, m]);
    asm.call(call::LOG, &[state, 5]).call(call::COMMIT, &[r]).call(call::COMMIT, &[a]);
    poseidon2_state(&mut asm, state);
    asm.call(call::POSEIDON2, &[state]);
    generator(&mut asm, a);
    generator(&mut asm, b);
    asm.call(call::SECP256K1_DOUBLE, &[a])
        .call(call::SECP256K1_ADD, &[a, b])
        .call(call::SECP256K1_ADD, &[a, b]);
    (halting(asm), hints)
}

/// 16 words below p.
fn poseidon2_state(asm: &mut Assembler, address: u32) {
    asm.li(reg::S0, address);
    for i in 0..16 {
        let word = if i == 3 { 0x7f00_0000 } else { i * 0x0765_4321 };
        asm.li(reg::T0, word).store(Op::Sw, reg::T0, reg::S0, 4 * i as i32);
    }
}

/// The generator of secp256k1 (SEC 2), x then y.
fn generator(asm: &mut Assembler, address: u32) {
    const WORDS: [u32; 16] = [
        0x16f8_1798,
        0x59f2_815b,
        0x2dce_28d9,
        0x029b_fcdb,
        0xce87_0b07,
        0x55a0_6295,
        0xf9dc_bbac,
        0x79be_667e,
        0xfb10_d4b8,
        0x9c47_d08f,
        0xa685_5419,
        0xfd17_b448,
        0x0e11_08a8,
        0x5da4_fbfc,
        0x26a3_c465,
        0x483a_da77,
    ];
    asm.li(reg::S0, address);
    for (i, word) in (0..).zip(WORDS) {
        asm.li(reg::T0, word).store(Op::Sw, reg::T0, reg::S0, 4 * i);
    }
}

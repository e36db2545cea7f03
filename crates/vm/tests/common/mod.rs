//! What several test files need.
#![allow(dead_code, missing_docs, unreachable_pub)] // Each test file uses a part of it.

use ashlar_vm::asm::{Assembler, encode, reg};
use ashlar_vm::{Machine, Op, Program, Status, TrapKind};

/// Where test programs lie.
pub const TEXT: u32 = 0x1000;
/// First address that they may write, and a convenient one.
pub const DATA: u32 = 0x0200_0000;

/// The program of these words.
pub fn program(words: &[u32]) -> Program {
    Program::from_words(TEXT, words).expect("a program")
}

/// The program that an assembler holds, with `HALT(0)` at the end.
pub fn halting(mut asm: Assembler) -> Program {
    asm.call(0, &[0]);
    program(&asm.finish())
}

/// x0 to x31 after the program has halted.
pub fn registers(program: &Program) -> [u32; 32] {
    let mut machine = Machine::new(program, &[]);
    let status = machine.run(&mut (), 1 << 20).expect("no trap");
    assert!(matches!(status, Status::Halted { .. }), "{status:?}");
    *machine.state().registers
}

/// Result of one register-register instruction on these values.
pub fn compute(op: Op, a: u32, b: u32) -> u32 {
    let mut asm = Assembler::new();
    asm.li(reg::T0, a).li(reg::T1, b).r(op, reg::S0, reg::T0, reg::T1);
    registers(&halting(asm))[reg::S0 as usize]
}

/// Result of one register-immediate instruction.
pub fn compute_immediate(op: Op, a: u32, immediate: i32) -> u32 {
    let mut asm = Assembler::new();
    asm.li(reg::T0, a).i(op, reg::S0, reg::T0, immediate);
    registers(&halting(asm))[reg::S0 as usize]
}

/// The trap that ends these words, with the address where it happens relative to the first word.
pub fn trap_of(words: &[u32]) -> (TrapKind, u32) {
    let program = program(words);
    let trap = Machine::new(&program, &[]).run(&mut (), 1 << 20).expect_err("a trap");
    (trap.kind, trap.pc.wrapping_sub(TEXT))
}

/// The trap of the one instruction after registers t0 and t1 are set.
pub fn trap_with(t0: u32, t1: u32, word: u32) -> TrapKind {
    let mut asm = Assembler::new();
    asm.li(reg::T0, t0).li(reg::T1, t1).word(word);
    asm.call(0, &[0]);
    trap_of(&asm.finish()).0
}

/// An `ecall`.
pub const fn ecall() -> u32 {
    encode(Op::Ecall, 0, 0, 0, 0)
}

/// A program that stores words at an address and then does what `then` adds.
pub fn with_memory(address: u32, words: &[u32], then: impl FnOnce(&mut Assembler)) -> Program {
    let mut asm = Assembler::new();
    store_words(&mut asm, address, words);
    then(&mut asm);
    halting(asm)
}

/// Adds the stores of words to an address.
pub fn store_words(asm: &mut Assembler, address: u32, words: &[u32]) {
    for (i, word) in words.iter().enumerate() {
        asm.li(reg::T0, address + 4 * i as u32).li(reg::T1, *word).store(Op::Sw, reg::T1, reg::T0, 0);
    }
}

/// A xorshift generator: a seed decides the test.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        ((u64::from(self.word()) * u64::from(limit)) >> 32) as u32
    }

    /// Mostly the values at which arithmetic goes wrong.
    pub fn operand(&mut self) -> u32 {
        const EDGES: [u32; 14] = [
            0,
            1,
            2,
            31,
            32,
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0x8000,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_fffe,
            u32::MAX,
        ];
        match self.below(4) {
            0 => self.word(),
            1 => self.word() >> self.below(32),
            _ => EDGES[self.below(EDGES.len() as u32) as usize],
        }
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }
}

/// A program with a bit of everything: arithmetic, memory in many pages, branches and several calls, over `rounds`.
pub fn busy_program(rounds: u32) -> Program {
    let mut asm = Assembler::new();
    asm.li(reg::S0, rounds).li(reg::S1, DATA);
    let next = asm.here();
    asm.li(reg::T2, 0x9e37_79b9).r(Op::Mul, reg::T1, reg::S0, reg::T2).i(Op::Srli, reg::T1, reg::T1, 12);
    asm.i(Op::Andi, reg::T1, reg::T1, -4).r(Op::Add, reg::T1, reg::T1, reg::S1);
    asm.i(Op::Lw, reg::T0, reg::T1, 0).r(Op::Xor, reg::T0, reg::T0, reg::S0).store(
        Op::Sw,
        reg::T0,
        reg::T1,
        64,
    );
    asm.store(Op::Sb, reg::T0, reg::T1, 129).i(Op::Lhu, reg::T0, reg::T1, 2).r(
        Op::Remu,
        reg::T0,
        reg::T2,
        reg::S0,
    );
    asm.call(16, &[DATA + 256]).call(1, &[DATA + 1024, 9]).call(2, &[DATA + 1024]).call(17, &[DATA + 2048]);
    asm.call(18, &[DATA + 1024, DATA + 256, DATA + 1024, DATA + 512]);
    asm.i(Op::Addi, reg::S0, reg::S0, -1).branch(Op::Bne, reg::S0, 0, next);
    halting(asm)
}

/// The hints that [`busy_program`] wants.
pub fn busy_hints(rounds: u32) -> Vec<u32> {
    let mut random = Random::new(7);
    (0..9 * rounds).map(|_| random.word()).collect()
}

//! How fast the executor is, and on what machine.

mod host;

pub use host::Host;

use std::time::{Duration, Instant};

use ashlar_abi::call;

use crate::asm::{Assembler, reg};
use crate::{Machine, Observer, Op, Program, RunError};

/// A measured run.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Instructions executed.
    pub cycles: u64,
    /// Time for them, loading not included.
    pub time: Duration,
}

impl Speed {
    /// Instructions per second.
    pub fn per_second(&self) -> f64 {
        self.cycles as f64 / self.time.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Runs the program to its `HALT` under this observer and measures it.
pub fn measure<O: Observer>(program: &Program, hints: &[u32], observer: &mut O) -> Result<Speed, RunError> {
    let mut machine = Machine::new(program, hints);
    let start = Instant::now();
    machine.run_to_halt(observer, u64::MAX)?;
    Ok(Speed { cycles: machine.state().cycle, time: start.elapsed() })
}

/// A loop of 32 instructions in the mix of compiled code: arithmetic, shifts, loads and stores of words and bytes
/// over 64 KiB, a data-dependent branch, a call and a return.
pub fn mixed_program(iterations: u32) -> Vec<u32> {
    use reg::{A0, A1, A2, A3, RA, S0, S1, SP, T0, T1, T2, ZERO};
    let mut asm = Assembler::new();
    let (function, skip, start) = (asm.label(), asm.label(), asm.label());
    asm.jump(ZERO, start);

    asm.bind(function);
    asm.i(Op::Addi, SP, SP, -16).store(Op::Sw, RA, SP, 12).store(Op::Sw, S0, SP, 8);
    asm.r(Op::Mulhu, A0, A1, A2).r(Op::Xor, A0, A0, A1).r(Op::Add, A1, A1, A0);
    asm.i(Op::Lw, S0, SP, 8).i(Op::Lw, RA, SP, 12).i(Op::Addi, SP, SP, 16);
    asm.i(Op::Jalr, ZERO, RA, 0);

    asm.bind(start);
    asm.li(S0, 0x0200_0000).li(S1, iterations).li(A1, 0x1234_5677).li(A2, 0x9e37_79b9).li(T2, 0xfffc);
    let next = asm.here();
    asm.r(Op::Mul, A1, A1, A2).i(Op::Srli, T0, A1, 13).r(Op::Xor, A1, A1, T0);
    asm.i(Op::Srli, T0, A1, 16).r(Op::And, T0, T0, T2).r(Op::Add, T0, T0, S0);
    asm.i(Op::Lw, T1, T0, 0).r(Op::Add, T1, T1, A1).store(Op::Sw, T1, T0, 0);
    asm.i(Op::Lbu, A3, T0, 1).i(Op::Slli, A3, A3, 3).r(Op::Or, A3, A3, T1).store(Op::Sb, A3, T0, 2);
    asm.i(Op::Andi, T1, T1, 64).branch(Op::Beq, T1, ZERO, skip);
    asm.r(Op::Sub, A3, A3, A1).r(Op::Sltu, T1, A3, A1);
    asm.bind(skip);
    asm.jump(RA, function);
    asm.r(Op::Add, A3, A3, A0).i(Op::Xori, A3, A3, 0x55);
    asm.i(Op::Addi, S1, S1, -1).branch(Op::Bne, S1, ZERO, next);
    asm.call(call::HALT, &[0]);
    asm.finish()
}

//! What an onlooker sees of a run.

use crate::{Call, Instruction, Memory, Op};

/// Watches a run. The executor is compiled once per observer, so what an observer ignores costs nothing.
///
/// Both functions are called when it is certain that the instruction does not trap, and before it changes anything.
pub trait Observer {
    /// Any instruction but `ecall`.
    #[inline(always)]
    fn instruction(&mut self, _state: &State<'_>, _step: &Step) {}

    /// An `ecall`, `HALT` included.
    #[inline(always)]
    fn call(&mut self, _state: &State<'_>, _step: &CallStep<'_>) {}
}

/// Sees nothing: the plain run.
impl Observer for () {}

/// Two observers of the same run, the first one first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline(always)]
    fn instruction(&mut self, state: &State<'_>, step: &Step) {
        self.0.instruction(state, step);
        self.1.instruction(state, step);
    }

    #[inline(always)]
    fn call(&mut self, state: &State<'_>, step: &CallStep<'_>) {
        self.0.call(state, step);
        self.1.call(state, step);
    }
}

/// The machine before an instruction.
#[derive(Clone, Copy)]
pub struct State<'a> {
    /// Cycles completed; the number of this instruction, from 0.
    pub cycle: u64,
    /// Address of this instruction.
    pub pc: u32,
    /// x0 to x31.
    pub registers: &'a [u32; 32],
    /// All of the memory.
    pub memory: &'a Memory,
    /// Hint words consumed.
    pub hint_position: usize,
    /// Digest of the output so far, canonical.
    pub digest: &'a [u32; 8],
}

/// One instruction: its operands and its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The operation: a constant in each arm of the executor, where `instruction.op()` is not.
    pub op: Op,
    /// The decoded instruction.
    pub instruction: Instruction,
    /// Value of rs1; 0 if it has none.
    pub a: u32,
    /// Value of rs2; the immediate if it has none and takes one; 0 otherwise.
    pub b: u32,
    /// Value for rd, also if that is `x0`; for branches 1 if taken; 0 if it has none.
    pub result: u32,
    /// Address of the next instruction.
    pub next_pc: u32,
    /// What it does to memory.
    pub access: Access,
}

/// The effect of one instruction on memory, by whole words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Neither a load nor a store.
    None,
    /// A load.
    Load {
        /// Byte address as computed, not rounded down to a word.
        address: u32,
        /// The word that holds it.
        word: u32,
    },
    /// A store.
    Store {
        /// Byte address as computed, not rounded down to a word.
        address: u32,
        /// The word that holds it, before.
        old: u32,
        /// The word that holds it, after.
        new: u32,
    },
}

/// A range of memory, 4-aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Byte address.
    pub address: u32,
    /// Words, at least 1.
    pub words: u32,
}

/// One call: its operands and its effect. The words read, and those about to be overwritten, are in the memory of
/// [`State`].
#[derive(Clone, Copy, Debug)]
pub struct CallStep<'a> {
    /// Which call.
    pub call: Call,
    /// a0 to a3, used or not.
    pub arguments: [u32; 4],
    /// What it reads, in the order of its arguments. Empty for `LOG`, which has no effect on the machine's state.
    pub reads: &'a [Region],
    /// What it writes, if anything.
    pub write: Option<Region>,
    /// The words for `write`.
    pub written: &'a [u32],
}

//! Why a run ended without a result.

use core::fmt;

use thiserror::Error;

use crate::Call;

/// A run that did not reach `HALT`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    /// The guest did what the machine forbids. Such a run has no proof.
    #[error(transparent)]
    Trapped(#[from] Trap),
    /// The run was longer than the host allows.
    #[error("cycle limit of {limit} reached at pc {pc:#010x}{}", InFunction(.function))]
    CycleLimit {
        /// Most cycles that the host allows.
        limit: u64,
        /// Address of the instruction that was not executed.
        pc: u32,
        /// Function that `pc` lies in, if the program has symbols.
        function: Option<String>,
    },
}

/// What the guest did, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} at pc {pc:#010x}{}", InFunction(.function))]
pub struct Trap {
    /// Address of the instruction that trapped.
    pub pc: u32,
    /// Cycles completed before it.
    pub cycle: u64,
    /// What it did.
    pub kind: TrapKind,
    /// Function that `pc` lies in, if the program has symbols.
    pub function: Option<String>,
}

/// Everything that the machine forbids (`specs/001-machine.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // Fields are the numbers in the messages beside them.
pub enum TrapKind {
    /// Not an instruction of RV32IM.
    #[error("illegal instruction {word:#010x}")]
    IllegalInstruction { word: u32 },
    /// Execution reached an address without code.
    #[error("execution left the text")]
    OutsideText,
    /// A jump or a taken branch to an address without code.
    #[error("jump to {target:#010x}, outside of the text")]
    JumpOutsideText { target: u32 },
    /// A jump or a taken branch to an address that is not a multiple of 4.
    #[error("jump to misaligned address {target:#010x}")]
    JumpMisaligned { target: u32 },
    /// A load from an address that is not a multiple of its size.
    #[error("misaligned load from {address:#010x}")]
    LoadMisaligned { address: u32 },
    /// A load from an address above the memory.
    #[error("load from {address:#010x}, outside of memory")]
    LoadOutside { address: u32 },
    /// A store to an address that is not a multiple of its size.
    #[error("misaligned store to {address:#010x}")]
    StoreMisaligned { address: u32 },
    /// A store to an address above the memory.
    #[error("store to {address:#010x}, outside of memory")]
    StoreOutside { address: u32 },
    /// A store to the image: a wild pointer or the end of the stack.
    #[error("store to read-only address {address:#010x}")]
    StoreReadOnly { address: u32 },
    /// No call has this number.
    #[error("unknown call {number}")]
    UnknownCall { number: u32 },
    /// A pointer argument is not a multiple of 4.
    #[error("misaligned pointer {address:#010x} in call {call}")]
    CallMisaligned { call: Call, address: u32 },
    /// Part of an operand or of a result lies above the memory.
    #[error("{bytes} bytes at {address:#010x} reach outside of memory in call {call}")]
    CallOutside { call: Call, address: u32, bytes: u32 },
    /// Part of a result lies in the image.
    #[error("write to read-only address {address:#010x} in call {call}")]
    CallReadOnly { call: Call, address: u32 },
    /// `HINT` of no words, or of too many.
    #[error("HINT of {words} words")]
    HintSize { words: u32 },
    /// `HINT` of more words than the stream has left.
    #[error("HINT of {words} words, with {left} left in the stream")]
    HintsExhausted { words: u32, left: u64 },
    /// A word of a Poseidon2 state is not below the field's modulus.
    #[error("{word:#010x} is not a field element in call POSEIDON2")]
    NotFieldElement { word: u32 },
    /// A coordinate of a point is not below the field's modulus.
    #[error("coordinate not below p in call {call}")]
    CoordinateNotCanonical { call: Call },
    /// The formula divides by zero: equal x in an addition, y = 0 in a doubling.
    #[error("exceptional point in call {call}")]
    ExceptionalPoint { call: Call },
}

/// " in function f", or nothing.
struct InFunction<'a>(&'a Option<String>);

impl fmt::Display for InFunction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |name| write!(f, " in function {name}"))
    }
}

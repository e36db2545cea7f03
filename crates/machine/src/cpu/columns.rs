use crate::columns::{columns, part};

/// One flag per class of instructions; at most one is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
#[allow(missing_docs)] // See the README's table.
pub struct Classes<T> {
    pub add: T,
    pub sub: T,
    pub sltu: T,
    pub branch_eq: T,
    pub branch_ltu: T,
    pub branch_lt: T,
    pub load_word: T,
    pub store_word: T,
    pub load_sub: T,
    pub store_sub: T,
    pub jal: T,
    pub jalr: T,
    pub alu: T,
    pub ecall: T,
}

part!(Classes);

/// One row.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CpuColumns<T> {
    /// Address of the instruction.
    pub pc: T,
    /// Number of the row.
    pub clock: T,
    /// Which class the instruction is of; none in padding.
    pub class: Classes<T>,
    /// A branch is taken if its condition does not hold.
    pub negate: T,
    /// The second access reads a register.
    pub uses_rs2: T,
    /// The call is `HALT`.
    pub halt: T,
    /// The call is `LOG`.
    pub log: T,
    /// Number of the operation on the `instruction` bus.
    pub op: T,
    /// Register that is written.
    pub rd: T,
    /// First register that is read.
    pub rs1: T,
    /// Second register that is read.
    pub rs2: T,
    /// The constant operand.
    pub imm: [T; 2],
    /// Value of rs1.
    pub a: [T; 2],
    /// Second operand.
    pub b: [T; 2],
    /// Result: what the third access writes.
    pub c: [T; 2],
    /// Address of the second access.
    pub second_address: T,
    /// Address of the third access.
    pub third_address: T,
    /// Timestamps of the last access to each of the three addresses.
    pub last: [T; 3],
    /// Low 16 bits of the time since then, less 1; in `jalr`, which has no second access, the second is the target's low
    /// limb / 4.
    pub since_low: [T; 3],
    /// Word at the third address before; in `branch_eq` instead the inverse that proves inequality.
    pub previous: [T; 2],
    /// Sum or difference.
    pub out: [T; 2],
    /// Carries or borrows out of each limb.
    pub carry: [T; 2],
    /// Low limb of the address / 4; in jumps the low limb of the link.
    pub w: T,
    /// The two low bits of the address; in `jalr` the first is the bit that is dropped.
    pub offset: [T; 2],
    /// In `jalr` the target's high limb, so that it has 8 bits.
    pub target_high: T,
    /// The branch is taken.
    pub taken: T,
}

columns!(CpuColumns);

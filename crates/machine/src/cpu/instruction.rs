use p3_field::PrimeCharacteristicRing;

use crate::Val;
use crate::bus::REGISTERS;

/// Class of an instruction; the number is the position of its flag in [`super::Classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)] // See the README's table.
pub enum Class {
    Add,
    Sub,
    Sltu,
    BranchEq,
    BranchLtu,
    BranchLt,
    LoadWord,
    StoreWord,
    LoadSub,
    StoreSub,
    Jal,
    Jalr,
    Alu,
    Ecall,
}

impl Class {
    /// All of them, by number.
    pub const ALL: [Self; 14] = [
        Self::Add,
        Self::Sub,
        Self::Sltu,
        Self::BranchEq,
        Self::BranchLtu,
        Self::BranchLt,
        Self::LoadWord,
        Self::StoreWord,
        Self::LoadSub,
        Self::StoreSub,
        Self::Jal,
        Self::Jalr,
        Self::Alu,
        Self::Ecall,
    ];

    /// Whether the third access is made: to rd, or to the word of a store.
    pub const fn writes(self) -> bool {
        !matches!(self, Self::BranchEq | Self::BranchLtu | Self::BranchLt | Self::Ecall)
    }

    /// Whether the second access is that of a load.
    pub const fn is_load(self) -> bool {
        matches!(self, Self::LoadWord | Self::LoadSub)
    }

    /// Whether the third access is that of a store.
    pub const fn is_store(self) -> bool {
        matches!(self, Self::StoreWord | Self::StoreSub)
    }
}

/// Number of class flags.
pub(crate) const CLASSES: usize = Class::ALL.len();

/// One instruction as the program table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramRow {
    /// Its address; below 2^24.
    pub pc: u32,
    /// What it does.
    pub class: Class,
    /// For branches: taken if the condition does not hold.
    pub negate: bool,
    /// Whether its second operand is a register.
    pub uses_rs2: bool,
    /// Number on the `instruction` bus, 0 if it asks nothing there. For `load_sub` and `store_sub` without the offset.
    pub op: u32,
    /// 0 to 32.
    pub rd: u32,
    /// 0 to 31.
    pub rs1: u32,
    /// 0 to 31; 0 where `uses_rs2` is false.
    pub rs2: u32,
    /// The constant operand.
    pub imm: u32,
}

impl ProgramRow {
    /// Class, `negate` and `uses_rs2` as one number: a bit each.
    pub const fn flags(&self) -> u32 {
        1 << self.class as u32 | (self.negate as u32) << CLASSES | (self.uses_rs2 as u32) << (CLASSES + 1)
    }

    /// The columns of the program table.
    pub fn columns(&self) -> [Val; 8] {
        let Self { pc, op, rd, rs1, rs2, imm, .. } = *self;
        [pc, self.flags(), op, rd, rs1, rs2, imm & 0xffff, imm >> 16].map(Val::from_u32)
    }
}

/// Address of a register.
pub(crate) const fn register(number: u32) -> u32 {
    REGISTERS + number
}

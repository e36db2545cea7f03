//! The tables that instructions and calls have rows in.

use crate::{Call, Op};

/// A table of the proof: one per family of instructions, one per accelerator, one for the pages of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Table {
    /// `add`, `sub`, `addi`; `fence`, as the one that does nothing.
    Add,
    /// `xor`, `or`, `and` and their immediate forms.
    Bitwise,
    /// Shifts.
    Shift,
    /// `slt`, `sltu` and their immediate forms.
    Compare,
    /// Branches.
    Branch,
    /// `jal`, `jalr`.
    Jump,
    /// `lui`, `auipc`.
    Upper,
    /// `lw`.
    LoadWord,
    /// Loads of bytes and halfwords.
    LoadSub,
    /// `sw`.
    StoreWord,
    /// Stores of bytes and halfwords.
    StoreSub,
    /// Multiplications.
    Mul,
    /// Divisions and remainders.
    Div,
    /// `ecall`: one row for each, whatever it calls.
    Call,
    /// Words written by `HINT`.
    Hint,
    /// `COMMIT`.
    Commit,
    /// `KECCAK_F`.
    Keccak,
    /// `POSEIDON2`, and the permutations of `COMMIT`.
    Poseidon2,
    /// `MODMUL256`.
    Modmul256,
    /// `MODMUL384`.
    Modmul384,
    /// `SECP256K1_ADD` and `SECP256K1_DOUBLE`.
    Secp256k1,
    /// Distinct pages of memory that are read or written.
    Page,
}

impl Table {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them; the position is the value as a number.
    pub const ALL: [Self; 22] = [
        Self::Add,
        Self::Bitwise,
        Self::Shift,
        Self::Compare,
        Self::Branch,
        Self::Jump,
        Self::Upper,
        Self::LoadWord,
        Self::LoadSub,
        Self::StoreWord,
        Self::StoreSub,
        Self::Mul,
        Self::Div,
        Self::Call,
        Self::Hint,
        Self::Commit,
        Self::Keccak,
        Self::Poseidon2,
        Self::Modmul256,
        Self::Modmul384,
        Self::Secp256k1,
        Self::Page,
    ];

    /// Its name in reports, in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Bitwise => "bitwise",
            Self::Shift => "shift",
            Self::Compare => "compare",
            Self::Branch => "branch",
            Self::Jump => "jump",
            Self::Upper => "upper",
            Self::LoadWord => "load_word",
            Self::LoadSub => "load_sub",
            Self::StoreWord => "store_word",
            Self::StoreSub => "store_sub",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::Call => "call",
            Self::Hint => "hint",
            Self::Commit => "commit",
            Self::Keccak => "keccak",
            Self::Poseidon2 => "poseidon2",
            Self::Modmul256 => "modmul256",
            Self::Modmul384 => "modmul384",
            Self::Secp256k1 => "secp256k1",
            Self::Page => "page",
        }
    }

    /// The table in which this operation has a row.
    #[inline(always)]
    pub const fn of(op: Op) -> Self {
        match op {
            Op::Add | Op::Sub | Op::Addi | Op::Fence => Self::Add,
            Op::Xor | Op::Or | Op::And | Op::Xori | Op::Ori | Op::Andi => Self::Bitwise,
            Op::Sll | Op::Srl | Op::Sra | Op::Slli | Op::Srli | Op::Srai => Self::Shift,
            Op::Slt | Op::Sltu | Op::Slti | Op::Sltiu => Self::Compare,
            Op::Beq | Op::Bne | Op::Blt | Op::Bge | Op::Bltu | Op::Bgeu => Self::Branch,
            Op::Jal | Op::Jalr => Self::Jump,
            Op::Lui | Op::Auipc => Self::Upper,
            Op::Lw => Self::LoadWord,
            Op::Lb | Op::Lbu | Op::Lh | Op::Lhu => Self::LoadSub,
            Op::Sw => Self::StoreWord,
            Op::Sb | Op::Sh => Self::StoreSub,
            Op::Mul | Op::Mulh | Op::Mulhsu | Op::Mulhu => Self::Mul,
            Op::Div | Op::Divu | Op::Rem | Op::Remu => Self::Div,
            // The last two never complete; the row is that of the trap that stands in their place.
            Op::Ecall | Op::Illegal | Op::Outside => Self::Call,
        }
    }
}

/// A number of rows for each table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows(pub(crate) [u32; Table::COUNT]);

impl Rows {
    /// Rows of this table.
    pub const fn of(&self, table: Table) -> u32 {
        self.0[table as usize]
    }

    /// Rows of an instruction that is not an `ecall`, its page not counted.
    pub(crate) const fn instruction(table: Table) -> Self {
        let mut rows = Self([0; Table::COUNT]);
        rows.0[table as usize] = 1;
        rows
    }

    /// Rows of a call, its pages not counted. `words` is what `HINT` writes.
    pub(crate) fn call(call: Call, words: u32) -> Self {
        let mut rows = Self::instruction(Table::Call);
        let accelerator: &[(Table, u32)] = match call {
            Call::Halt | Call::Log => &[],
            Call::Hint => &[(Table::Hint, words)],
            Call::Commit => &[(Table::Commit, 1), (Table::Poseidon2, 2)],
            // One row per round, which keeps the table narrow.
            Call::KeccakF => &[(Table::Keccak, 24)],
            Call::Poseidon2 => &[(Table::Poseidon2, 1)],
            Call::Modmul256 => &[(Table::Modmul256, 1)],
            Call::Modmul384 => &[(Table::Modmul384, 1)],
            Call::Secp256k1Add | Call::Secp256k1Double => &[(Table::Secp256k1, 1)],
        };
        for (table, count) in accelerator {
            rows.0[*table as usize] = *count;
        }
        rows
    }

    /// The same with these pages.
    pub(crate) const fn with_pages(mut self, pages: u32) -> Self {
        self.0[Table::Page as usize] = pages;
        self
    }

    /// Sum, table by table. Saturates: no segment holds that many.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i].saturating_add(other.0[i])))
    }
}

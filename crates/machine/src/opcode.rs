//! Numbers of the operations on the `instruction` bus.

/// Operations of two words with one result, `c = op(x, b)`.
#[allow(missing_docs)] // The names are the ISA's.
pub mod alu {
    pub const XOR: u32 = 1;
    pub const OR: u32 = 2;
    pub const AND: u32 = 3;
    pub const SLL: u32 = 4;
    pub const SRL: u32 = 5;
    pub const SRA: u32 = 6;
    /// c = 1 if x < b as signed words, otherwise 0.
    pub const SLT: u32 = 7;
    pub const MUL: u32 = 8;
    pub const MULH: u32 = 9;
    /// x is signed, b is not.
    pub const MULHSU: u32 = 10;
    pub const MULHU: u32 = 11;
    pub const DIV: u32 = 12;
    pub const DIVU: u32 = 13;
    pub const REM: u32 = 14;
    pub const REMU: u32 = 15;
}

/// Loads and stores of less than a word. The number on the bus is one of these plus the byte offset within the word, 0
/// to 3 (even for halfwords).
///
/// Loads: b is the word in memory, c is the result, x is not looked at. Stores: x is the word in memory before, b the
/// register, c the word after.
#[allow(missing_docs)] // The names are the ISA's.
pub mod subword {
    pub const LB: u32 = 16;
    pub const LBU: u32 = 20;
    pub const LH: u32 = 24;
    pub const LHU: u32 = 28;
    pub const SB: u32 = 32;
    pub const SH: u32 = 36;
}

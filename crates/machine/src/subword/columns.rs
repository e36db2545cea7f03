use crate::columns::columns;

/// Operations per row.
pub const LANES: usize = 3;

/// One operation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SubwordLane<T> {
    /// Load a signed byte.
    pub is_lb: T,
    /// Load an unsigned byte.
    pub is_lbu: T,
    /// Load a signed halfword.
    pub is_lh: T,
    /// Load an unsigned halfword.
    pub is_lhu: T,
    /// Store a byte.
    pub is_sb: T,
    /// Store a halfword.
    pub is_sh: T,
    /// Bit 0 of the offset.
    pub o0: T,
    /// Bit 1 of the offset.
    pub o1: T,
    /// Limbs of the first operand, low first: to store, the word before.
    pub x: [T; 2],
    /// Limbs of the second operand: to load, the word in memory; to store, the register.
    pub b: [T; 2],
    /// Of the picked limb the addressed byte or, of a halfword to load, the high one.
    pub byte: T,
    /// The other byte of the picked limb.
    pub neighbour: T,
    /// 128 for signed loads, the low byte of b to store a byte.
    pub mask: T,
    /// `byte & mask`.
    pub masked: T,
    /// Bits 8 to 15 of b to store a byte.
    pub b_top: T,
    /// Limbs of the result.
    pub c: [T; 2],
}

/// One row.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SubwordColumns<T> {
    /// The operations of this row.
    pub lanes: [SubwordLane<T>; LANES],
}

columns!(SubwordColumns);

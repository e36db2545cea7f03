use crate::columns::columns;

/// Operations per row.
pub const LANES: usize = 1;

/// One operation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct LessThanLane<T> {
    /// Whether this lane states something.
    pub is_used: T,
    /// Limbs of the first operand, low first.
    pub x: [T; 2],
    /// Limbs of the second operand.
    pub b: [T; 2],
    /// Bit 31 of the first operand.
    pub x_sign: T,
    /// Bit 31 of the second operand.
    pub b_sign: T,
    /// Whether the low limb of x is less than that of b.
    pub borrow: T,
    /// Whether x < b.
    pub c: T,
}

/// One row.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct LessThanColumns<T> {
    /// The operations of this row.
    pub lanes: [LessThanLane<T>; LANES],
}

columns!(LessThanColumns);

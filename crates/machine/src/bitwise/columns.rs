use crate::columns::columns;

/// Operations per row.
pub const LANES: usize = 2;

/// One operation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct BitwiseLane<T> {
    /// c = x ^ b.
    pub is_xor: T,
    /// c = x | b.
    pub is_or: T,
    /// c = x & b.
    pub is_and: T,
    /// Bytes of the first operand, low first.
    pub x: [T; 4],
    /// Bytes of the second operand.
    pub b: [T; 4],
    /// Bytes of x & b.
    pub and: [T; 4],
}

/// One row.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct BitwiseColumns<T> {
    /// The operations of this row.
    pub lanes: [BitwiseLane<T>; LANES],
}

columns!(BitwiseColumns);

use p3_field::PrimeCharacteristicRing;

use crate::Val;
use crate::columns::columns;

/// One operation: d = a b + c.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct OperationColumns<T> {
    /// First factor.
    pub a: [T; 4],
    /// Second factor.
    pub b: [T; 4],
    /// What is added.
    pub c: [T; 4],
    /// The result.
    pub d: [T; 4],
}

columns!(OperationColumns);

/// What a key fixes of an operation. Counts are positive where the row defines, negative where it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct OperationFixed<T> {
    /// Wire of the first factor.
    pub a: T,
    /// Wire of the second factor, which is read.
    pub b: T,
    /// Wire of what is added, which is read.
    pub c: T,
    /// Wire of the result.
    pub d: T,
    /// Count of a.
    pub a_count: T,
    /// Count of d.
    pub d_count: T,
}

columns!(OperationFixed);

impl OperationFixed<Val> {
    /// Reads the wire at address 0 four times.
    pub const IDLE: Self = Self {
        a: Val::ZERO,
        b: Val::ZERO,
        c: Val::ZERO,
        d: Val::ZERO,
        a_count: Val::NEG_ONE,
        d_count: Val::NEG_ONE,
    };
}

/// Columns of rows of this many operations.
pub const fn width(operations: usize) -> usize {
    OperationColumns::WIDTH * operations
}

/// Fixed columns of rows of this many operations: theirs, the two coefficients of the row's constant, and zeros that make
/// it a multiple of 4.
pub const fn fixed_width(operations: usize) -> usize {
    (OperationFixed::WIDTH * operations + 2).next_multiple_of(4)
}

use super::carries::{CARRIES, HIGH_CARRIES};
use crate::columns::columns;

/// Rows per operation.
pub const ROWS: usize = 2;

/// Limbs of a coordinate.
pub(super) const LIMBS: usize = 16;
/// Bytes of a coordinate.
pub(super) const BYTES: usize = 32;
/// Nibbles of a coordinate.
pub(super) const NIBBLES: usize = 64;
/// Columns that hold 16 bits: y of the result and the carries fill both rows of an operation.
pub(super) const WORDS: usize = (LIMBS + CARRIES).div_ceil(ROWS);
/// Carries in the first row, behind y of the result.
pub(super) const FIRST_CARRIES: usize = WORDS - LIMBS;
/// Columns for the top bits of carries.
pub(super) const HIGHS: usize = HIGH_CARRIES.div_ceil(ROWS);
/// Differences of 3 bytes that make up the difference of two coordinates.
pub(super) const DIFFERENCES: usize = BYTES.div_ceil(3);
/// Columns for the witness that they are not all zero.
pub(super) const UNEQUAL: usize = DIFFERENCES.div_ceil(ROWS);

/// Why a number is below the modulus; neither: because one of its limbs from 3 on is not the modulus's.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CanonicalChoice<T> {
    /// Because of limbs 2 and 1.
    pub by_middle: T,
    /// Limbs 15 to 1 are the modulus's, and limb 0 is less.
    pub by_low: T,
}

/// One of the two rows of an operation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Secp256k1Columns<T> {
    /// First row of an addition.
    pub is_add: T,
    /// First row of a doubling.
    pub is_double: T,
    /// Second row of an operation.
    pub is_second: T,
    /// Cycle of the call.
    pub clock: T,
    /// What this row reads: Q in the first row, P in the second.
    pub read_address: T,
    /// First row: address of P.
    pub write_address: T,
    /// First row: the slope (twice the slope of a doubling) with [`super::relations::SLOPE_BIAS`] added to each nibble
    /// but not to the value. Second row: x of P.
    pub nibbles: [T; NIBBLES],
    /// First row: x of Q, or y of P in a doubling. Second row: x of the result.
    pub bytes: [T; BYTES],
    /// First row: y of Q. Second row: y of P.
    pub limbs: [T; LIMBS],
    /// y of the result, then the low 16 bits of all carries.
    pub words: [T; WORDS],
    /// The top bits of those carries that have more.
    pub highs: [T; HIGHS],
    /// Weights of the differences, whose weighted sum is 1.
    pub unequal: [T; UNEQUAL],
    /// Why `bytes`, `limbs`, second row's `nibbles` and first row's y of the result are below the modulus.
    pub canonical: [CanonicalChoice<T>; 4],
    /// For `bytes`, for `limbs`, for the other: inverse of what is not zero.
    pub inverses: [T; 3],
    /// For the same three: what has 16 bits.
    pub rests: [T; 3],
}

columns!(Secp256k1Columns);

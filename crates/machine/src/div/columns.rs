use crate::columns::columns;

/// One operation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct DivColumns<T> {
    /// Whether this row states an answer.
    pub is_used: T,
    /// DIV or REM.
    pub is_signed: T,
    /// c is the remainder; otherwise the quotient.
    pub is_remainder: T,
    /// Limbs of the dividend, low first.
    pub x: [T; 2],
    /// Limbs of the divisor.
    pub b: [T; 2],
    /// Limbs of the quotient.
    pub quotient: [T; 2],
    /// Limbs of the remainder.
    pub remainder: [T; 2],
    /// Whether x is signed and negative.
    pub x_sign: T,
    /// Whether b is signed and negative.
    pub b_sign: T,
    /// Whether the remainder is signed and negative.
    pub remainder_sign: T,
    /// Borrow out of the low limb of `x - remainder`.
    pub borrow: T,
    /// Whether `quotient * b` is negative.
    pub is_product_negative: T,
    /// Whether b = 0.
    pub is_by_zero: T,
    /// Whether this is -2^31 / -1, signed.
    pub is_overflow: T,
    /// Limbs of `|b| - |remainder| - 1`, with 2^32 in place of `|b|` = 0.
    pub margin: [T; 2],
    /// Borrow out of the low limb of `margin`, 0 to 2.
    pub margin_borrow: T,
}

columns!(DivColumns);

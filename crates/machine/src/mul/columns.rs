use crate::columns::columns;

/// One operation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct MulColumns<T> {
    /// c = low word of the product.
    pub is_mul: T,
    /// c = high word of the product, both operands signed.
    pub is_mulh: T,
    /// c = high word of the product, x signed.
    pub is_mulhsu: T,
    /// c = high word of the product, no operand signed.
    pub is_mulhu: T,
    /// Bytes of the first operand, low first.
    pub x: [T; 4],
    /// Bytes of the second operand.
    pub b: [T; 4],
    /// Whether x is signed and negative.
    pub x_sign: T,
    /// Whether b is signed and negative.
    pub b_sign: T,
    /// Limbs of the product modulo 2^64, low first.
    pub product: [T; 4],
    /// Carry out of limb 0: a byte and 256 times a bit.
    pub carry0: [T; 2],
    /// Carry out of limb 1.
    pub carry1: T,
    /// Carry out of limb 2, plus `x_sign + b_sign`: a byte and 256 times 0, 1 or 2.
    pub carry2: [T; 2],
    /// Whether the product is negative.
    pub is_negative: T,
}

columns!(MulColumns);

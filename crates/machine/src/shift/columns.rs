use crate::columns::columns;

/// Operations per row.
pub const LANES: usize = 2;

/// One operation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ShiftLane<T> {
    /// c = x << s.
    pub is_sll: T,
    /// c = x >> s.
    pub is_srl: T,
    /// c = x >> s, filled with the sign.
    pub is_sra: T,
    /// Limbs of the first operand, low first.
    pub x: [T; 2],
    /// Low limb of the second operand without the amount s, over 32.
    pub rest: T,
    /// High limb of the second operand.
    pub b_high: T,
    /// Bits of s mod 8, low first.
    pub bits: [T; 3],
    /// Whether s / 8 is 1, 2 or 3.
    pub bytes: [T; 3],
    /// The factor of `multiplier` that comes from `bits[0]` and `bits[1]`.
    pub partial: T,
    /// m: 2^(s mod 8) to the left, 2^(8 - s mod 8) to the right.
    pub multiplier: T,
    /// Bytes of x * m, low first.
    pub t: [T; 5],
    /// Byte that the product of the low limb gives to that of the high limb.
    pub carry: T,
    /// Whether SRA fills with ones.
    pub fill: T,
    /// Limbs of the result.
    pub c: [T; 2],
}

/// One row.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ShiftColumns<T> {
    /// The operations of this row.
    pub lanes: [ShiftLane<T>; LANES],
}

columns!(ShiftColumns);

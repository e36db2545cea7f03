//! Constants of P-256 (SEC 2 version 2.0, section 2.4.2), also called secp256r1.

use crate::arithmetic::Prime;
use crate::limbs::U256;

/// The field modulus, 2^256 - 2^224 + 2^192 + 2^96 - 1.
pub(super) const P: U256 =
    [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0001, 0xffff_ffff];

/// The order of the group.
pub(super) const N: U256 =
    [0xfc63_2551, 0xf3b9_cac2, 0xa717_9e84, 0xbce6_faad, 0xffff_ffff, 0xffff_ffff, 0x0000_0000, 0xffff_ffff];

/// P - N: an x coordinate from which N was subtracted is below it.
pub(super) const P_MINUS_N: U256 =
    [0x039c_daae, 0x0c46_353d, 0x58e8_617b, 0x4319_0553, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x0000_0000];

/// The constant term of the curve y^2 = x^3 - 3x + B.
pub(super) const B: U256 =
    [0x27d2_604b, 0x3bce_3c3e, 0xcc53_b0f6, 0x651d_06b0, 0x7698_86bc, 0xb3eb_bd55, 0xaa3a_93e7, 0x5ac6_35d8];

/// The generator, x then y.
pub(super) const GENERATOR: [U256; 2] = [
    [0xd898_c296, 0xf4a1_3945, 0x2deb_33a0, 0x7703_7d81, 0x63a4_40f2, 0xf8bc_e6e5, 0xe12c_4247, 0x6b17_d1f2],
    [0x37bf_51f5, 0xcbb6_4068, 0x6b31_5ece, 0x2bce_3357, 0x7c0f_9e16, 0x8ee7_eb4a, 0xfe1a_7f9b, 0x4fe3_42e2],
];

/// The curve over its base field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct P256;

impl Prime<8> for P256 {
    const P: U256 = P;
    const CURVE_A_IS_MINUS_THREE: bool = true;
}

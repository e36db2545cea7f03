//! The field and the curve. Constants are taken over from `ark-bn254` by the compiler.

use crate::arithmetic::{Arith, Fe, Fe2, Prime, canonical, canonical2, digit_count, signed_digits, words};
use crate::curve::scalar::Lattice;
use crate::limbs::U256;
use crate::pairing::{Family, Parameters};
use ark_bn254::{Config, Fq12Config, FqConfig, FrConfig};
use ark_ec::bn::BnConfig;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::{Fp12Config, MontConfig, MontFp};

/// The curve y^2 = x^3 + 3 over its base field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bn254;

/// The base field over the accelerators A.
pub(super) type Field<A> = Arith<A, Bn254, 8>;

impl Prime<8> for Bn254 {
    const P: Fe<8> = words(FqConfig::MODULUS);
}

/// b of the curve.
pub(super) const B: Fe<8> = [3, 0, 0, 0, 0, 0, 0, 0];

/// b' = 3 / (9 + u) of the twist.
pub(super) const TWIST_B: Fe2<8> = canonical2::<FqConfig, _, 4, 8>(&ark_bn254::g2::Config::COEFF_B);

/// The order of the groups.
pub(super) const ORDER: U256 = words(FrConfig::MODULUS);

/// A cube root of one: (x, y) -> (BETA x, y) multiplies a point by
/// 0x30644e72e131a029048b6e193fd84104cc37a73fec2bc5e9b8ca0b2d36636f23.
pub(super) const BETA: Fe<8> =
    [0x607c_fd48, 0xe4bd_44e5, 0xbb96_6e3d, 0xc28f_069f, 0xe0ac_ccb0, 0x5e6d_d9e7, 0xe131_a029, 0x3064_4e72];

/// The lattice of that number: (6x^2 + 2x, -(2x + 1)), (2x + 1, 6x^2 + 4x + 1) for the parameter x.
///
/// Halves are at most (1/2 + 2^-129) (6x^2 + 6x + 2) < 0.22 * 2^128.
pub(super) const LATTICE: Lattice = Lattice {
    a1: [0x7d4f_1128, 0x8211_bbeb, 0xeeb8_59fc, 0x6f4d_8248, 0, 0, 0, 0],
    minus_b1: [0x94d2_13e3, 0x89d3_2568, 0, 0, 0, 0, 0, 0],
    a2: [0x94d2_13e3, 0x89d3_2568, 0, 0, 0, 0, 0, 0],
    b2: [0x1221_250b, 0x0be4_e154, 0xeeb8_59fd, 0x6f4d_8248, 0, 0, 0, 0],
    g1: [
        0xf2d2_e698,
        0x058e_d210,
        0xf579_2573,
        0x4527_5503,
        0xc03f_d959,
        0x94e6_3f40,
        0x29dc_f4b4,
        0x9333_bc05,
    ],
    g2: [0x4beb_ee99, 0xa3e9_f4cb, 0x1dce_9bbc, 0xdbae_71c5, 0xb1f8_2cf5, 0xb647_48cb, 0, 0],
    scale: 4,
};

/// The parameter, positive.
const X: u64 = {
    let [x] = Config::X else { panic!("the parameter has one limb") };
    assert!(!Config::X_IS_NEGATIVE);
    *x
};
const LOOP: u128 = 6 * X as u128 + 2;
/// Of the digits of the parameter: each costs a product, and so does each entry of their table.
const WIDTH: u32 = 4;

impl Parameters<8> for Bn254 {
    const FAMILY: Family = Family::Bn;
    const XI: i32 = 9;
    const GAMMA: Fe2<8> = {
        let [_, gamma, ..] = Fq12Config::FROBENIUS_COEFF_FP12_C1 else { panic!("there are twelve") };
        canonical2::<FqConfig, _, 4, 8>(gamma)
    };
    /// b' = 3 / (9 + u).
    const MINUS_3B: Fe2<8> = [
        canonical::<FqConfig, 4, 8>(MontFp!(
            "7207104360239761353666499452706663748717078063988307791373219794578306190630"
        )),
        canonical::<FqConfig, 4, 8>(MontFp!(
            "21087453498479301738505683583845423561061080261299122796980902361914303298513"
        )),
    ];
    const LINE_X: usize = 1;
    const PSI: [Fe2<8>; 2] = [
        canonical2::<FqConfig, _, 4, 8>(&Config::TWIST_MUL_BY_Q_X),
        canonical2::<FqConfig, _, 4, 8>(&Config::TWIST_MUL_BY_Q_Y),
    ];
    const LOOP_DIGITS: &'static [i8] = &const { signed_digits::<{ digit_count(LOOP, 2) }>(LOOP, 2) };
    const PARAMETER_DIGITS: &'static [i8] =
        &const { signed_digits::<{ digit_count(X as u128, WIDTH) }>(X as u128, WIDTH) };
    const PARAMETER_IS_NEGATIVE: bool = false;
}

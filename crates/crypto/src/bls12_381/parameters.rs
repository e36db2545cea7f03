//! The field, the curve and its groups. Constants are taken over from `ark-bls12-381` by the compiler, where it has them.

use super::encoding::{G1, G2};
use crate::arithmetic::{Arith, Fe, Fe2, Prime, canonical, canonical2, digit_count, signed_digits, words};
use crate::curve::scalar::Lattice;
use crate::limbs::U256;
use crate::pairing::{Family, Parameters};
use ark_bls12_381::{Config, Fq, Fq2, Fq12Config, FqConfig, FrConfig, g1, g2};
use ark_ec::bls12::Bls12Config;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::{AdditiveGroup, Fp12Config, MontConfig, MontFp};

/// The curve y^2 = x^3 + 4 over its base field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bls12381;

/// The base field over the accelerators A.
pub(super) type Field<A> = Arith<A, Bls12381, 12>;

impl Prime<12> for Bls12381 {
    const P: Fe<12> = words(FqConfig::MODULUS);
}

/// The canonical integer of an element of arkworks.
pub(super) const fn element(native: Fq) -> Fe<12> {
    canonical::<FqConfig, 6, 12>(native)
}

/// [`element`] of both coefficients.
pub(super) const fn element2(native: &Fq2) -> Fe2<12> {
    canonical2::<FqConfig, _, 6, 12>(native)
}

/// b of the curve.
pub(super) const B: Fe<12> = element(g1::Config::COEFF_B);

/// b' = 4 (1 + u) of the twist.
pub(super) const TWIST_B: Fe2<12> = element2(&g2::Config::COEFF_B);

/// The order of the groups.
pub(super) const ORDER: U256 = words(FrConfig::MODULUS);

/// A cube root of one: (x, y) -> (BETA x, y) multiplies a point of the first group by minus the square of the curve's
/// parameter.
pub(super) const BETA: Fe<12> = element(g1::BETA);

/// The lattice of that number: (x^2, 1), (-1, x^2 - 1) for the parameter x.
///
/// Since -1 / N is near 0, no multiple of the second vector is ever subtracted (g2 = 0). What is left of a scalar k is
/// k - c x^2 and -c for the integer c nearest to k (x^2 - 1) / N, which is k / x^2 less a number below 1 / x^2: at most
/// x^2 / 2 + 2 and x^2, below 2^128.
pub(super) const LATTICE: Lattice = Lattice {
    a1: [0x0000_0000, 0x0000_0001, 0x0001_a402, 0xac45_a401, 0, 0, 0, 0],
    minus_b1: [u32::MAX; 8],
    a2: [u32::MAX; 8],
    b2: [0xffff_ffff, 0x0000_0000, 0x0001_a402, 0xac45_a401, 0, 0, 0, 0],
    g1: [
        0x40c5_f203,
        0xd0d4_396b,
        0x93d6_e013,
        0x01a7_5a5c,
        0x7b67_f717,
        0xb1fb_7291,
        0xf00f_d56e,
        0xbe35_f678,
    ],
    g2: [0; 8],
    scale: 2,
};

/// The absolute value of the parameter, which is negative. So few of its bits are set that no signed form is better.
const X: u128 = {
    let [x] = Config::X else { panic!("the parameter has one limb") };
    assert!(Config::X_IS_NEGATIVE);
    *x as u128
};
const X_BITS: [i8; digit_count(X, 1)] = signed_digits(X, 1);

/// The absolute value of the parameter.
pub(super) const PARAMETER: U256 = [X as u32, (X >> 32) as u32, 0, 0, 0, 0, 0, 0];

/// 2^319 / PARAMETER, rounded to the nearest integer.
pub(super) const PARAMETER_INVERSE: U256 =
    [0x14a1_7222, 0x7bbe_7bc5, 0x42b9_d94e, 0x4903_c52f, 0x9f3b_7614, 0x99e7_e606, 0x2b66_ab5a, 0x9c09_0265];

/// 1 / (1 + u)^((p - 1) / 3), which `ark-bls12-381` keeps to itself.
pub(super) const PSI_X: Fq2 = Fq2::new(
    Fq::ZERO,
    MontFp!(
        "4002409555221667392624310435006688643935503118305586438271171395842971157480381377015405980053539358417135540939437"
    ),
);

/// 1 / (1 + u)^((p - 1) / 2), which `ark-bls12-381` keeps to itself.
pub(super) const PSI_Y: Fq2 = Fq2::new(
    MontFp!(
        "2973677408986561043442465346520108879172042883009249989176415018091420807192182638567116318576472649347015917690530"
    ),
    MontFp!(
        "1028732146235106349975324479215795277384839936929757896155643118032610843298655225875571310552543014690878354869257"
    ),
);

impl Parameters<12> for Bls12381 {
    const FAMILY: Family = Family::Bls12;
    const XI: i32 = 1;
    const GAMMA: Fe2<12> = {
        let [_, gamma, ..] = Fq12Config::FROBENIUS_COEFF_FP12_C1 else { panic!("there are twelve") };
        element2(gamma)
    };
    const MINUS_3B: Fe2<12> = [element(MontFp!("-12")), element(MontFp!("-12"))];
    const LINE_X: usize = 2;
    const PSI: [Fe2<12>; 2] = [element2(&PSI_X), element2(&PSI_Y)];
    const LOOP_DIGITS: &'static [i8] = &X_BITS;
    const PARAMETER_DIGITS: &'static [i8] = &X_BITS;
    const PARAMETER_IS_NEGATIVE: bool = true;
}

/// Minus the generator of the first group.
pub(super) const G1_MINUS_GENERATOR: G1 = {
    let generator = g1::Config::GENERATOR;
    [element(generator.x), opposite(element(generator.y))]
};

/// Minus the generator of the second group.
pub(super) const G2_MINUS_GENERATOR: G2 = {
    let generator = g2::Config::GENERATOR;
    let [y0, y1] = element2(&generator.y);
    [element2(&generator.x), [opposite(y0), opposite(y1)]]
};

/// tau times the generator of the second group, from the ceremony of Ethereum (`g2_monomial[1]` of the consensus
/// specification's trusted setup).
pub(super) const TAU_G2: G2 = [
    [
        element(MontFp!(
            "3749701713850085193403383609513386037494151572263731328608276629425322978272408394373143740944003571525027436289778"
        )),
        element(MontFp!(
            "3347537128081568434923729147580015899756771550835613107520576615563260658656019591232316627827007503930666726825842"
        )),
    ],
    [
        element(MontFp!(
            "194392958648403190675529552496435226424111592982833162118538452666741235889530674000225873281133418439621742897817"
        )),
        element(MontFp!(
            "3447898402727835650716129438012169492682148398295533958400255525306573911008434577489634554212211450783070687991119"
        )),
    ],
];

/// p - a for a canonical a that is not 0.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this")]
pub(super) const fn opposite(a: Fe<12>) -> Fe<12> {
    let (mut opposite, mut difference, mut i) = (a, 0, 0);
    while i < 12 {
        // -1 or 0 comes in from below, and goes out above.
        difference += Bls12381::P[i] as i64 - a[i] as i64;
        opposite[i] = difference as u32;
        difference >>= 32;
        i += 1;
    }
    assert!(difference == 0);
    opposite
}

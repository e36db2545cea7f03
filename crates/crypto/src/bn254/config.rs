//! The curve, its tower of fields and its pairing for arkworks, over the accelerators. Every constant is taken over from
//! `ark-bn254` by the compiler.

use crate::field::{Element, canonical, canonical_all, canonical2, canonical2_all, configurations};
use ark_bn254::{FqConfig, Fr};
use ark_ec::bn::{Bn, BnConfig, TwistType};
use ark_ec::models::CurveConfig;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, Field, Fp2, Fp2Config, Fp6, Fp6Config, Fp12Config};
use ashlar_abi::Accelerators;

/// The base field.
pub(super) type Fq<A> = Element<FqConfig, A, 4>;
/// The base field's quadratic extension by u^2 = -1.
pub(super) type Fq2<A> = Fp2<Fq2Config<A>>;
/// A point of the first group.
pub(super) type G1Affine<A> = Affine<G1Config<A>>;
/// A point of the first group with a denominator.
pub(super) type G1Projective<A> = Projective<G1Config<A>>;
/// A point of the twist.
pub(super) type G2Affine<A> = Affine<G2Config<A>>;
/// The pairing.
pub(super) type Pairing<A> = Bn<Config<A>>;

configurations!(
    /// Configures [`Fq2`].
    Fq2Config,
    /// Configures the cubic extension of [`Fq2`].
    Fq6Config,
    /// Configures the quadratic extension of that.
    Fq12Config,
    /// Configures the first group.
    G1Config,
    /// Configures the second group.
    G2Config,
    /// Configures the pairing.
    Config,
);

impl<A: Accelerators> Fp2Config for Fq2Config<A> {
    type Fp = Fq<A>;
    const NONRESIDUE: Fq<A> = canonical(ark_bn254::Fq2Config::NONRESIDUE);
    const FROBENIUS_COEFF_FP2_C1: &'static [Fq<A>] =
        &canonical_all::<_, _, 4, 2>(ark_bn254::Fq2Config::FROBENIUS_COEFF_FP2_C1);

    #[inline(always)]
    fn mul_fp_by_nonresidue_in_place(fe: &mut Fq<A>) -> &mut Fq<A> {
        fe.neg_in_place()
    }
}

impl<A: Accelerators> Fp6Config for Fq6Config<A> {
    type Fp2Config = Fq2Config<A>;
    const NONRESIDUE: Fq2<A> = canonical2(&ark_bn254::Fq6Config::NONRESIDUE);
    const FROBENIUS_COEFF_FP6_C1: &'static [Fq2<A>] =
        &canonical2_all::<_, _, _, _, 4, 6>(ark_bn254::Fq6Config::FROBENIUS_COEFF_FP6_C1);
    const FROBENIUS_COEFF_FP6_C2: &'static [Fq2<A>] =
        &canonical2_all::<_, _, _, _, 4, 6>(ark_bn254::Fq6Config::FROBENIUS_COEFF_FP6_C2);

    /// (c0 + c1 u)(9 + u) = 9 c0 - c1 + (9 c1 + c0) u.
    #[inline]
    fn mul_fp2_by_nonresidue_in_place(fe: &mut Fq2<A>) -> &mut Fq2<A> {
        let (c0, c1) = (fe.c0, fe.c1);
        fe.mul_assign_by_basefield(&Self::NONRESIDUE.c0);
        fe.c0 -= &c1;
        fe.c1 += &c0;
        fe
    }
}

impl<A: Accelerators> Fp12Config for Fq12Config<A> {
    type Fp6Config = Fq6Config<A>;
    const NONRESIDUE: Fp6<Fq6Config<A>> =
        Fp6::<Fq6Config<A>>::new(Fq2::<A>::ZERO, Fq2::<A>::ONE, Fq2::<A>::ZERO);
    const FROBENIUS_COEFF_FP12_C1: &'static [Fq2<A>] =
        &canonical2_all::<_, _, _, _, 4, 12>(ark_bn254::Fq12Config::FROBENIUS_COEFF_FP12_C1);
}

impl<A: Accelerators> CurveConfig for G1Config<A> {
    type BaseField = Fq<A>;
    type ScalarField = Fr;
    const COFACTOR: &'static [u64] = ark_bn254::g1::Config::COFACTOR;
    const COFACTOR_INV: Fr = ark_bn254::g1::Config::COFACTOR_INV;
}

impl<A: Accelerators> SWCurveConfig for G1Config<A> {
    type ZeroFlag = ();
    const COEFF_A: Fq<A> = Fq::<A>::ZERO;
    const COEFF_B: Fq<A> = canonical(ark_bn254::g1::Config::COEFF_B);
    const GENERATOR: G1Affine<A> = G1Affine::<A>::new_unchecked(
        canonical(ark_bn254::g1::Config::GENERATOR.x),
        canonical(ark_bn254::g1::Config::GENERATOR.y),
    );

    #[inline(always)]
    fn mul_by_a(_: Fq<A>) -> Fq<A> {
        Fq::<A>::ZERO
    }

    /// The group has prime order: every point of the curve is in it.
    #[inline(always)]
    fn is_in_correct_subgroup_assuming_on_curve(_: &G1Affine<A>) -> bool {
        true
    }
}

impl<A: Accelerators> CurveConfig for G2Config<A> {
    type BaseField = Fq2<A>;
    type ScalarField = Fr;
    const COFACTOR: &'static [u64] = ark_bn254::g2::Config::COFACTOR;
    const COFACTOR_INV: Fr = ark_bn254::g2::Config::COFACTOR_INV;
}

/// 6 x^2 = t - 1 for the parameter x of the curve and the trace t, as little-endian limbs.
const SIX_X_SQUARED: [u64; 2] = {
    let [x] = ark_bn254::Config::X else { panic!("the parameter has one limb") };
    let product = 6 * (*x as u128) * (*x as u128);
    [product as u64, (product >> 64) as u64]
};

impl<A: Accelerators> SWCurveConfig for G2Config<A> {
    type ZeroFlag = ();
    const COEFF_A: Fq2<A> = Fq2::<A>::ZERO;
    const COEFF_B: Fq2<A> = canonical2(&ark_bn254::g2::Config::COEFF_B);
    const GENERATOR: G2Affine<A> = G2Affine::<A>::new_unchecked(
        canonical2(&ark_bn254::g2::Config::GENERATOR.x),
        canonical2(&ark_bn254::g2::Config::GENERATOR.y),
    );

    #[inline(always)]
    fn mul_by_a(_: Fq2<A>) -> Fq2<A> {
        Fq2::<A>::ZERO
    }

    /// Whether psi, the twisted Frobenius map, multiplies the point by 6 x^2 (<https://eprint.iacr.org/2022/352>, section
    /// 4.3).
    fn is_in_correct_subgroup_assuming_on_curve(point: &G2Affine<A>) -> bool {
        let mut psi = *point;
        psi.x.frobenius_map_in_place(1);
        psi.y.frobenius_map_in_place(1);
        psi.x *= &Config::<A>::TWIST_MUL_BY_Q_X;
        psi.y *= &Config::<A>::TWIST_MUL_BY_Q_Y;
        Self::mul_affine(point, &SIX_X_SQUARED) == psi
    }
}

impl<A: Accelerators> BnConfig for Config<A> {
    const X: &'static [u64] = ark_bn254::Config::X;
    const X_IS_NEGATIVE: bool = ark_bn254::Config::X_IS_NEGATIVE;
    const ATE_LOOP_COUNT: &'static [i8] = ark_bn254::Config::ATE_LOOP_COUNT;
    const TWIST_TYPE: TwistType = ark_bn254::Config::TWIST_TYPE;
    const TWIST_MUL_BY_Q_X: Fq2<A> = canonical2(&ark_bn254::Config::TWIST_MUL_BY_Q_X);
    const TWIST_MUL_BY_Q_Y: Fq2<A> = canonical2(&ark_bn254::Config::TWIST_MUL_BY_Q_Y);
    type Fp = Fq<A>;
    type Fp2Config = Fq2Config<A>;
    type Fp6Config = Fq6Config<A>;
    type Fp12Config = Fq12Config<A>;
    type G1Config = G1Config<A>;
    type G2Config = G2Config<A>;
}

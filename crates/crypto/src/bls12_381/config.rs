//! The curve, its tower of fields and its pairing for arkworks, over the accelerators. Constants are taken over from
//! `ark-bls12-381` by the compiler, where it publishes them.

use crate::field::{Element, canonical, canonical_all, canonical2, canonical2_all, configurations};
use ark_bls12_381::{FqConfig, Fr};
use ark_ec::bls12::{Bls12, Bls12Config, TwistType};
use ark_ec::models::CurveConfig;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, Fp2, Fp2Config, Fp6, Fp6Config, Fp12Config, MontFp};
use ashlar_abi::Accelerators;

/// The base field.
pub(super) type Fq<A> = Element<FqConfig, A, 6>;
/// The base field's quadratic extension by u^2 = -1.
pub(super) type Fq2<A> = Fp2<Fq2Config<A>>;
/// A point of the curve.
pub(super) type G1Affine<A> = Affine<G1Config<A>>;
/// A point of the curve with a denominator.
pub(super) type G1Projective<A> = Projective<G1Config<A>>;
/// A point of the twist.
pub(super) type G2Affine<A> = Affine<G2Config<A>>;
/// A point of the twist with a denominator.
pub(super) type G2Projective<A> = Projective<G2Config<A>>;
/// The pairing.
pub(super) type Pairing<A> = Bls12<Config<A>>;

configurations!(
    /// Configures [`Fq2`].
    Fq2Config,
    /// Configures the cubic extension of [`Fq2`].
    Fq6Config,
    /// Configures the quadratic extension of that.
    Fq12Config,
    /// Configures the curve.
    G1Config,
    /// Configures the twist.
    G2Config,
    /// Configures the pairing.
    Config,
);

impl<A: Accelerators> Fp2Config for Fq2Config<A> {
    type Fp = Fq<A>;
    const NONRESIDUE: Fq<A> = canonical(ark_bls12_381::Fq2Config::NONRESIDUE);
    const FROBENIUS_COEFF_FP2_C1: &'static [Fq<A>] =
        &canonical_all::<_, _, 6, 2>(ark_bls12_381::Fq2Config::FROBENIUS_COEFF_FP2_C1);

    #[inline(always)]
    fn mul_fp_by_nonresidue_in_place(fe: &mut Fq<A>) -> &mut Fq<A> {
        fe.neg_in_place()
    }
}

impl<A: Accelerators> Fp6Config for Fq6Config<A> {
    type Fp2Config = Fq2Config<A>;
    const NONRESIDUE: Fq2<A> = canonical2(&ark_bls12_381::Fq6Config::NONRESIDUE);
    const FROBENIUS_COEFF_FP6_C1: &'static [Fq2<A>] =
        &canonical2_all::<_, _, _, _, 6, 6>(ark_bls12_381::Fq6Config::FROBENIUS_COEFF_FP6_C1);
    const FROBENIUS_COEFF_FP6_C2: &'static [Fq2<A>] =
        &canonical2_all::<_, _, _, _, 6, 6>(ark_bls12_381::Fq6Config::FROBENIUS_COEFF_FP6_C2);

    /// (c0 + c1 u)(1 + u) = c0 - c1 + (c0 + c1) u.
    #[inline]
    fn mul_fp2_by_nonresidue_in_place(fe: &mut Fq2<A>) -> &mut Fq2<A> {
        let c0 = fe.c0;
        fe.c0 -= &fe.c1;
        fe.c1 += &c0;
        fe
    }
}

impl<A: Accelerators> Fp12Config for Fq12Config<A> {
    type Fp6Config = Fq6Config<A>;
    const NONRESIDUE: Fp6<Fq6Config<A>> =
        Fp6::<Fq6Config<A>>::new(Fq2::<A>::ZERO, Fq2::<A>::ONE, Fq2::<A>::ZERO);
    const FROBENIUS_COEFF_FP12_C1: &'static [Fq2<A>] =
        &canonical2_all::<_, _, _, _, 6, 12>(ark_bls12_381::Fq12Config::FROBENIUS_COEFF_FP12_C1);
}

impl<A: Accelerators> CurveConfig for G1Config<A> {
    type BaseField = Fq<A>;
    type ScalarField = Fr;
    const COFACTOR: &'static [u64] = ark_bls12_381::g1::Config::COFACTOR;
    const COFACTOR_INV: Fr = ark_bls12_381::g1::Config::COFACTOR_INV;
}

impl<A: Accelerators> SWCurveConfig for G1Config<A> {
    type ZeroFlag = ();
    const COEFF_A: Fq<A> = Fq::<A>::ZERO;
    const COEFF_B: Fq<A> = canonical(ark_bls12_381::g1::Config::COEFF_B);
    const GENERATOR: G1Affine<A> = G1Affine::<A>::new_unchecked(
        canonical(ark_bls12_381::g1::Config::GENERATOR.x),
        canonical(ark_bls12_381::g1::Config::GENERATOR.y),
    );

    #[inline(always)]
    fn mul_by_a(_: Fq<A>) -> Fq<A> {
        Fq::<A>::ZERO
    }

    /// Whether (x, y) -> (beta x, y) multiplies the point by minus the square of the curve's parameter
    /// (<https://eprint.iacr.org/2021/1130>, section 6).
    fn is_in_correct_subgroup_assuming_on_curve(point: &G1Affine<A>) -> bool {
        if point.is_zero() {
            return true;
        }
        let multiple = Self::mul_affine(point, Config::<A>::X);
        if multiple == *point {
            return false;
        }
        let mut endomorphism = *point;
        endomorphism.x *= &const { canonical::<_, A, 6>(ark_bls12_381::g1::BETA) };
        -Self::mul_projective(&multiple, Config::<A>::X) == endomorphism
    }

    /// 1 - x times the point, for the curve's (negative) parameter x (<https://eprint.iacr.org/2019/403>, section 5).
    fn clear_cofactor(point: &G1Affine<A>) -> G1Affine<A> {
        (Self::mul_affine(point, Config::<A>::X) + point).into_affine()
    }
}

impl<A: Accelerators> CurveConfig for G2Config<A> {
    type BaseField = Fq2<A>;
    type ScalarField = Fr;
    const COFACTOR: &'static [u64] = ark_bls12_381::g2::Config::COFACTOR;
    const COFACTOR_INV: Fr = ark_bls12_381::g2::Config::COFACTOR_INV;
}

/// 1 / (1 + u)^((p - 1) / 3), which `ark-bls12-381` keeps to itself.
pub(super) const PSI_X: ark_bls12_381::Fq2 = ark_bls12_381::Fq2::new(
    ark_bls12_381::Fq::ZERO,
    MontFp!(
        "4002409555221667392624310435006688643935503118305586438271171395842971157480381377015405980053539358417135540939437"
    ),
);

/// 1 / (1 + u)^((p - 1) / 2), which `ark-bls12-381` keeps to itself.
pub(super) const PSI_Y: ark_bls12_381::Fq2 = ark_bls12_381::Fq2::new(
    MontFp!(
        "2973677408986561043442465346520108879172042883009249989176415018091420807192182638567116318576472649347015917690530"
    ),
    MontFp!(
        "1028732146235106349975324479215795277384839936929757896155643118032610843298655225875571310552543014690878354869257"
    ),
);

/// The Frobenius map of the curve, carried over to the twist.
fn psi<A: Accelerators>(point: &G2Projective<A>) -> G2Projective<A> {
    let mut image = *point;
    image.x.frobenius_map_in_place(1);
    image.y.frobenius_map_in_place(1);
    image.z.frobenius_map_in_place(1);
    image.x *= &const { canonical2::<_, _, Fq2Config<A>, A, 6>(&PSI_X) };
    image.y *= &const { canonical2::<_, _, Fq2Config<A>, A, 6>(&PSI_Y) };
    image
}

impl<A: Accelerators> SWCurveConfig for G2Config<A> {
    type ZeroFlag = ();
    const COEFF_A: Fq2<A> = Fq2::<A>::ZERO;
    const COEFF_B: Fq2<A> = canonical2(&ark_bls12_381::g2::Config::COEFF_B);
    const GENERATOR: G2Affine<A> = G2Affine::<A>::new_unchecked(
        canonical2(&ark_bls12_381::g2::Config::GENERATOR.x),
        canonical2(&ark_bls12_381::g2::Config::GENERATOR.y),
    );

    #[inline(always)]
    fn mul_by_a(_: Fq2<A>) -> Fq2<A> {
        Fq2::<A>::ZERO
    }

    /// Whether psi multiplies the point by the curve's parameter (<https://eprint.iacr.org/2021/1130>, section 4).
    fn is_in_correct_subgroup_assuming_on_curve(point: &G2Affine<A>) -> bool {
        // The parameter is negative, and `X` its absolute value.
        psi(&point.into_group()) == -Self::mul_affine(point, Config::<A>::X)
    }

    /// x^2 - x - 1 times P, plus x - 1 times psi(P), plus psi(psi(2 P)), for the curve's parameter x
    /// (<https://eprint.iacr.org/2017/419>, section 4.1).
    fn clear_cofactor(point: &G2Affine<A>) -> G2Affine<A> {
        let p = point.into_group();
        let x_p = -Self::mul_projective(&p, Config::<A>::X);
        let psi_p = psi(&p);
        let x_sum = -Self::mul_projective(&(x_p + psi_p), Config::<A>::X);
        (x_sum - x_p - p - psi_p + psi(&psi(&p.double()))).into_affine()
    }
}

impl<A: Accelerators> Bls12Config for Config<A> {
    const X: &'static [u64] = ark_bls12_381::Config::X;
    const X_IS_NEGATIVE: bool = ark_bls12_381::Config::X_IS_NEGATIVE;
    const TWIST_TYPE: TwistType = ark_bls12_381::Config::TWIST_TYPE;
    type Fp = Fq<A>;
    type Fp2Config = Fq2Config<A>;
    type Fp6Config = Fq6Config<A>;
    type Fp12Config = Fq12Config<A>;
    type G1Config = G1Config<A>;
    type G2Config = G2Config<A>;
}

// The formulas above are written for a negative parameter.
const _: () = assert!(ark_bls12_381::Config::X_IS_NEGATIVE);

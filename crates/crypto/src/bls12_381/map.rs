//! Maps from field elements to the curve and to the twist, through curves isogenous to them (RFC 9380, section 8.8), over
//! the accelerators. Every constant is taken over from `ark-bls12-381` by the compiler.

use super::config::{Fq, Fq2, Fq2Config, G1Config, G2Config};
use crate::field::{canonical, canonical_all, canonical2, canonical2_all, configurations};
use ark_bls12_381::Fr;
use ark_ec::hashing::curve_maps::swu::SWUConfig;
use ark_ec::hashing::curve_maps::wb::{IsogenyMap, WBConfig};
use ark_ec::models::CurveConfig;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ashlar_abi::Accelerators;

configurations!(
    /// Configures the curve isogenous to the first.
    IsogenousG1,
    /// Configures the curve isogenous to the twist.
    IsogenousG2,
);

type NativeG1 = ark_bls12_381::g1::Config;
type NativeG2 = ark_bls12_381::g2::Config;
type NativeIsogenousG1 = <NativeG1 as WBConfig>::IsogenousCurve;
type NativeIsogenousG2 = <NativeG2 as WBConfig>::IsogenousCurve;

impl<A: Accelerators> CurveConfig for IsogenousG1<A> {
    type BaseField = Fq<A>;
    type ScalarField = Fr;
    const COFACTOR: &'static [u64] = NativeIsogenousG1::COFACTOR;
    const COFACTOR_INV: Fr = NativeIsogenousG1::COFACTOR_INV;
}

impl<A: Accelerators> SWCurveConfig for IsogenousG1<A> {
    type ZeroFlag = ();
    const COEFF_A: Fq<A> = canonical(NativeIsogenousG1::COEFF_A);
    const COEFF_B: Fq<A> = canonical(NativeIsogenousG1::COEFF_B);
    const GENERATOR: Affine<Self> = Affine::new_unchecked(
        canonical(NativeIsogenousG1::GENERATOR.x),
        canonical(NativeIsogenousG1::GENERATOR.y),
    );
}

impl<A: Accelerators> SWUConfig for IsogenousG1<A> {
    const ZETA: Fq<A> = canonical(NativeIsogenousG1::ZETA);
}

impl<A: Accelerators> WBConfig for G1Config<A> {
    type IsogenousCurve = IsogenousG1<A>;
    const ISOGENY_MAP: IsogenyMap<'static, IsogenousG1<A>, Self> = IsogenyMap {
        x_map_numerator: &canonical_all::<_, _, 6, 12>(NativeG1::ISOGENY_MAP.x_map_numerator),
        x_map_denominator: &canonical_all::<_, _, 6, 11>(NativeG1::ISOGENY_MAP.x_map_denominator),
        y_map_numerator: &canonical_all::<_, _, 6, 16>(NativeG1::ISOGENY_MAP.y_map_numerator),
        y_map_denominator: &canonical_all::<_, _, 6, 16>(NativeG1::ISOGENY_MAP.y_map_denominator),
    };
}

impl<A: Accelerators> CurveConfig for IsogenousG2<A> {
    type BaseField = Fq2<A>;
    type ScalarField = Fr;
    const COFACTOR: &'static [u64] = NativeIsogenousG2::COFACTOR;
    const COFACTOR_INV: Fr = NativeIsogenousG2::COFACTOR_INV;
}

impl<A: Accelerators> SWCurveConfig for IsogenousG2<A> {
    type ZeroFlag = ();
    const COEFF_A: Fq2<A> = canonical2(&NativeIsogenousG2::COEFF_A);
    const COEFF_B: Fq2<A> = canonical2(&NativeIsogenousG2::COEFF_B);
    const GENERATOR: Affine<Self> = Affine::new_unchecked(
        canonical2(&NativeIsogenousG2::GENERATOR.x),
        canonical2(&NativeIsogenousG2::GENERATOR.y),
    );
}

impl<A: Accelerators> SWUConfig for IsogenousG2<A> {
    const ZETA: Fq2<A> = canonical2(&NativeIsogenousG2::ZETA);
}

/// The coefficients of a polynomial over the quadratic extension.
const fn coefficients<A: Accelerators, const L: usize>(native: &[ark_bls12_381::Fq2]) -> [Fq2<A>; L] {
    canonical2_all::<_, _, Fq2Config<A>, A, 6, L>(native)
}

impl<A: Accelerators> WBConfig for G2Config<A> {
    type IsogenousCurve = IsogenousG2<A>;
    const ISOGENY_MAP: IsogenyMap<'static, IsogenousG2<A>, Self> = IsogenyMap {
        x_map_numerator: &coefficients::<A, 4>(NativeG2::ISOGENY_MAP.x_map_numerator),
        x_map_denominator: &coefficients::<A, 3>(NativeG2::ISOGENY_MAP.x_map_denominator),
        y_map_numerator: &coefficients::<A, 4>(NativeG2::ISOGENY_MAP.y_map_numerator),
        y_map_denominator: &coefficients::<A, 4>(NativeG2::ISOGENY_MAP.y_map_denominator),
    };
}

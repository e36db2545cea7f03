//! Maps from field elements to the curve and to the twist, through curves isogenous to them (RFC 9380, sections 6.6.2,
//! 6.6.3 and 8.8). Constants are taken over from `ark-bls12-381` by the compiler.

use super::parameters::{Field, element, element2};
use crate::arithmetic::{Fe, Fe2, Over};
use crate::curve::Point;
use ark_bls12_381::{Fq, Fq2, g1, g2};
use ark_ec::hashing::curve_maps::swu::SWUConfig;
use ark_ec::hashing::curve_maps::wb::{IsogenyMap, WBConfig};
use ark_ec::short_weierstrass::SWCurveConfig;
use ashlar_abi::Accelerators;

type IsogenousG1 = <g1::Config as WBConfig>::IsogenousCurve;
type IsogenousG2 = <g2::Config as WBConfig>::IsogenousCurve;

/// A curve y^2 = x^3 + a x + b with an isogeny to the target, and what maps elements to it.
struct Isogenous<E: 'static> {
    a: E,
    minus_a: E,
    b: E,
    /// Not a square.
    zeta: E,
    /// Polynomials, lowest coefficients first. The target's x is the quotient of the first two at this curve's x, its y is
    /// this curve's y times the quotient of the last two.
    x_numerator: &'static [E],
    x_denominator: &'static [E],
    y_numerator: &'static [E],
    y_denominator: &'static [E],
}

const TO_CURVE: Isogenous<Fe<12>> = {
    const MAP: IsogenyMap<'static, IsogenousG1, g1::Config> = g1::Config::ISOGENY_MAP;
    Isogenous {
        a: element(IsogenousG1::COEFF_A),
        minus_a: super::parameters::opposite(element(IsogenousG1::COEFF_A)),
        b: element(IsogenousG1::COEFF_B),
        zeta: element(IsogenousG1::ZETA),
        x_numerator: &const { elements::<12>(MAP.x_map_numerator) },
        x_denominator: &const { elements::<11>(MAP.x_map_denominator) },
        y_numerator: &const { elements::<16>(MAP.y_map_numerator) },
        y_denominator: &const { elements::<16>(MAP.y_map_denominator) },
    }
};

const TO_TWIST: Isogenous<Fe2<12>> = {
    const MAP: IsogenyMap<'static, IsogenousG2, g2::Config> = g2::Config::ISOGENY_MAP;
    let [a0, a1] = element2(&IsogenousG2::COEFF_A);
    // a = 240 u.
    assert!(is_zero(&a0));
    Isogenous {
        a: [a0, a1],
        minus_a: [a0, super::parameters::opposite(a1)],
        b: element2(&IsogenousG2::COEFF_B),
        zeta: element2(&IsogenousG2::ZETA),
        x_numerator: &const { elements2::<4>(MAP.x_map_numerator) },
        x_denominator: &const { elements2::<3>(MAP.x_map_denominator) },
        y_numerator: &const { elements2::<4>(MAP.y_map_numerator) },
        y_denominator: &const { elements2::<4>(MAP.y_map_denominator) },
    }
};

/// The point of the curve, outside of its subgroup in general, to which an element maps.
pub(super) fn to_curve<A: Accelerators>(field: &mut Field<A>, u: &Fe<12>) -> Point<Fe<12>> {
    map(field, u, &TO_CURVE)
}

/// The point of the twist, outside of its subgroup in general, to which an element maps.
pub(super) fn to_twist<A: Accelerators>(field: &mut Field<A>, u: &Fe2<12>) -> Point<Fe2<12>> {
    map(field, u, &TO_TWIST)
}

/// The simplified map of Shallue, van de Woestijne and Ulas to the isogenous curve, then the isogeny.
fn map<R: Over<E>, E: Copy>(field: &mut R, u: &E, curve: &Isogenous<E>) -> Point<E> {
    let one = &R::ONE;
    let [mut zeta_u2, mut t, mut numerator, mut denominator, mut x, mut square, mut y] = [R::ZERO; 7];
    field.square(&mut t, u);
    field.dot(&mut zeta_u2, [(&t, &curve.zeta)]);
    field.dot(&mut t, [(&zeta_u2, &zeta_u2), (&zeta_u2, one)]);
    // x = b (t + 1) / (-a t), or b / (zeta a) for t = 0.
    field.dot(&mut numerator, [(&t, &curve.b), (&curve.b, one)]);
    if field.is_zero(&t) {
        field.dot(&mut denominator, [(&curve.zeta, &curve.a)]);
    } else {
        field.dot(&mut denominator, [(&t, &curve.minus_a)]);
    }
    field.invert(&mut t, &denominator);
    field.dot(&mut x, [(&numerator, &t)]);
    right_side(field, &mut square, &x, curve);
    if !field.root(&mut y, &square) {
        // Then the right side at zeta u^2 x is a square.
        t = x;
        field.dot(&mut x, [(&zeta_u2, &t)]);
        right_side(field, &mut square, &x, curve);
        field.root(&mut y, &square);
    }
    if field.sign(u) != field.sign(&y) {
        t = y;
        field.scale::<-1>(&mut y, &t);
    }
    isogeny(field, &x, &y, curve)
}

/// out := x^3 + a x + b.
fn right_side<R: Over<E>, E: Copy>(field: &mut R, out: &mut E, x: &E, curve: &Isogenous<E>) {
    let mut square = R::ZERO;
    field.square(&mut square, x);
    field.dot(out, [(&square, x), (&curve.a, x), (&curve.b, &R::ONE)]);
}

/// The isogeny. Where a denominator vanishes, its value is infinity, which z = 0 says.
fn isogeny<R: Over<E>, E: Copy>(field: &mut R, x: &E, y: &E, curve: &Isogenous<E>) -> Point<E> {
    let polynomials = [curve.x_numerator, curve.x_denominator, curve.y_numerator, curve.y_denominator];
    let [x_numerator, x_denominator, y_numerator, y_denominator] =
        polynomials.map(|coefficients| evaluate(field, coefficients, x));
    // z = x_d y_d, x = x_n / x_d * z^2, y = y y_n / y_d * z^3
    let mut image = Point { x: R::ZERO, y: R::ZERO, z: R::ZERO };
    let [mut s, mut t] = [R::ZERO; 2];
    field.dot(&mut image.z, [(&x_denominator, &y_denominator)]);
    field.dot(&mut t, [(&x_numerator, &y_denominator)]);
    field.dot(&mut image.x, [(&t, &image.z)]);
    field.dot(&mut s, [(&x_denominator, y)]);
    field.dot(&mut t, [(&s, &y_numerator)]);
    field.square(&mut s, &image.z);
    field.dot(&mut image.y, [(&s, &t)]);
    image
}

/// The polynomial at x.
fn evaluate<R: Over<E>, E: Copy>(field: &mut R, coefficients: &[E], x: &E) -> E {
    let mut coefficients = coefficients.iter().rev();
    let mut value = coefficients.next().copied().unwrap_or(R::ZERO);
    for coefficient in coefficients {
        let last = value;
        field.dot(&mut value, [(&last, x), (coefficient, &R::ONE)]);
    }
    value
}

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this")]
const fn elements<const L: usize>(native: &[Fq]) -> [Fe<12>; L] {
    assert!(native.len() == L);
    let (mut all, mut i) = ([[0; 12]; L], 0);
    while i < L {
        all[i] = element(native[i]);
        i += 1;
    }
    all
}

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this")]
const fn elements2<const L: usize>(native: &[Fq2]) -> [Fe2<12>; L] {
    assert!(native.len() == L);
    let (mut all, mut i) = ([[[0; 12]; 2]; L], 0);
    while i < L {
        all[i] = element2(&native[i]);
        i += 1;
    }
    all
}

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this")]
const fn is_zero(a: &Fe<12>) -> bool {
    let mut i = 0;
    while i < 12 {
        if a[i] != 0 {
            return false;
        }
        i += 1;
    }
    true
}

//! The two groups: their endomorphisms, membership, cofactors, and sums of multiples.

use super::encoding::{G1, G2};
use super::parameters::{BETA, Bls12381, Field, LATTICE, ORDER, PARAMETER, PARAMETER_INVERSE};
use crate::arithmetic::{Fe, Fe2, Over};
use crate::curve::scalar::{Half, half, rounded_quotient};
use crate::curve::{Group, Multiple, Point};
use crate::limbs::{U256, ZERO, from_be_bytes, sub};
use crate::pairing::Parameters;
use alloc::vec::Vec;
use ashlar_abi::Accelerators;

/// Whether a point of the curve is in the first group: whether (x, y) -> (BETA x, y) multiplies it by minus the square of
/// the curve's parameter (<https://eprint.iacr.org/2021/1130>, section 6).
pub(super) fn is_in_first_group<A: Accelerators>(field: &mut Field<A>, [x, y]: &G1) -> bool {
    let mut multiple = Field::<A>::point(&[*x, *y]);
    times_parameter(field, &mut multiple);
    times_parameter(field, &mut multiple);
    let mut image = [*x, *y];
    let [image_x, image_y] = &mut image;
    field.mul(image_x, x, &BETA);
    field.scale::<-1>(image_y, y);
    field.is_point(&multiple, &image)
}

/// Whether a point of the twist is in the second group: whether psi multiplies it by the curve's parameter, which is
/// negative (the same, section 4).
pub(super) fn is_in_second_group<A: Accelerators>(field: &mut Field<A>, point: &G2) -> bool {
    let mut multiple = Field::<A>::point(point);
    times_parameter(field, &mut multiple);
    let mut image = Field::<A>::point(point);
    minus_psi(field, &mut image);
    // z stays 1.
    field.is_point(&multiple, &[image.x, image.y])
}

/// p := |x| p for the curve's parameter x.
fn times_parameter<A: Accelerators, E: Copy>(field: &mut Field<A>, p: &mut Point<E>)
where
    Field<A>: Over<E>,
{
    let (base, mut memory) = (*p, [Field::<A>::ZERO; 8]);
    for digit in Bls12381::PARAMETER_DIGITS.iter().rev().skip(1) {
        field.double_in(&mut memory, p);
        if *digit != 0 {
            field.add_in(&mut memory, p, [&base.x, &base.y, &base.z]);
        }
    }
}

/// p := -psi(p), which is |x| p on the second group. psi is the Frobenius map of the curve, carried over to the twist.
fn minus_psi<A: Accelerators>(field: &mut Field<A>, p: &mut Point<Fe2<12>>) {
    let [by_x, by_y] = &Bls12381::PSI;
    let Point { x, y, z } = p;
    for coordinate in [&mut *x, &mut *y, z] {
        field.conjugate(coordinate);
    }
    let [mut new_x, mut new_y] = [Field::<A>::ZERO; 2];
    field.dot(&mut new_x, [(x, by_x)]);
    field.dot(&mut new_y, [(y, by_y)]);
    *x = new_x;
    field.scale::<-1>(y, &new_y);
}

/// The multiple of a point of the curve by 1 - x, which is in the first group (<https://eprint.iacr.org/2019/403>,
/// section 5).
pub(super) fn clear_first_cofactor<A: Accelerators>(field: &mut Field<A>, p: &mut Point<Fe<12>>) {
    let mut multiple = *p;
    times_parameter(field, &mut multiple);
    field.add_point(p, &multiple);
}

/// x^2 - x - 1 times P, plus x - 1 times psi(P), plus psi(psi(2 P)), for a point P of the twist; it is in the second group
/// (<https://eprint.iacr.org/2017/419>, section 4.1).
pub(super) fn clear_second_cofactor<A: Accelerators>(field: &mut Field<A>, p: &mut Point<Fe2<12>>) {
    // With n = |x| and m = -psi: n (n P + m(P)) + n P - P + m(P) + m(m(2 P)).
    let (mut sum, mut image, mut last) = (*p, *p, *p);
    times_parameter(field, &mut sum);
    minus_psi(field, &mut image);
    field.add_point(&mut sum, &image);
    let together = sum;
    times_parameter(field, &mut sum);
    field.add_point(&mut sum, &together);
    field.double(&mut last);
    minus_psi(field, &mut last);
    minus_psi(field, &mut last);
    field.add_point(&mut sum, &last);
    field.negate(p);
    field.add_point(p, &sum);
}

/// The integer modulo the order of the groups.
pub(super) fn reduce<A: Accelerators>(scalar: &[u8; 32]) -> U256 {
    A::modmul256(&from_be_bytes(scalar), &[1, 0, 0, 0, 0, 0, 0, 0], &ORDER)
}

/// The sum of points of the first group times scalars below its order.
pub(super) fn sum_in_first_group<A: Accelerators>(
    field: &mut Field<A>,
    pairs: &[(G1, U256)],
) -> Point<Fe<12>> {
    let mut multiples = Vec::with_capacity(2 * pairs.len());
    for (point, scalar) in pairs {
        let (a, b) = LATTICE.split::<A>(scalar);
        let first = Multiple::new(field, &Field::<A>::point(point), &a);
        let second = first.of_image(field, &b, |field, point: &mut Point<Fe<12>>| {
            field.mul_assign(&mut point.x, &BETA);
        });
        multiples.extend([first, second]);
    }
    Multiple::sum(field, &multiples)
}

/// The sum of points of the second group times scalars below its order.
pub(super) fn sum_in_second_group<A: Accelerators>(
    field: &mut Field<A>,
    pairs: &[(G2, U256)],
) -> Point<Fe2<12>> {
    let mut multiples = Vec::with_capacity(4 * pairs.len());
    for (point, scalar) in pairs {
        let [d0, d1, d2, d3] = digits::<A>(scalar);
        let mut last = Multiple::new(field, &Field::<A>::point(point), &d0);
        for digit in [d1, d2, d3] {
            let next = last.of_image(field, &digit, minus_psi);
            multiples.push(last);
            last = next;
        }
        multiples.push(last);
    }
    Multiple::sum(field, &multiples)
}

/// Digits d_i of at most 64 bits with d0 + d1 |x| + d2 |x|^2 + d3 |x|^3 = scalar modulo the order, for a scalar below it.
fn digits<A: Accelerators>(scalar: &U256) -> [Half; 4] {
    // LAMBDA = -x^2.
    let (a, mut b) = LATTICE.split::<A>(scalar);
    b.negative = !b.negative;
    let ([d0, d1], [d2, d3]) = (halve::<A>(&a), halve::<A>(&b));
    [d0, d1, d2, d3]
}

/// d and q with d + q |x| = number: q is the nearest integer to number / |x|.
fn halve<A: Accelerators>(number: &Half) -> [Half; 2] {
    let [w0, w1, w2, w3] = number.magnitude;
    let magnitude = [w0, w1, w2, w3, 0, 0, 0, 0];
    // PARAMETER_INVERSE is 2^319 / |x|, so 2^65 of the 2^384 that are divided by are missing.
    let scaled = A::modmul256(&magnitude, &[0, 0, 2, 0, 0, 0, 0, 0], &ZERO);
    let quotient = rounded_quotient::<A>(&scaled, &PARAMETER_INVERSE);
    let (rest, _) = sub(&magnitude, &A::modmul256(&quotient, &PARAMETER, &ZERO));
    [rest, quotient].map(|part| {
        let Half { negative, magnitude } = half(&part);
        Half { negative: negative != number.negative, magnitude }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bls12_381::Fr;
    use ark_ff::{AdditiveGroup as _, Field as _, PrimeField as _};
    use ashlar_abi::Reference;
    use proptest::prelude::*;

    fn assert_recombines(bytes: [u8; 32]) {
        let scalar = reduce::<Reference>(&bytes);
        let expected = Fr::from_be_bytes_mod_order(&bytes);
        let native = |half: &Half| {
            let magnitude = Fr::from(u128::from_le_bytes(bytemuck::cast(half.magnitude)));
            if half.negative { -magnitude } else { magnitude }
        };
        let digits = digits::<Reference>(&scalar);
        let x = Fr::from(0xd201_0000_0001_0000_u64);
        assert_eq!(digits.iter().rev().fold(Fr::ZERO, |sum, digit| sum * x + native(digit)), expected);
        assert!(digits.iter().all(|digit| digit.magnitude[2..] == [0, 0]));
        let (a, b) = LATTICE.split::<Reference>(&scalar);
        assert_eq!(native(&a) - native(&b) * x.square(), expected);
    }

    proptest! {
        #[test]
        fn splits_recombine(bytes: [u8; 32]) {
            assert_recombines(bytes);
        }
    }

    #[test]
    fn splits_of_extreme_scalars_recombine() {
        for shift in 0..256 {
            let mut bytes = [0; 32];
            bytes[31 - shift / 8] = 1 << (shift % 8);
            assert_recombines(bytes);
            bytes.iter_mut().for_each(|byte| *byte = !*byte);
            assert_recombines(bytes);
        }
        let order = crate::limbs::to_be_bytes(&ORDER);
        let (mut below, mut above) = (order, order);
        below[31] -= 1;
        above[31] += 1;
        [order, below, above, [0; 32]].into_iter().for_each(assert_recombines);
    }
}

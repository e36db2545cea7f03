//! Splitting a scalar into two halves by the curve's endomorphism.

use super::constants::{A1, A2, G1, G2, MINUS_B1};
use crate::limbs::{U256, ZERO, add, sub, wrapping_neg};
use ashlar_abi::Accelerators;

/// A number of at most 128 bits, with its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Half {
    pub(super) negative: bool,
    pub(super) magnitude: [u32; 4],
}

/// Halves (a, b) of `scalar` with a + b LAMBDA = scalar mod N, for scalar < N.
///
/// With c1 and c2 the integers nearest to scalar * A1 / N and scalar * MINUS_B1 / N, the pair is (scalar, 0) minus c1
/// times the first vector of the lattice's basis minus c2 times the second: equal to `scalar` whatever c1 and c2 are.
/// Each c differs from the exact quotient by at most 1/2 for its own rounding and 2^-129 for that of `G1`, `G2`; so
/// |a| <= (1/2 + 2^-129)(A1 + A2) < 0.64 * 2^128 and |b| <= (1/2 + 2^-129)(MINUS_B1 + A1) < 0.55 * 2^128.
#[inline]
pub(super) fn split<A: Accelerators>(scalar: &U256) -> (Half, Half) {
    // Products modulo 2^256 (the accelerator's modulus 0): exact in the end, since the results are small.
    let product = |x: &U256, y: &U256| A::modmul256(x, y, &ZERO);
    let c1 = rounded_quotient::<A>(scalar, &G1);
    let c2 = rounded_quotient::<A>(scalar, &G2);
    let (c_a, _) = add(&product(&c1, &A1), &product(&c2, &A2));
    let (a, _) = sub(scalar, &c_a);
    let (b, _) = sub(&product(&c1, &MINUS_B1), &product(&c2, &A1));
    (half(&a), half(&b))
}

/// The integer nearest to x * y / 2^384.
#[inline(always)]
fn rounded_quotient<A: Accelerators>(x: &U256, y: &U256) -> U256 {
    let [.., w3, w4, w5, w6, w7] = high_product::<A>(x, y);
    let high = [w4, w5, w6, w7, 0, 0, 0, 0];
    add(&high, &[w3 >> 31, 0, 0, 0, 0, 0, 0, 0]).0
}

/// The high 256 bits of the product.
///
/// With L and H its halves, L = xy mod 2^256, and L + H = xy mod 2^256 - 1: two products give H modulo 2^256 - 1, which
/// determines it, as H is at most 2^256 - 2.
#[inline(always)]
fn high_product<A: Accelerators>(x: &U256, y: &U256) -> U256 {
    let low = A::modmul256(x, y, &ZERO);
    let sum = A::modmul256(x, y, &[u32::MAX; 8]);
    let (difference, borrow) = sub(&sum, &low);
    // Adding 2^256 - 1 is subtracting 1 modulo 2^256.
    if borrow { sub(&difference, &[1, 0, 0, 0, 0, 0, 0, 0]).0 } else { difference }
}

/// Sign and magnitude of a two's complement number of at most 128 bits.
#[inline(always)]
fn half(number: &U256) -> Half {
    let [.., top] = number;
    let negative = top >> 31 == 1;
    let [w0, w1, w2, w3, ..] = if negative { wrapping_neg(number) } else { *number };
    Half { negative, magnitude: [w0, w1, w2, w3] }
}

//! Splitting scalars into short parts.

use crate::limbs::{U256, ZERO, add, sub, wrapping_neg};
use ashlar_abi::Accelerators;

/// A number of at most 128 bits, with its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) negative: bool,
    pub(crate) magnitude: [u32; 4],
}

/// A basis (a1, -minus_b1), (a2, b2) of the lattice of all (a, b) with a + b LAMBDA = 0 modulo the order N, of
/// determinant N. Numbers modulo 2^256, so a negative one is in two's complement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lattice {
    pub(crate) a1: U256,
    pub(crate) minus_b1: U256,
    pub(crate) a2: U256,
    pub(crate) b2: U256,
    /// 2^(384 - shift) b2 / N, rounded to the nearest integer.
    pub(crate) g1: U256,
    /// 2^(384 - shift) minus_b1 / N, rounded to the nearest integer, or 0 if that is negative.
    pub(crate) g2: U256,
    /// 2^shift, with 2^shift N < 2^256.
    pub(crate) scale: u32,
}

impl Lattice {
    /// Halves (a, b) of `scalar` with a + b LAMBDA = scalar mod N, for scalar < N.
    ///
    /// With c1 and c2 near scalar * b2 / N and scalar * minus_b1 / N, the pair is (scalar, 0) minus c1 times the first
    /// vector minus c2 times the second: equal to `scalar` whatever c1 and c2 are. Each c differs from the exact quotient
    /// by at most 1/2 for its own rounding and 2^-129 for that of g1, g2 (or by at most 1 where g2 is not the quotient);
    /// every user of a lattice shows that its halves are below 2^128.
    #[inline]
    pub(crate) fn split<A: Accelerators>(&self, scalar: &U256) -> (Half, Half) {
        // Products modulo 2^256 (the accelerator's modulus 0): exact in the end, since the results are small.
        let product = |x: &U256, y: &U256| A::modmul256(x, y, &ZERO);
        let scaled = product(scalar, &[self.scale, 0, 0, 0, 0, 0, 0, 0]);
        let c1 = rounded_quotient::<A>(&scaled, &self.g1);
        let c2 = rounded_quotient::<A>(&scaled, &self.g2);
        let (c_a, _) = add(&product(&c1, &self.a1), &product(&c2, &self.a2));
        let (a, _) = sub(scalar, &c_a);
        let (b, _) = sub(&product(&c1, &self.minus_b1), &product(&c2, &self.b2));
        (half(&a), half(&b))
    }
}

/// The integer nearest to x * y / 2^384.
#[inline(always)]
pub(crate) fn rounded_quotient<A: Accelerators>(x: &U256, y: &U256) -> U256 {
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
pub(crate) fn half(number: &U256) -> Half {
    let [.., top] = number;
    let negative = top >> 31 == 1;
    let [w0, w1, w2, w3, ..] = if negative { wrapping_neg(number) } else { *number };
    Half { negative, magnitude: [w0, w1, w2, w3] }
}

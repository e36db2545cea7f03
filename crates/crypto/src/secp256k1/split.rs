//! Splitting a scalar into two halves by the curve's endomorphism.

use super::constants::{A1, A2, G1, G2, MINUS_B1};
use crate::curve::scalar::{Half, Lattice};
use crate::limbs::U256;
use ashlar_abi::Accelerators;

/// b2 = a1.
const LATTICE: Lattice = Lattice { a1: A1, minus_b1: MINUS_B1, a2: A2, b2: A1, g1: G1, g2: G2, scale: 1 };

/// Halves (a, b) of `scalar` with a + b LAMBDA = scalar mod N, for scalar < N.
///
/// |a| <= (1/2 + 2^-129)(A1 + A2) < 0.64 * 2^128 and |b| <= (1/2 + 2^-129)(MINUS_B1 + A1) < 0.55 * 2^128.
#[inline]
pub(super) fn split<A: Accelerators>(scalar: &U256) -> (Half, Half) {
    LATTICE.split::<A>(scalar)
}

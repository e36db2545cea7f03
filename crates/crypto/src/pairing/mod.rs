//! The optimal ate pairing on curves of embedding degree 12, and whether a product of pairings is one.

mod cyclotomic;
mod exponentiation;
mod miller;
mod power;
#[cfg(test)]
mod tests;
mod tower;

use crate::arithmetic::{Arith, Fe, Fe2, Prime};
use crate::curve::Affine;
use crate::multiplier::Multiplier;
use alloc::vec::Vec;
use miller::Pair;

/// The families of curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Barreto and Naehrig's.
    Bn,
    /// Barreto, Lynn and Scott's of degree 12.
    Bls12,
}

/// A curve y^2 = x^3 + b with its twist y^2 = x^3 + b' over the quadratic extension.
pub(crate) trait Parameters<const W: usize>: Prime<W> {
    /// The family.
    const FAMILY: Family;
    /// xi = XI + u, of which w is the sixth root that generates the extension of degree 12.
    const XI: i32;
    /// xi^((p - 1) / 6).
    const GAMMA: Fe2<W>;
    /// -3 b'.
    const MINUS_3B: Fe2<W>;
    /// 1 for a twist by (x, y) -> (x w^2, y w^3), 2 for one by (x / w^2, y / w^3): the power of w that the x coordinate of
    /// the first point has in a line.
    const LINE_X: usize;
    /// The Frobenius map on the twist takes (x, y) to the conjugate of x times the first, and of y times the second.
    const PSI: [Fe2<W>; 2];
    /// Signed binary digits of the Miller loop's length, least significant first: 6x + 2 for [`Family::Bn`], |x| for
    /// [`Family::Bls12`].
    const LOOP_DIGITS: &'static [i8];
    /// Digits of |x|, least significant first: 0 or odd and at most 7 in absolute value for [`Family::Bn`], bits for
    /// [`Family::Bls12`].
    const PARAMETER_DIGITS: &'static [i8];
    /// Whether the parameter x is negative.
    const PARAMETER_IS_NEGATIVE: bool;
}

/// A finite point of the first group.
pub(crate) type First<const W: usize> = Affine<Fe<W>>;

/// A finite point of the twist.
pub(crate) type Second<const W: usize> = Affine<Fe2<W>>;

impl<A: Multiplier<W>, F: Parameters<W>, const W: usize> Arith<A, F, W> {
    /// Whether the product of the pairings of the pairs is one, or `None` if the second point of a pair is not in its
    /// group. A first point that is `None` is infinity.
    pub(crate) fn product_is_one(&mut self, pairs: &[(Option<First<W>>, Second<W>)]) -> Option<bool> {
        let mut pairs: Vec<Pair<W>> = pairs.iter().map(|(p, q)| self.pair(p.as_ref(), q)).collect();
        let mut product = Self::ONE_12;
        self.miller_loop(&mut product, &mut pairs);
        if !pairs.iter().all(|pair| self.is_in_group(pair)) {
            return None;
        }
        // Without a pair of finite points there is nothing to exponentiate.
        Some(pairs.iter().all(Pair::is_trivial) || self.exponentiates_to_one(&mut product))
    }

    /// Whether all second points are in their group.
    pub(crate) fn are_in_group(&mut self, pairs: &[(Option<First<W>>, Second<W>)]) -> bool {
        let mut pairs: Vec<Pair<W>> = pairs.iter().map(|(_, q)| self.pair(None, q)).collect();
        let mut product = Self::ONE_12;
        self.miller_loop(&mut product, &mut pairs);
        pairs.iter().all(|pair| self.is_in_group(pair))
    }
}

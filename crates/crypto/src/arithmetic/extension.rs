//! The quadratic extension by u^2 = -1, and formulas over either field.

use super::power::half;
use super::{Arith, Fe, Prime, TERMS_MAX, integer, sum};
use crate::multiplier::Multiplier;

/// c0 + c1 u.
pub(crate) type Fe2<const W: usize> = [Fe<W>; 2];

/// Arithmetic of elements E, so that a formula serves the base field and its extension.
pub(crate) trait Over<E> {
    /// Zero.
    const ZERO: E;
    /// One.
    const ONE: E;
    /// Minus one.
    const MINUS_ONE: E;
    /// See [`Prime::CURVE_A_IS_MINUS_THREE`].
    const CURVE_A_IS_MINUS_THREE: bool;

    /// out := the sum of the products of the pairs.
    fn dot<const T: usize>(&mut self, out: &mut E, terms: [(&E, &E); T]);

    /// out := a^2.
    fn square(&mut self, out: &mut E, a: &E);

    /// out := K a.
    fn scale<const K: i32>(&mut self, out: &mut E, a: &E);

    /// out := a + b.
    fn add(&mut self, out: &mut E, a: &E, b: &E);

    /// out := 1 / a, and 0 for a = 0.
    fn invert(&mut self, out: &mut E, a: &E);

    /// Whether a is a square; then out := a square root of it, canonical.
    fn root(&mut self, out: &mut E, a: &E) -> bool;

    /// The sign of RFC 9380, section 4.1, which is that of -a for zero only.
    fn sign(&self, a: &E) -> bool;

    /// Whether a is zero.
    fn is_zero(&self, a: &E) -> bool;

    /// Whether a = b.
    fn equal(&self, a: &E, b: &E) -> bool;
}

impl<A: Multiplier<W>, F: Prime<W>, const W: usize> Over<Fe<W>> for Arith<A, F, W> {
    const ZERO: Fe<W> = [0; W];
    const ONE: Fe<W> = Self::ONE;
    const MINUS_ONE: Fe<W> = F::MINUS_ONE;
    const CURVE_A_IS_MINUS_THREE: bool = F::CURVE_A_IS_MINUS_THREE;

    #[inline(always)]
    fn dot<const T: usize>(&mut self, out: &mut Fe<W>, terms: [(&Fe<W>, &Fe<W>); T]) {
        self.dot_base(out, terms);
    }

    #[inline(always)]
    fn square(&mut self, out: &mut Fe<W>, a: &Fe<W>) {
        self.mul(out, a, a);
    }

    #[inline(always)]
    fn scale<const K: i32>(&mut self, out: &mut Fe<W>, a: &Fe<W>) {
        self.mul(out, a, &const { integer(&F::P, K) });
    }

    #[inline(always)]
    fn add(&mut self, out: &mut Fe<W>, a: &Fe<W>, b: &Fe<W>) {
        self.add_base(out, a, b);
    }

    #[inline(always)]
    fn invert(&mut self, out: &mut Fe<W>, a: &Fe<W>) {
        self.invert_base(out, a);
    }

    fn root(&mut self, out: &mut Fe<W>, a: &Fe<W>) -> bool {
        let mut square = [0; W];
        self.root_or_of_opposite(out, a);
        self.mul(&mut square, out, out);
        self.equal_base(&square, a)
    }

    fn sign(&self, a: &Fe<W>) -> bool {
        self.canonical(a).first().is_some_and(|lowest| lowest & 1 == 1)
    }

    #[inline(always)]
    fn is_zero(&self, a: &Fe<W>) -> bool {
        self.is_zero_base(a)
    }

    #[inline(always)]
    fn equal(&self, a: &Fe<W>, b: &Fe<W>) -> bool {
        self.equal_base(a, b)
    }
}

impl<A: Multiplier<W>, F: Prime<W>, const W: usize> Over<Fe2<W>> for Arith<A, F, W> {
    const ZERO: Fe2<W> = [[0; W]; 2];
    const ONE: Fe2<W> = [Self::ONE, [0; W]];
    const MINUS_ONE: Fe2<W> = [F::MINUS_ONE, [0; W]];
    const CURVE_A_IS_MINUS_THREE: bool = F::CURVE_A_IS_MINUS_THREE;

    /// Four products and a negation per pair: the three products of Karatsuba's formula take three more sums.
    #[inline(always)]
    fn dot<const T: usize>(&mut self, out: &mut Fe2<W>, terms: [(&Fe2<W>, &Fe2<W>); T]) {
        const { assert!(2 * T <= TERMS_MAX) };
        let [real, imaginary] = out;
        for ([first, second], ([a0, a1], [b0, b1])) in self.pairs().zip(terms) {
            A::mul_into(first, a0, b0, &F::P);
            A::mul_into(second, a1, &F::MINUS_ONE, &F::P);
            A::mul_assign(second, b1, &F::P);
        }
        sum::<F, W, 2, T>(real, &self.products);
        for ([first, second], ([a0, a1], [b0, b1])) in self.pairs().zip(terms) {
            A::mul_into(first, a0, b1, &F::P);
            A::mul_into(second, a1, b0, &F::P);
        }
        sum::<F, W, 2, T>(imaginary, &self.products);
    }

    #[inline(always)]
    fn square(&mut self, out: &mut Fe2<W>, [a0, a1]: &Fe2<W>) {
        let [real, imaginary] = out;
        self.scale::<-1>(imaginary, a1);
        self.dot_base(real, [(a0, a0), (a1, imaginary)]);
        self.scale::<2>(imaginary, a0);
        self.mul_assign(imaginary, a1);
    }

    #[inline(always)]
    fn scale<const K: i32>(&mut self, [c0, c1]: &mut Fe2<W>, [a0, a1]: &Fe2<W>) {
        self.scale::<K>(c0, a0);
        self.scale::<K>(c1, a1);
    }

    #[inline(always)]
    fn add(&mut self, [c0, c1]: &mut Fe2<W>, [a0, a1]: &Fe2<W>, [b0, b1]: &Fe2<W>) {
        self.add_base(c0, a0, b0);
        self.add_base(c1, a1, b1);
    }

    fn invert(&mut self, out: &mut Fe2<W>, [a0, a1]: &Fe2<W>) {
        let (mut norm, mut inverse) = ([0; W], [0; W]);
        self.dot_base(&mut norm, [(a0, a0), (a1, a1)]);
        self.invert_base(&mut inverse, &norm);
        let [c0, c1] = out;
        self.mul(c0, a0, &inverse);
        self.negate(&mut inverse);
        self.mul(c1, a1, &inverse);
    }

    /// With n the root of the norm a0^2 + a1^2 and d = (a0 + n) / 2, a root is (t, a1 / 2t) for t^2 = d, and (a1 / 2t, t)
    /// for t^2 = -d: then a1^2 / 4t^2 = (a0 - n) / 2.
    fn root(&mut self, out: &mut Fe2<W>, [a0, a1]: &Fe2<W>) -> bool {
        let [mut t, mut n, mut d] = [[0; W]; 3];
        self.dot_base(&mut t, [(a0, a0), (a1, a1)]);
        if !self.root(&mut n, &t) {
            return false;
        }
        let half = &const { half(&F::P) };
        self.dot_base(&mut d, [(a0, half), (&n, half)]);
        if self.is_zero_base(&d) {
            // n = -a0 and a1 = 0: the other root of the norm is a0.
            d = *a0;
        }
        let d_is_square = self.root(&mut t, &d);
        self.mul(&mut d, &t, &const { integer(&F::P, 2) });
        self.invert_base(&mut n, &d);
        self.mul_assign(&mut n, a1);
        *out = if d_is_square { [t, n] } else { [n, t] };
        true
    }

    fn sign(&self, [a0, a1]: &Fe2<W>) -> bool {
        if self.is_zero_base(a0) { self.sign(a1) } else { self.sign(a0) }
    }

    fn is_zero(&self, [a0, a1]: &Fe2<W>) -> bool {
        self.is_zero_base(a0) && self.is_zero_base(a1)
    }

    fn equal(&self, [a0, a1]: &Fe2<W>, [b0, b1]: &Fe2<W>) -> bool {
        self.equal_base(a0, b0) && self.equal_base(a1, b1)
    }
}

impl<A: Multiplier<W>, F: Prime<W>, const W: usize> Arith<A, F, W> {
    /// The memory for products, two by two.
    #[inline(always)]
    fn pairs(&mut self) -> impl Iterator<Item = &mut [Fe<W>; 2]> {
        self.products.as_chunks_mut::<2>().0.iter_mut()
    }

    /// out := the sum of products a b, each given with minus the imaginary part of b.
    #[inline(always)]
    pub(crate) fn dot_signed<const T: usize>(
        &mut self,
        [real, imaginary]: &mut Fe2<W>,
        terms: [(&Fe2<W>, &Fe2<W>, &Fe<W>); T],
    ) {
        const { assert!(2 * T <= TERMS_MAX) };
        for ([first, second], ([a0, a1], [b0, _], minus_b1)) in self.pairs().zip(terms) {
            A::mul_into(first, a0, b0, &F::P);
            A::mul_into(second, a1, minus_b1, &F::P);
        }
        sum::<F, W, 2, T>(real, &self.products);
        for ([first, second], ([a0, a1], [b0, b1], _)) in self.pairs().zip(terms) {
            A::mul_into(first, a0, b1, &F::P);
            A::mul_into(second, a1, b0, &F::P);
        }
        sum::<F, W, 2, T>(imaginary, &self.products);
    }

    /// out := a times an element of the base field.
    #[inline(always)]
    pub(crate) fn scale_by(&self, [c0, c1]: &mut Fe2<W>, [a0, a1]: &Fe2<W>, factor: &Fe<W>) {
        self.mul(c0, a0, factor);
        self.mul(c1, a1, factor);
    }

    /// The conjugate, c0 - c1 u.
    #[inline(always)]
    pub(crate) fn conjugate(&self, [_, c1]: &mut Fe2<W>) {
        self.negate(c1);
    }
}

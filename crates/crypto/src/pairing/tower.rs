//! The extension of degree 12 as polynomials of degree 5 in w over the quadratic one, with w^6 = xi.
//!
//! Flat and by the schoolbook, because a sum costs more than a product: a tower with Karatsuba's formula at its levels
//! halves the products and doubles the sums.

use super::Parameters;
use crate::arithmetic::{Arith, Fe, Fe2, Over, integer};
use crate::multiplier::Multiplier;

/// The sum of the c_i w^i.
pub(super) type Fe12<const W: usize> = [Fe2<W>; 6];

/// A line, first + x w^LINE_X + last w^3, and memory for what its product with an element takes.
#[derive(Clone, Debug)]
pub(super) struct Line<const W: usize> {
    pub(super) first: Fe2<W>,
    pub(super) x: Fe2<W>,
    pub(super) last: Fe2<W>,
    xi_x: Fe2<W>,
    xi_last: Fe2<W>,
    /// Minus the imaginary parts of the others.
    minus: [Fe<W>; 5],
}

impl<const W: usize> Line<W> {
    pub(super) const ZERO: Self = {
        let zero = [[0; W]; 2];
        Self { first: zero, x: zero, last: zero, xi_x: zero, xi_last: zero, minus: [[0; W]; 5] }
    };
}

impl<A: Multiplier<W>, F: Parameters<W>, const W: usize> Arith<A, F, W> {
    pub(super) const ONE_12: Fe12<W> = {
        let zero = [[0; W]; 2];
        [[Self::ONE, [0; W]], zero, zero, zero, zero, zero]
    };

    /// out := xi a = (XI a0 - a1) + (XI a1 + a0) u.
    pub(super) fn mul_xi(&mut self, [real, imaginary]: &mut Fe2<W>, [a0, a1]: &Fe2<W>) {
        let xi = &const { integer(&F::P, F::XI) };
        self.dot_base(real, [(a0, xi), (a1, &F::MINUS_ONE)]);
        self.dot_base(imaginary, [(a1, xi), (a0, &Self::ONE)]);
    }

    /// Minus the imaginary parts.
    fn minus_imaginary<const L: usize>(&self, minus: &mut [Fe<W>; L], elements: [&Fe2<W>; L]) {
        for (minus, [_, imaginary]) in minus.iter_mut().zip(elements) {
            self.mul(minus, imaginary, &F::MINUS_ONE);
        }
    }

    /// out := a b.
    #[inline(never)]
    pub(super) fn mul_12(&mut self, out: &mut Fe12<W>, a: &Fe12<W>, b: &Fe12<W>) {
        let [b0, b1, b2, b3, b4, b5] = b;
        let mut xi_b = [<Self as Over<Fe2<W>>>::ZERO; 5];
        for (xi_b, b) in xi_b.iter_mut().zip([b1, b2, b3, b4, b5]) {
            self.mul_xi(xi_b, b);
        }
        // The coefficient of w^(k + 5) of a polynomial that is b from w^5 on and, lower, b times xi / w^6.
        let [x1, x2, x3, x4, x5] = &xi_b;
        let unrolled = [x1, x2, x3, x4, x5, b0, b1, b2, b3, b4, b5];
        let mut minus = [[0; W]; 11];
        self.minus_imaginary(&mut minus, unrolled);
        for ((out, b), minus) in out.iter_mut().zip(unrolled.windows(6)).zip(minus.windows(6)) {
            let mut terms = [(b0, b0, &Self::ONE); 6];
            for (term, (a, (b, minus))) in terms.iter_mut().zip(a.iter().zip(b.iter().zip(minus).rev())) {
                *term = (a, b, minus);
            }
            self.dot_signed(out, terms);
        }
    }

    /// out := a^2.
    #[inline(never)]
    pub(super) fn square_12(&mut self, out: &mut Fe12<W>, a: &Fe12<W>) {
        let [a0, a1, a2, a3, a4, a5] = a;
        let mut doubled = [<Self as Over<Fe2<W>>>::ZERO; 5];
        for (doubled, a) in doubled.iter_mut().zip(a) {
            self.scale::<2>(doubled, a);
        }
        let mut xi_a = [<Self as Over<Fe2<W>>>::ZERO; 3];
        for (xi_a, a) in xi_a.iter_mut().zip([a3, a4, a5]) {
            self.mul_xi(xi_a, a);
        }
        let ([d0, d1, d2, d3, d4], [x3, x4, x5]) = (&doubled, &xi_a);
        let [c0, c1, c2, c3, c4, c5] = out;
        self.dot(c0, [(a0, a0), (d1, x5), (d2, x4), (a3, x3)]);
        self.dot(c1, [(d0, a1), (d2, x5), (d3, x4)]);
        self.dot(c2, [(d0, a2), (a1, a1), (d3, x5), (a4, x4)]);
        self.dot(c3, [(d0, a3), (d1, a2), (d4, x5)]);
        self.dot(c4, [(d0, a4), (d1, a3), (a2, a2), (a5, x5)]);
        self.dot(c5, [(d0, a5), (d1, a4), (d2, a3)]);
    }

    /// Fills in what follows from the coefficients of the line.
    fn complete(&mut self, line: &mut Line<W>) {
        let Line { first, x, last, xi_x, xi_last, minus } = line;
        self.mul_xi(xi_x, x);
        self.mul_xi(xi_last, last);
        self.minus_imaginary(minus, [first, x, last, xi_x, xi_last]);
    }

    /// out := a times the line.
    #[inline(never)]
    pub(super) fn mul_line(&mut self, out: &mut Fe12<W>, a: &Fe12<W>, line: &mut Line<W>) {
        self.complete(line);
        let Line {
            first,
            x,
            last,
            xi_x,
            xi_last,
            minus: [minus_first, minus_x, minus_last, minus_xi_x, minus_xi_last],
        } = &*line;
        let [a0, a1, a2, a3, a4, a5] = a;
        let [c0, c1, c2, c3, c4, c5] = out;
        // The coefficients of a that meet that of w^LINE_X, for each coefficient of the result.
        let [x0, x1, x2, x3, x4, x5] =
            if F::LINE_X == 1 { [a5, a0, a1, a2, a3, a4] } else { [a4, a5, a0, a1, a2, a3] };
        let factor = |a, wraps| if wraps { (a, xi_x, minus_xi_x) } else { (a, x, minus_x) };
        let last = |a, wraps| if wraps { (a, xi_last, minus_xi_last) } else { (a, last, minus_last) };
        let first = |a| (a, first, minus_first);
        self.dot_signed(c0, [first(a0), factor(x0, true), last(a3, true)]);
        self.dot_signed(c1, [first(a1), factor(x1, F::LINE_X == 2), last(a4, true)]);
        self.dot_signed(c2, [first(a2), factor(x2, false), last(a5, true)]);
        self.dot_signed(c3, [first(a3), factor(x3, false), last(a0, false)]);
        self.dot_signed(c4, [first(a4), factor(x4, false), last(a1, false)]);
        self.dot_signed(c5, [first(a5), factor(x5, false), last(a2, false)]);
    }

    /// a^(p^6), which negates w.
    pub(super) fn conjugate_12(&self, [_, c1, _, c3, _, c5]: &mut Fe12<W>) {
        for [real, imaginary] in [c1, c3, c5] {
            self.negate(real);
            self.negate(imaginary);
        }
    }

    /// a^p: each coefficient conjugated, and that of w^i times GAMMA^i.
    pub(super) fn frobenius_12(&mut self, [c0, others @ ..]: &mut Fe12<W>) {
        self.conjugate(c0);
        let mut power = F::GAMMA;
        for c in others {
            self.conjugate(c);
            let conjugate = *c;
            self.dot(c, [(&conjugate, &power)]);
            let last = power;
            self.dot(&mut power, [(&last, &F::GAMMA)]);
        }
    }

    /// out := 1 / a, for a in the extension of degree 6 (even powers of w only).
    ///
    /// For v = w^2 and a = a0 + a1 v + a2 v^2, the product of a with t0 + t1 v + t2 v^2 below is its norm to the
    /// quadratic extension.
    pub(super) fn invert_6(&mut self, out: &mut Fe12<W>, [a0, _, a1, _, a2, _]: &Fe12<W>) {
        let zero: Fe2<W> = Self::ZERO;
        let (mut minus_0, mut minus_1, mut xi_2) = (zero, zero, zero);
        self.scale::<-1>(&mut minus_0, a0);
        self.scale::<-1>(&mut minus_1, a1);
        self.mul_xi(&mut xi_2, a2);
        let (mut t0, mut t1, mut t2) = (zero, zero, zero);
        self.dot(&mut t0, [(a0, a0), (&minus_1, &xi_2)]);
        self.dot(&mut t1, [(a2, &xi_2), (&minus_0, a1)]);
        self.dot(&mut t2, [(a1, a1), (&minus_0, a2)]);
        let (mut xi_t2, mut norm, mut inverse) = (zero, zero, zero);
        self.mul_xi(&mut xi_t2, &t2);
        self.dot(&mut norm, [(a0, &t0), (&xi_2, &t1), (a1, &xi_t2)]);
        self.invert(&mut inverse, &norm);
        *out = [zero; 6];
        let [c0, _, c2, _, c4, _] = out;
        for (c, t) in [(c0, t0), (c2, t1), (c4, t2)] {
            self.dot(c, [(&t, &inverse)]);
        }
    }

    /// Whether a is one.
    pub(super) fn is_one_12(&self, [c0, others @ ..]: &Fe12<W>) -> bool {
        self.equal(c0, &<Self as Over<Fe2<W>>>::ONE) && others.iter().all(|c| self.is_zero(c))
    }
}

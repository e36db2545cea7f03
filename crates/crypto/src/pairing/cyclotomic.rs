//! Elements whose power p^4 - p^2 + 1 is one: what an element is after the easy part of the final exponentiation.

use super::Parameters;
use super::tower::Fe12;
use crate::arithmetic::{Arith, Fe2, integer};
use crate::multiplier::Multiplier;

impl<A: Multiplier<W>, F: Parameters<W>, const W: usize> Arith<A, F, W> {
    /// out := a^2 (Granger and Scott, <https://eprint.iacr.org/2009/565>, section 3.2).
    ///
    /// With s = w^3 the element is (a0 + a3 s) + (a1 + a4 s) w + (a2 + a5 s) w^2.
    #[inline(never)]
    pub(super) fn square_cyclotomic(&mut self, out: &mut Fe12<W>, a: &Fe12<W>) {
        let [a0, a1, a2, a3, a4, a5] = a;
        let [c0, c1, c2, c3, c4, c5] = out;
        self.sum_of_squares(c0, a0, a3, a0);
        self.sum_of_squares(c2, a1, a4, a2);
        self.sum_of_squares(c4, a2, a5, a4);
        self.six_times(c3, a0, a3, a3);
        self.six_times(c5, a1, a4, a5);
        self.six_xi_times(c1, a2, a5, a1);
    }

    /// [`Self::square_cyclotomic`] without the coefficients of 1 and w^3, on which the others do not depend.
    #[inline(never)]
    pub(super) fn square_compressed(&mut self, out: &mut Fe12<W>, [_, a1, a2, _, a4, a5]: &Fe12<W>) {
        let [_, c1, c2, _, c4, c5] = out;
        self.sum_of_squares(c2, a1, a4, a2);
        self.sum_of_squares(c4, a2, a5, a4);
        self.six_times(c5, a1, a4, a5);
        self.six_xi_times(c1, a2, a5, a1);
    }

    /// out := 3 (x^2 + xi y^2) - 2 z.
    #[inline(never)]
    fn sum_of_squares(&mut self, out: &mut Fe2<W>, x: &Fe2<W>, y: &Fe2<W>, z: &Fe2<W>) {
        let ([x0, x1], [y0, y1], [z0, z1]) = (x, y, z);
        let [real, imaginary] = out;
        let minus_two = &const { integer(&F::P, -2) };
        self.dot_scaled(
            real,
            [
                (x0, x0, Some(&const { integer(&F::P, 3) })),
                (x1, x1, Some(&const { integer(&F::P, -3) })),
                (y0, y0, Some(&const { integer(&F::P, 3 * F::XI) })),
                (y1, y1, Some(&const { integer(&F::P, -3 * F::XI) })),
                (y0, y1, Some(&const { integer(&F::P, -6) })),
                (z0, minus_two, None),
            ],
        );
        self.dot_scaled(
            imaginary,
            [
                (x0, x1, Some(&const { integer(&F::P, 6) })),
                (y0, y0, Some(&const { integer(&F::P, 3) })),
                (y1, y1, Some(&const { integer(&F::P, -3) })),
                (y0, y1, Some(&const { integer(&F::P, 6 * F::XI) })),
                (z1, minus_two, None),
            ],
        );
    }

    /// out := 6 x y + 2 z.
    #[inline(never)]
    fn six_times(&mut self, out: &mut Fe2<W>, x: &Fe2<W>, y: &Fe2<W>, z: &Fe2<W>) {
        let ([x0, x1], [y0, y1], [z0, z1]) = (x, y, z);
        let [real, imaginary] = out;
        let six = Some(&const { integer(&F::P, 6) });
        let minus_six = Some(&const { integer(&F::P, -6) });
        let two = &const { integer(&F::P, 2) };
        self.dot_scaled(real, [(x0, y0, six), (x1, y1, minus_six), (z0, two, None)]);
        self.dot_scaled(imaginary, [(x0, y1, six), (x1, y0, six), (z1, two, None)]);
    }

    /// out := 6 xi x y + 2 z.
    #[inline(never)]
    fn six_xi_times(&mut self, out: &mut Fe2<W>, x: &Fe2<W>, y: &Fe2<W>, z: &Fe2<W>) {
        let ([x0, x1], [y0, y1], [z0, z1]) = (x, y, z);
        let [real, imaginary] = out;
        let six = Some(&const { integer(&F::P, 6) });
        let minus_six = Some(&const { integer(&F::P, -6) });
        let six_xi = Some(&const { integer(&F::P, 6 * F::XI) });
        let minus_six_xi = Some(&const { integer(&F::P, -6 * F::XI) });
        let two = &const { integer(&F::P, 2) };
        let terms = [
            (x0, y0, six_xi),
            (x1, y1, minus_six_xi),
            (x0, y1, minus_six),
            (x1, y0, minus_six),
            (z0, two, None),
        ];
        self.dot_scaled(real, terms);
        let terms = [(x0, y1, six_xi), (x1, y0, six_xi), (x0, y0, six), (x1, y1, minus_six), (z1, two, None)];
        self.dot_scaled(imaginary, terms);
    }
}

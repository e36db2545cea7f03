//! Elements whose power p^4 - p^2 + 1 is one: what an element is after the easy part of the final exponentiation.

use super::Parameters;
use super::tower::Fe12;
use crate::arithmetic::{Arith, Fe, Fe2, Over, integer};
use crate::multiplier::Multiplier;
use core::mem::swap;

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

    /// out := 3 (x^2 + xi y^2) - 2 z.
    #[inline(never)]
    fn sum_of_squares(&mut self, out: &mut Fe2<W>, x: &Fe2<W>, y: &Fe2<W>, z: &Fe2<W>) {
        let ([x0, x1], [y0, y1], [z0, z1]) = (x, y, z);
        let mut t = [[0; W]; 5];
        let [t0, t1, t2, t3, t4] = &mut t;
        let [real, imaginary] = out;
        let minus_two = &const { integer(&F::P, -2) };
        self.scale::<3>(t0, x0);
        self.scale::<-3>(t1, x1);
        self.mul(t2, y0, &const { integer(&F::P, 3 * F::XI) });
        self.mul(t3, y1, &const { integer(&F::P, -3 * F::XI) });
        self.scale::<-6>(t4, y0);
        self.dot_base(real, [(t0, x0), (t1, x1), (t2, y0), (t3, y1), (t4, y1), (z0, minus_two)]);
        self.scale::<6>(t0, x0);
        self.scale::<3>(t1, y0);
        self.scale::<-3>(t2, y1);
        self.mul(t3, y0, &const { integer(&F::P, 6 * F::XI) });
        self.dot_base(imaginary, [(t0, x1), (t1, y0), (t2, y1), (t3, y1), (z1, minus_two)]);
    }

    /// out := 6 x y + 2 z.
    #[inline(never)]
    fn six_times(&mut self, out: &mut Fe2<W>, x: &Fe2<W>, y: &Fe2<W>, z: &Fe2<W>) {
        let ([x0, x1], [y0, y1], [z0, z1]) = (x, y, z);
        let (mut t0, mut t1, two) = ([0; W], [0; W], &const { integer(&F::P, 2) });
        let [real, imaginary] = out;
        self.scale::<6>(&mut t0, x0);
        self.scale::<-6>(&mut t1, x1);
        self.dot_base(real, [(&t0, y0), (&t1, y1), (z0, two)]);
        self.scale::<6>(&mut t1, x1);
        self.dot_base(imaginary, [(&t0, y1), (&t1, y0), (z1, two)]);
    }

    /// out := 6 xi x y + 2 z.
    #[inline(never)]
    fn six_xi_times(&mut self, out: &mut Fe2<W>, x: &Fe2<W>, y: &Fe2<W>, z: &Fe2<W>) {
        let ([x0, x1], [y0, y1], [z0, z1]) = (x, y, z);
        let mut t = [[0; W]; 4];
        let [t0, t1, t2, t3] = &mut t;
        let [real, imaginary] = out;
        let two = &const { integer(&F::P, 2) };
        let six_xi: &Fe<W> = &const { integer(&F::P, 6 * F::XI) };
        self.mul(t0, x0, six_xi);
        self.mul(t1, x1, &const { integer(&F::P, -6 * F::XI) });
        self.scale::<-6>(t2, x0);
        self.scale::<-6>(t3, x1);
        self.dot_base(real, [(t0, y0), (t1, y1), (t2, y1), (t3, y0), (z0, two)]);
        self.mul(t1, x1, six_xi);
        self.scale::<6>(t2, x0);
        self.dot_base(imaginary, [(t0, y1), (t1, y0), (t2, y0), (t3, y1), (z1, two)]);
    }

    /// out := a^x for the curve's parameter x.
    pub(super) fn power_of_parameter(&mut self, out: &mut Fe12<W>, a: &Fe12<W>) {
        // a, a^3, a^5, a^7, as many as there are digits.
        let mut table = [*a; 4];
        let (mut square, mut last) = (Self::ONE_12, *a);
        if F::PARAMETER_DIGITS.iter().any(|digit| digit.unsigned_abs() > 1) {
            self.square_cyclotomic(&mut square, a);
            for entry in table.iter_mut().skip(1) {
                self.mul_12(entry, &last, &square);
                last = *entry;
            }
        }
        let (mut current, mut next) = (*a, Self::ONE_12);
        let (mut current, mut next) = (&mut current, &mut next);
        let mut started = false;
        for digit in F::PARAMETER_DIGITS.iter().rev() {
            if started {
                self.square_cyclotomic(next, current);
                swap(&mut current, &mut next);
            }
            if *digit == 0 {
                continue;
            }
            let mut entry = *table.get(usize::from(digit.unsigned_abs() / 2)).unwrap_or(a);
            if *digit < 0 {
                // The inverse is the conjugate.
                self.conjugate_12(&mut entry);
            }
            if started {
                self.mul_12(next, current, &entry);
                swap(&mut current, &mut next);
            } else {
                *current = entry;
                started = true;
            }
        }
        if F::PARAMETER_IS_NEGATIVE {
            self.conjugate_12(current);
        }
        *out = *current;
    }
}

//! The final exponentiation, to a power that is a multiple of (p^12 - 1) / r by a number prime to r: it is one for the
//! same elements.

use super::tower::Fe12;
use super::{Family, Parameters};
use crate::arithmetic::Arith;
use crate::multiplier::Multiplier;

impl<A: Multiplier<W>, F: Parameters<W>, const W: usize> Arith<A, F, W> {
    /// Whether the final exponentiation of f is one.
    pub(super) fn exponentiates_to_one(&mut self, f: &mut Fe12<W>) -> bool {
        self.easy_part(f);
        match F::FAMILY {
            Family::Bn => self.hard_part_bn(f),
            Family::Bls12 => self.hard_part_bls12(f),
        }
        self.is_one_12(f)
    }

    /// f := f^((p^6 - 1)(p^2 + 1)).
    pub(super) fn easy_part(&mut self, f: &mut Fe12<W>) {
        // With N = f f^(p^6), in the extension of degree 6, f^(p^6 - 1) = (f^(p^6))^2 / N.
        let mut conjugate = *f;
        self.conjugate_12(&mut conjugate);
        let (mut norm, mut inverse, mut power) = (Self::ONE_12, Self::ONE_12, Self::ONE_12);
        self.mul_12(&mut norm, f, &conjugate);
        self.invert_6(&mut inverse, &norm);
        self.square_12(&mut power, &conjugate);
        let first = &mut norm;
        self.mul_12(first, &power, &inverse);
        let mut image = *first;
        self.frobenius_12(&mut image);
        self.frobenius_12(&mut image);
        self.mul_12(f, first, &image);
    }

    /// f := f^(2x (6x^2 + 3x + 1) (p^4 - p^2 + 1) / r) (Fuentes-Castaneda, Knapp and Rodriguez-Henriquez, Faster hashing
    /// to G2, section 5): with a = 6x + 6x^2 + 12x^3, the exponent is
    /// (1 + 6x^2 + a) + (a - 2x) p + a p^2 + (a - 2x - 1) p^3.
    pub(super) fn hard_part_bn(&mut self, f: &mut Fe12<W>) {
        let (mut x1, mut x2, mut x4) = (Self::ONE_12, Self::ONE_12, Self::ONE_12);
        self.power_of_parameter(&mut x1, f);
        self.square_cyclotomic(&mut x2, &x1);
        self.square_cyclotomic(&mut x4, &x2);
        let (mut x6, mut x6_2, mut x12_2, mut x12_3) = (x1, x4, x4, x4);
        self.mul_12(&mut x6, &x2, &x4);
        self.power_of_parameter(&mut x6_2, &x6);
        self.square_cyclotomic(&mut x12_2, &x6_2);
        self.power_of_parameter(&mut x12_3, &x12_2);
        let (mut a, mut t) = (x12_2, x12_2);
        self.mul_12(&mut t, &x6, &x6_2);
        self.mul_12(&mut a, &t, &x12_3);
        self.conjugate_12(&mut x2);
        let (mut b, mut c) = (x2, x4);
        self.mul_12(&mut b, &a, &x2);
        let mut inverse = *f;
        self.conjugate_12(&mut inverse);
        self.mul_12(&mut c, &b, &inverse);
        // f (x6_2 a) b^p a^(p^2) c^(p^3), by Horner's rule in p.
        self.frobenius_12(&mut c);
        self.mul_12(&mut t, &c, &a);
        self.frobenius_12(&mut t);
        self.mul_12(&mut x4, &t, &b);
        self.frobenius_12(&mut x4);
        self.mul_12(&mut t, &x4, &a);
        self.mul_12(&mut x4, &t, &x6_2);
        self.mul_12(&mut t, &x4, f);
        *f = t;
    }

    /// f := f^(3 (p^4 - p^2 + 1) / r) (Hayashida, Hayasaka and Teruya, <https://eprint.iacr.org/2020/875>): the exponent
    /// is (x - 1)^2 (x + p) (x^2 + p^2 - 1) + 3.
    pub(super) fn hard_part_bls12(&mut self, f: &mut Fe12<W>) {
        let (mut power, mut t, mut inverse) = (Self::ONE_12, *f, Self::ONE_12);
        for _ in 0..2 {
            self.power_of_parameter(&mut power, &t);
            inverse = t;
            self.conjugate_12(&mut inverse);
            self.mul_12(&mut t, &power, &inverse);
        }
        self.power_of_parameter(&mut power, &t);
        self.frobenius_12(&mut t);
        self.mul_12(&mut inverse, &power, &t);
        let base = inverse;
        self.power_of_parameter(&mut t, &base);
        self.power_of_parameter(&mut power, &t);
        let mut image = base;
        self.frobenius_12(&mut image);
        self.frobenius_12(&mut image);
        self.mul_12(&mut t, &power, &image);
        self.conjugate_12(&mut inverse);
        self.mul_12(&mut power, &t, &inverse);
        self.square_cyclotomic(&mut t, f);
        self.mul_12(&mut image, &t, f);
        self.mul_12(f, &power, &image);
    }
}

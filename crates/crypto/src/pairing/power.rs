//! Powers by the curve's parameter, of elements as in `cyclotomic`.

use super::tower::Fe12;
use super::{Family, Parameters};
use crate::arithmetic::{Arith, Fe2, Over};
use crate::multiplier::Multiplier;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::swap;

impl<A: Multiplier<W>, F: Parameters<W>, const W: usize> Arith<A, F, W> {
    /// out := a^x for the curve's parameter x.
    pub(super) fn power_of_parameter(&mut self, out: &mut Fe12<W>, a: &Fe12<W>) {
        match F::FAMILY {
            Family::Bn => self.power_by_windows(out, a),
            Family::Bls12 => self.power_by_squares(out, a),
        }
        if F::PARAMETER_IS_NEGATIVE {
            // The inverse is the conjugate.
            self.conjugate_12(out);
        }
    }

    /// out := a^|x|, for digits of |x| that are odd and at most 7 in absolute value.
    fn power_by_windows(&mut self, out: &mut Fe12<W>, a: &Fe12<W>) {
        // a, a^3, a^5, a^7
        let mut table = [*a; 4];
        let (mut square, mut last) = (Self::ONE_12, *a);
        self.square_cyclotomic(&mut square, a);
        for entry in table.iter_mut().skip(1) {
            self.mul_12(entry, &last, &square);
            last = *entry;
        }
        let (mut current, mut next) = (&mut last, &mut square);
        let mut digits = F::PARAMETER_DIGITS.iter().rev();
        // The most significant digit is positive.
        let entry = |digit: &i8| table.get(usize::from(digit.unsigned_abs() / 2)).unwrap_or(a);
        *current = digits.next().map_or(Self::ONE_12, |digit| *entry(digit));
        for digit in digits {
            self.square_cyclotomic(next, current);
            swap(&mut current, &mut next);
            if *digit != 0 {
                let mut factor = *entry(digit);
                if *digit < 0 {
                    self.conjugate_12(&mut factor);
                }
                self.mul_12(next, current, &factor);
                swap(&mut current, &mut next);
            }
        }
        *out = *current;
    }

    /// out := a^|x|, for digits of |x| that are bits, few of them set: the product of the powers a^(2^i) for its bits i,
    /// which squares of a third less work lead to.
    fn power_by_squares(&mut self, out: &mut Fe12<W>, a: &Fe12<W>) {
        let (mut first, mut second) = (*a, *a);
        let (mut current, mut next) = (&mut first, &mut second);
        let mut powers = Vec::new();
        for (i, bit) in F::PARAMETER_DIGITS.iter().enumerate() {
            if i != 0 {
                self.square_compressed(next, current);
                swap(&mut current, &mut next);
            }
            if *bit != 0 {
                powers.push(*current);
            }
        }
        self.decompress(&mut powers);
        let mut powers = powers.iter();
        *current = powers.next().copied().unwrap_or(Self::ONE_12);
        for power in powers {
            self.mul_12(next, current, power);
            swap(&mut current, &mut next);
        }
        *out = *current;
    }

    /// Computes the coefficients of 1 and w^3 of elements from the others (Karabina,
    /// <https://eprint.iacr.org/2010/542>, theorem 3.1).
    ///
    /// a3 is (xi a5^2 + 3 a2^2 - 2 a4) / 4 a1, or 2 a2 a5 / a4 if a1 = 0, and 0 if a4 = 0 as well: then all four are 0, for
    /// the one. a0 is xi (2 a3^2 + a1 a5 - 3 a2 a4) + 1.
    pub(super) fn decompress(&mut self, elements: &mut [Fe12<W>]) {
        let (zero, one): (Fe2<W>, Fe2<W>) = (Self::ZERO, <Self as Over<Fe2<W>>>::ONE);
        let mut denominators = vec![one; elements.len()];
        let [mut s, mut t] = [zero; 2];
        for ([_, a1, a2, a3, a4, a5], denominator) in elements.iter_mut().zip(&mut denominators) {
            if !self.is_zero(a1) {
                self.mul_xi(&mut t, a5);
                self.scale::<3>(&mut s, a2);
                self.scale::<-2>(denominator, a4);
                self.dot(a3, [(&t, a5), (&s, a2), (denominator, &one)]);
                self.scale::<4>(denominator, a1);
            } else {
                self.scale::<2>(&mut s, a2);
                self.dot(a3, [(&s, a5)]);
                if !self.is_zero(a4) {
                    *denominator = *a4;
                }
            }
        }
        self.invert_all(&mut denominators);
        for ([a0, a1, a2, a3, a4, a5], inverse) in elements.iter_mut().zip(&denominators) {
            self.dot(&mut t, [(a3, inverse)]);
            *a3 = t;
            self.scale::<2>(&mut t, a3);
            self.scale::<-3>(&mut s, a2);
            self.dot(a0, [(&t, a3), (a1, a5), (&s, a4)]);
            self.mul_xi(&mut t, a0);
            self.add(a0, &t, &one);
        }
    }

    /// The inverses of elements that are not 0, by one inversion.
    fn invert_all(&mut self, elements: &mut [Fe2<W>]) {
        let zero: Fe2<W> = Self::ZERO;
        let mut products = Vec::with_capacity(elements.len());
        let (mut product, mut next) = (<Self as Over<Fe2<W>>>::ONE, zero);
        for element in &*elements {
            products.push(product);
            self.dot(&mut next, [(&product, element)]);
            swap(&mut product, &mut next);
        }
        let mut inverse = zero;
        self.invert(&mut inverse, &product);
        for (element, product) in elements.iter_mut().zip(&products).rev() {
            self.dot(&mut next, [(&inverse, element)]);
            self.dot(element, [(&inverse, product)]);
            swap(&mut inverse, &mut next);
        }
    }
}

//! Arithmetic modulo a prime and in its quadratic extension, arranged for what it costs in the guest: a product is one
//! call and a few instructions, while a sum of two elements takes 8 instructions per word.
//!
//! An element is any integer below 2^(32 W) that represents it (the calls reduce their operands): sums are not reduced
//! unless they would not fit. Formulas are written as sums of products ([`Over::dot`]), which are added up in one pass;
//! factors are negated and scaled beforehand, by products too.

mod constants;
mod digits;
mod extension;
mod power;
#[cfg(test)]
mod tests;

use crate::limbs::{equal, is_zero};
use crate::multiplier::Multiplier;
pub(crate) use constants::{canonical, canonical2, words};
use core::marker::PhantomData;
pub(crate) use digits::{digit_count, signed_digits};
pub(crate) use extension::{Fe2, Over};

/// An element of a prime field, as any integer of W little-endian words that represents it.
pub(crate) type Fe<const W: usize> = [u32; W];

/// A prime of W words.
pub(crate) trait Prime<const W: usize>: Copy + core::fmt::Debug + 'static {
    /// The prime, 3 modulo 4 and not 1 modulo 2^32.
    const P: Fe<W>;

    /// The greatest multiple of the prime that fits the words.
    const MULTIPLE: Fe<W> = greatest_multiple(&Self::P);

    /// Minus one.
    const MINUS_ONE: Fe<W> = integer(&Self::P, -1);

    /// Whether the coefficient a of the curve y^2 = x^3 + a x + b over this field is -3; otherwise it is 0.
    const CURVE_A_IS_MINUS_THREE: bool = false;
}

/// The element that a small integer is, canonical.
#[expect(clippy::indexing_slicing, reason = "every index is below W")]
pub(crate) const fn integer<const W: usize>(p: &Fe<W>, value: i32) -> Fe<W> {
    if value >= 0 {
        let mut element = [0; W];
        element[0] = value as u32;
        return element;
    }
    let mut element = *p;
    let (lowest, mut borrow) = p[0].overflowing_sub(value.unsigned_abs());
    element[0] = lowest;
    let mut i = 1;
    while borrow {
        (element[i], borrow) = p[i].overflowing_sub(1);
        i += 1;
    }
    element
}

#[expect(clippy::indexing_slicing, reason = "every index is below W")]
const fn greatest_multiple<const W: usize>(p: &Fe<W>) -> Fe<W> {
    let mut multiple = *p;
    loop {
        let (mut next, mut carry, mut i) = (multiple, 0, 0);
        while i < W {
            carry += multiple[i] as u64 + p[i] as u64;
            next[i] = carry as u32;
            carry >>= 32;
            i += 1;
        }
        if carry != 0 {
            return multiple;
        }
        multiple = next;
    }
}

/// Products that one sum takes.
pub(crate) const TERMS_MAX: usize = 12;

/// The field of the prime F over the accelerators A.
///
/// It has values only for its memory: products wait here to be added up, and need not be cleared for every sum.
#[derive(Clone, Debug)]
pub(crate) struct Arith<A, F, const W: usize> {
    products: [Fe<W>; TERMS_MAX],
    parameters: PhantomData<(A, F)>,
}

impl<A: Multiplier<W>, F: Prime<W>, const W: usize> Arith<A, F, W> {
    pub(crate) const ONE: Fe<W> = integer(&F::P, 1);

    pub(crate) const fn new() -> Self {
        Self { products: [[0; W]; TERMS_MAX], parameters: PhantomData }
    }

    /// out := a b, canonical.
    #[inline(always)]
    pub(crate) fn mul(&self, out: &mut Fe<W>, a: &Fe<W>, b: &Fe<W>) {
        A::mul_into(out, a, b, &F::P);
    }

    /// a := a b, canonical.
    #[inline(always)]
    pub(crate) fn mul_assign(&self, a: &mut Fe<W>, b: &Fe<W>) {
        A::mul_assign(a, b, &F::P);
    }

    /// a := -a, canonical.
    #[inline(always)]
    pub(crate) fn negate(&self, a: &mut Fe<W>) {
        self.mul_assign(a, &F::MINUS_ONE);
    }

    /// out := the sum of the products of the pairs.
    #[inline(always)]
    pub(crate) fn dot_base<const T: usize>(&mut self, out: &mut Fe<W>, terms: [(&Fe<W>, &Fe<W>); T]) {
        const { assert!(T <= TERMS_MAX) };
        if let [(a, b)] = terms.as_slice() {
            return self.mul(out, a, b);
        }
        for (product, (a, b)) in self.products.iter_mut().zip(terms) {
            A::mul_into(product, a, b, &F::P);
        }
        sum::<F, W, 1, T>(out, &self.products);
    }

    /// out := the sum of the products of the pairs, scaled by the third factor where there is one.
    ///
    /// Scaling the product rather than a factor takes no memory besides the product's.
    #[inline(always)]
    pub(crate) fn dot_scaled<const T: usize>(
        &mut self,
        out: &mut Fe<W>,
        terms: [(&Fe<W>, &Fe<W>, Option<&Fe<W>>); T],
    ) {
        const { assert!(T <= TERMS_MAX) };
        for (product, (a, b, factor)) in self.products.iter_mut().zip(terms) {
            A::mul_into(product, a, b, &F::P);
            if let Some(factor) = factor {
                A::mul_assign(product, factor, &F::P);
            }
        }
        sum::<F, W, 1, T>(out, &self.products);
    }

    /// out := a + b.
    #[inline(never)]
    pub(crate) fn add_base(&self, out: &mut Fe<W>, a: &Fe<W>, b: &Fe<W>) {
        let mut carry = 0;
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            carry += u64::from(*a) + u64::from(*b);
            *out = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            fold::<F, W>(out, carry as u32);
        }
    }

    /// The representative below the prime.
    pub(crate) fn canonical(&self, a: &Fe<W>) -> Fe<W> {
        let mut canonical = [0; W];
        self.mul(&mut canonical, a, &Self::ONE);
        canonical
    }

    /// Whether two elements are the same.
    pub(crate) fn equal_base(&self, a: &Fe<W>, b: &Fe<W>) -> bool {
        equal(&self.canonical(a), &self.canonical(b))
    }

    /// Whether the element is zero.
    pub(crate) fn is_zero_base(&self, a: &Fe<W>) -> bool {
        is_zero(&self.canonical(a))
    }
}

/// out := the sum of the first T groups of C products.
///
/// Not inlined: one copy per number of terms.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "every index is below W")]
fn sum<F: Prime<W>, const W: usize, const C: usize, const T: usize>(
    out: &mut Fe<W>,
    products: &[Fe<W>; TERMS_MAX],
) {
    let mut carry = 0;
    for i in 0..W {
        for group in products.as_chunks::<C>().0.iter().take(T) {
            for product in group {
                carry += u64::from(product[i]);
            }
        }
        out[i] = carry as u32;
        carry >>= 32;
    }
    if carry != 0 {
        fold::<F, W>(out, carry as u32);
    }
}

/// Brings `value` + `carry` 2^(32 W) down to W words, by multiples of the prime.
#[inline(never)]
fn fold<F: Prime<W>, const W: usize>(value: &mut Fe<W>, mut carry: u32) {
    while carry != 0 {
        let mut borrow = 0;
        for (word, multiple) in value.iter_mut().zip(&F::MULTIPLE) {
            // -1 or 0 comes in from below, and goes out above.
            borrow += i64::from(*word) - i64::from(*multiple);
            *word = borrow as u32;
            borrow >>= 32;
        }
        carry = carry.wrapping_add(borrow as u32);
    }
}

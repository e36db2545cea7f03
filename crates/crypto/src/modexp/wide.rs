//! Powers modulo integers of any size, even ones too, by Barrett's reduction (Handbook of Applied Cryptography, algorithm
//! 14.42). Integers are digits to base 2^192, because the accelerator's modulus 0 gives the whole product of two digits.

use super::divide::reciprocal;
use super::{Digits, without_leading_zeros};
use alloc::vec;
use alloc::vec::Vec;
use ashlar_abi::Accelerators;

/// Words of a digit.
const WORDS: usize = 6;
/// The low words are a digit; the high ones are zeros, as the accelerator takes them.
type Digit = [u32; 2 * WORDS];
const ZERO: Digit = [0; 2 * WORDS];

/// base^exponent mod modulus, big-endian, as long as the modulus, which is not 0. Neither it nor the exponent has leading
/// zeros.
pub(super) fn power<A: Accelerators>(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let mut ring = Ring::<A>::new(modulus);
    let base = ring.reduce_bytes(base);
    let mut power: Option<Vec<Digit>> = None;
    let mut table: Vec<Vec<Digit>> = Vec::new();
    let digits = Digits::of(exponent);
    for _ in 0..digits.table_len() {
        let next = table.last().map_or_else(|| base.clone(), |last| ring.product(last, &base));
        table.push(next);
    }
    for digit in digits.iter() {
        if let Some(power) = &mut power {
            for _ in 0..digits.bits {
                *power = ring.product(power, power);
            }
        }
        // Entry i is the power i + 1: none for a digit of 0.
        let Some(factor) = usize::from(digit).checked_sub(1).and_then(|index| table.get(index)) else {
            continue;
        };
        power = Some(power.map_or_else(|| factor.clone(), |power| ring.product(&power, factor)));
    }
    // The modulus is above 1, so an empty product is 1.
    let power = power.unwrap_or_else(|| from_be_bytes(&[1], ring.modulus.len()));
    to_be_bytes(&power, modulus.len())
}

/// The integers modulo m, of n digits.
struct Ring<A> {
    modulus: Vec<Digit>,
    /// The integer part of 2^(192 * 2 n) / m: n + 2 digits, since it is 2^(192 (n + 1)) for the least m of n digits.
    reciprocal: Vec<Digit>,
    /// Memory: a product of two residues, its quotient, and the multiple of the modulus to subtract.
    product: Vec<Digit>,
    quotient: Vec<Digit>,
    multiple: Vec<Digit>,
    columns: Columns<A>,
}

impl<A: Accelerators> Ring<A> {
    fn new(modulus: &[u8]) -> Self {
        let n = modulus.len().div_ceil(4 * WORDS);
        let modulus = from_be_bytes(modulus, n);
        let mut words: Vec<u32> = modulus.iter().flat_map(low).copied().collect();
        while words.last() == Some(&0) {
            words.pop();
        }
        let reciprocal = reciprocal(&words, 2 * n * WORDS);
        let mut digits = vec![ZERO; n + 2];
        for (digit, words) in digits.iter_mut().zip(reciprocal.chunks(WORDS)) {
            for (to, from) in digit.iter_mut().zip(words) {
                *to = *from;
            }
        }
        Self {
            modulus,
            reciprocal: digits,
            product: vec![ZERO; 2 * n],
            quotient: vec![ZERO; 2 * n + 3],
            multiple: vec![ZERO; n + 1],
            columns: Columns::new(),
        }
    }

    /// a b mod m, for a, b < m.
    fn product(&mut self, a: &[Digit], b: &[Digit]) -> Vec<Digit> {
        self.columns.multiply(&mut self.product, a, b, 0);
        self.reduce()
    }

    /// The integer modulo m, from the most significant n digits down.
    fn reduce_bytes(&mut self, bytes: &[u8]) -> Vec<Digit> {
        let bytes = without_leading_zeros(bytes);
        let n = self.modulus.len();
        let mut value = vec![ZERO; n];
        for (i, chunk) in bytes.rchunks(4 * WORDS * n).rev().enumerate() {
            let digits = from_be_bytes(chunk, n);
            if i == 0 && less(&digits, &self.modulus) {
                value = digits;
                continue;
            }
            for (to, from) in self.product.iter_mut().zip(digits.iter().chain(&value)) {
                *to = *from;
            }
            value = self.reduce();
        }
        value
    }

    /// `self.product` mod m.
    ///
    /// The quotient that is computed is at most 3 below the right one: 2 for the algorithm, and 1 for the columns of its
    /// product below n - 1, which are left out and add up to less than n 2^(192 n).
    fn reduce(&mut self) -> Vec<Digit> {
        let n = self.modulus.len();
        let high = self.product.get(n - 1..).unwrap_or_default();
        self.columns.multiply(&mut self.quotient, high, &self.reciprocal, n - 1);
        let quotient = self.quotient.get(n + 1..).unwrap_or_default();
        self.columns.multiply(&mut self.multiple, quotient, &self.modulus, 0);
        let mut rest = self.product.get(..n + 1).unwrap_or_default().to_vec();
        // Modulo 2^(192 (n + 1)), which is above 4 m.
        subtract(&mut rest, &self.multiple);
        while rest.last().is_some_and(|top| *top != ZERO)
            || !less(rest.get(..n).unwrap_or_default(), &self.modulus)
        {
            subtract(&mut rest, &self.modulus);
        }
        rest.truncate(n);
        rest
    }
}

/// Products that are added up at once.
const TERMS: usize = 8;

/// Products of integers, a column of digits at a time.
struct Columns<A> {
    products: [Digit; TERMS],
    accelerators: core::marker::PhantomData<A>,
}

impl<A: Accelerators> Columns<A> {
    const fn new() -> Self {
        Self { products: [ZERO; TERMS], accelerators: core::marker::PhantomData }
    }

    /// out := a b, as far as it has digits, and without what the columns below `from` add; digits below are left alone.
    fn multiply(&mut self, out: &mut [Digit], a: &[Digit], b: &[Digit], from: usize) {
        let mut sum = Sum([0; 2 * WORDS + 2]);
        for (column, out) in out.iter_mut().enumerate().skip(from) {
            // The pairs a[i], b[column - i].
            let low = (column + 1).saturating_sub(b.len());
            let high = (column + 1).min(a.len());
            if low < high {
                let a = a.get(low..high).unwrap_or_default();
                let b = b.get(column + 1 - high..=column - low).unwrap_or_default();
                self.add_column(&mut sum, a, b);
            }
            sum.shift_out(out);
        }
    }

    /// Adds the products of the digits of a and, in the opposite order, b.
    fn add_column(&mut self, sum: &mut Sum, mut a: &[Digit], b: &[Digit]) {
        let mut b = b.iter().rev();
        while !a.is_empty() {
            let (some, rest) = a.split_at(a.len().min(TERMS));
            for (product, (a, b)) in self.products.iter_mut().zip(some.iter().zip(&mut b)) {
                A::modmul384_into(product, a, b, &ZERO);
            }
            match some.len() {
                1 => sum.add::<1>(&self.products),
                2 => sum.add::<2>(&self.products),
                3 => sum.add::<3>(&self.products),
                4 => sum.add::<4>(&self.products),
                5 => sum.add::<5>(&self.products),
                6 => sum.add::<6>(&self.products),
                7 => sum.add::<7>(&self.products),
                _ => sum.add::<8>(&self.products),
            }
            a = rest;
        }
    }
}

/// The sum of a column. At most 2^64 products fit.
struct Sum([u32; 2 * WORDS + 2]);

impl Sum {
    /// Adds the first T products.
    #[inline(never)]
    #[expect(clippy::indexing_slicing, reason = "every index is below the constant length")]
    fn add<const T: usize>(&mut self, products: &[Digit; TERMS]) {
        let mut carry = 0;
        for i in 0..2 * WORDS {
            carry += u64::from(self.0[i]);
            for product in products.iter().take(T) {
                carry += u64::from(product[i]);
            }
            self.0[i] = carry as u32;
            carry >>= 32;
        }
        let [.., low, high] = &mut self.0;
        carry += u64::from(*low);
        *low = carry as u32;
        *high += (carry >> 32) as u32;
    }

    /// Moves the lowest digit out, to where the words above are zeros.
    #[inline(always)]
    fn shift_out(&mut self, [o0, o1, o2, o3, o4, o5, ..]: &mut Digit) {
        let [w0, w1, w2, w3, w4, w5, rest @ ..] = self.0;
        (*o0, *o1, *o2, *o3, *o4, *o5) = (w0, w1, w2, w3, w4, w5);
        let [r0, r1, r2, r3, r4, r5, r6, r7] = rest;
        self.0 = [r0, r1, r2, r3, r4, r5, r6, r7, 0, 0, 0, 0, 0, 0];
    }
}

/// The words of a digit that are not always 0.
fn low(digit: &Digit) -> &[u32; WORDS] {
    let [low @ .., _, _, _, _, _, _] = digit;
    low
}

/// a := a - b, modulo the size of a.
fn subtract(a: &mut [Digit], b: &[Digit]) {
    let mut borrow = 0;
    for (a, b) in a.iter_mut().zip(b.iter().chain(core::iter::repeat(&ZERO))) {
        for (a, b) in a.iter_mut().zip(b).take(WORDS) {
            // -1 or 0 comes in from below, and goes out above.
            borrow += i64::from(*a) - i64::from(*b);
            *a = borrow as u32;
            borrow >>= 32;
        }
    }
}

/// Whether a < b, which have the same length.
fn less(a: &[Digit], b: &[Digit]) -> bool {
    let different = a.iter().zip(b).rev().find(|(a, b)| a != b);
    different.is_some_and(|(a, b)| crate::limbs::less(low(a), low(b)))
}

/// At most 24 n big-endian bytes.
fn from_be_bytes(bytes: &[u8], n: usize) -> Vec<Digit> {
    let mut digits = vec![ZERO; n];
    for (digit, chunk) in digits.iter_mut().zip(bytes.rchunks(4 * WORDS)) {
        for (word, chunk) in digit.iter_mut().zip(chunk.rchunks(4)) {
            *word = chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
    }
    digits
}

/// The lowest `length` bytes, big-endian.
fn to_be_bytes(digits: &[Digit], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let words = digits.iter().flat_map(low);
    for (chunk, word) in bytes.rchunks_mut(4).zip(words) {
        for (to, from) in chunk.iter_mut().rev().zip(word.to_le_bytes()) {
            *to = from;
        }
    }
    bytes
}

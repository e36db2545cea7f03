//! Multi-word integers: little-endian 32-bit words, as the accelerators take them.

/// A 256-bit integer.
pub(crate) type U256 = [u32; 8];

/// Zero.
pub(crate) const ZERO: U256 = [0; 8];

/// a + b, and whether it overflowed.
#[inline(always)]
pub(crate) fn add<const N: usize>(a: &[u32; N], b: &[u32; N]) -> ([u32; N], bool) {
    let mut sum = *a;
    let mut carry = false;
    for (x, y) in sum.iter_mut().zip(b) {
        (*x, carry) = x.carrying_add(*y, carry);
    }
    (sum, carry)
}

/// a - b modulo the word size, and whether it underflowed.
#[inline(always)]
pub(crate) fn sub<const N: usize>(a: &[u32; N], b: &[u32; N]) -> ([u32; N], bool) {
    let mut difference = *a;
    let mut borrow = false;
    for (x, y) in difference.iter_mut().zip(b) {
        (*x, borrow) = x.borrowing_sub(*y, borrow);
    }
    (difference, borrow)
}

/// Whether a < b. The most significant words nearly always decide.
#[inline(always)]
pub(crate) fn less<const N: usize>(a: &[u32; N], b: &[u32; N]) -> bool {
    for (x, y) in a.iter().zip(b).rev() {
        if x != y {
            return x < y;
        }
    }
    false
}

/// Whether a = b. The least significant words nearly always decide, and no call is made for it.
#[inline(always)]
pub(crate) fn equal<const N: usize>(a: &[u32; N], b: &[u32; N]) -> bool {
    a.iter().zip(b).all(|(x, y)| x == y)
}

/// Whether a = 0.
#[inline(always)]
pub(crate) fn is_zero<const N: usize>(a: &[u32; N]) -> bool {
    a.iter().all(|word| *word == 0)
}

/// a + b mod m, for a, b < m.
#[inline(always)]
pub(crate) fn add_mod<const N: usize>(a: &[u32; N], b: &[u32; N], m: &[u32; N]) -> [u32; N] {
    let (sum, carry) = add(a, b);
    if carry || !less(&sum, m) { sub(&sum, m).0 } else { sum }
}

/// -a modulo the word size.
#[inline(always)]
pub(crate) fn wrapping_neg<const N: usize>(a: &[u32; N]) -> [u32; N] {
    sub(&[0; N], a).0
}

/// The integer whose big-endian encoding this is.
#[inline]
pub(crate) fn from_be_bytes(bytes: &[u8; 32]) -> U256 {
    let mut words = ZERO;
    for (word, chunk) in words.iter_mut().rev().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*chunk);
    }
    words
}

/// The two integers whose big-endian encodings these are, one after the other.
#[inline]
pub(crate) fn pair_from_be_bytes(bytes: &[u8; 64]) -> (U256, U256) {
    match bytes.as_chunks::<32>().0 {
        [first, second] => (from_be_bytes(first), from_be_bytes(second)),
        // 64 bytes are two chunks.
        _ => (ZERO, ZERO),
    }
}

/// The big-endian encoding.
#[inline]
pub(crate) fn to_be_bytes(words: &U256) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words.iter().rev()) {
        *chunk = word.to_be_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ruint::aliases::U256 as Big;

    fn big(words: &U256) -> Big {
        Big::from_be_bytes(to_be_bytes(words))
    }

    proptest! {
        #[test]
        fn bytes_and_words_are_inverse(bytes: [u8; 32]) {
            prop_assert_eq!(to_be_bytes(&from_be_bytes(&bytes)), bytes);
        }

        #[test]
        fn sums_and_differences_are_those_of_integers(a: U256, b: U256) {
            let (sum, carry) = add(&a, &b);
            prop_assert_eq!((big(&sum), carry), big(&a).overflowing_add(big(&b)));
            let (difference, borrow) = sub(&a, &b);
            prop_assert_eq!((big(&difference), borrow), big(&a).overflowing_sub(big(&b)));
            prop_assert_eq!(less(&a, &b), big(&a) < big(&b));
            prop_assert_eq!(big(&wrapping_neg(&a)), big(&a).wrapping_neg());
        }

        #[test]
        fn modular_sums_are_canonical(a: U256, b: U256, m: U256) {
            prop_assume!(!is_zero(&m));
            let (a, b) = (big(&a) % big(&m), big(&b) % big(&m));
            let words = |x: Big| from_be_bytes(&x.to_be_bytes());
            prop_assert_eq!(big(&add_mod(&words(a), &words(b), &m)), a.add_mod(b, big(&m)));
        }
    }

    #[test]
    fn a_value_is_not_below_itself_but_equal_to_it() {
        let a = [7, 0, 0, 0, 0, 0, 0, 9];
        assert!(!less(&a, &a) && equal(&a, &a));
        assert!(less(&ZERO, &a) && is_zero(&ZERO) && !is_zero(&a));
    }
}

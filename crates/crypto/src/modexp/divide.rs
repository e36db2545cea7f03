//! Long division of words (Knuth, The Art of Computer Programming, volume 2, section 4.3.1, algorithm D).

use alloc::vec;
use alloc::vec::Vec;

/// The integer part of 2^(32 power) / divisor, little-endian words. The divisor has no leading zeros, and from 2 to `power`
/// words.
pub(super) fn reciprocal(divisor: &[u32], power: usize) -> Vec<u32> {
    let shift = divisor.last().map_or(0, |top| top.leading_zeros());
    let divisor = shifted(divisor, shift);
    let [.., second, top] = divisor.as_slice() else { return Vec::new() };
    let mut rest = vec![0; power + 2];
    if let Some(one) = rest.get_mut(power) {
        *one = 1 << shift;
    }
    let n = divisor.len();
    let mut quotient = vec![0; power + 2 - n];
    for (j, digit) in quotient.iter_mut().enumerate().rev() {
        let Some(window) = rest.get_mut(j..=j + n) else { continue };
        *digit = estimate(window, *top, *second);
        let mut negative = subtract_multiple(window, &divisor, *digit);
        while negative {
            // The estimate was too high, by at most two, which is rare.
            *digit -= 1;
            negative = !add(window, &divisor);
        }
    }
    quotient
}

/// The number with its bits moved up, where the top word has room for them.
fn shifted(words: &[u32], shift: u32) -> Vec<u32> {
    let mut carry = 0;
    let shifted = words.iter().map(|word| {
        carry = u64::from(*word) << shift | carry >> 32;
        carry as u32
    });
    shifted.collect()
}

/// The quotient of the window by a divisor with these top words, or up to two more. The quotient is below 2^32.
fn estimate(window: &[u32], top: u32, second: u32) -> u32 {
    let [.., low, middle, high] = window else { return 0 };
    if *high >= top {
        return u32::MAX;
    }
    let numerator = u64::from(*high) << 32 | u64::from(*middle);
    let (mut quotient, mut rest) = (numerator / u64::from(top), numerator % u64::from(top));
    while quotient * u64::from(second) > rest << 32 | u64::from(*low) {
        quotient -= 1;
        rest += u64::from(top);
        if rest >> 32 != 0 {
            break;
        }
    }
    quotient as u32
}

/// window := window - factor * divisor modulo its size, and whether that is negative. The window has one word more.
fn subtract_multiple(window: &mut [u32], divisor: &[u32], factor: u32) -> bool {
    let Some((top, window)) = window.split_last_mut() else { return false };
    let mut carry = 0;
    for (word, divisor) in window.iter_mut().zip(divisor) {
        let product = u64::from(*divisor) * u64::from(factor) + u64::from(carry);
        let borrow;
        (*word, borrow) = word.overflowing_sub(product as u32);
        // Where the product's high word is the greatest, the low one is 0, and nothing is borrowed.
        carry = (product >> 32) as u32 + u32::from(borrow);
    }
    let borrow;
    (*top, borrow) = top.overflowing_sub(carry);
    borrow
}

/// window := window + divisor modulo its size, and whether that overflowed.
fn add(window: &mut [u32], divisor: &[u32]) -> bool {
    let mut carry = false;
    for (word, divisor) in window.iter_mut().zip(divisor.iter().chain(&[0])) {
        (*word, carry) = word.carrying_add(*divisor, carry);
    }
    carry
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ruint::Uint;

    type Big = Uint<1024, 16>;

    fn big(words: &[u32]) -> Big {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Big::from_le_slice(&bytes)
    }

    fn assert_reciprocal(divisor: &[u32], power: usize) {
        let expected = (Big::ONE << (32 * power)) / big(divisor);
        assert_eq!(big(&reciprocal(divisor, power)), expected, "{divisor:x?}");
    }

    #[test]
    fn reciprocals_of_extreme_divisors_are_exact() {
        // With every pattern of words that are all zeros, all ones or a single bit: where estimates are corrected.
        let words = [0, 1, 2, 1 << 31, (1 << 31) - 1, u32::MAX, u32::MAX - 1];
        for a in words {
            for b in words {
                for c in words {
                    for top in words.into_iter().filter(|top| *top != 0) {
                        assert_reciprocal(&[b, top], 6);
                        assert_reciprocal(&[b, c, top], 6);
                        assert_reciprocal(&[a, b, c, top], 8);
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn reciprocals_are_exact(divisor in proptest::collection::vec(any::<u32>(), 2..13), top in 1..u32::MAX, more in 0..12_usize) {
            let mut divisor = divisor;
            divisor.push(top);
            assert_reciprocal(&divisor, divisor.len() + more);
        }
    }
}

//! Sums of multiples of points, which share their doublings.

use super::scalar::Half;
use super::{Group, Point};
use alloc::vec;
use alloc::vec::Vec;

/// Digits are odd and below 2^(WIDTH - 1) in absolute value.
const WIDTH: usize = 5;
/// Odd multiples in a table.
const ENTRIES: usize = 1 << (WIDTH - 2);

/// A multiple of a point in a table, with minus its y.
#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    point: Point<E>,
    minus_y: E,
}

/// A multiple of a point that is to be computed: the point's odd multiples P, 3P, ..., 15P, and the factor's digits.
#[derive(Clone, Debug)]
pub(crate) struct Multiple<E> {
    table: Vec<Entry<E>>,
    digits: Vec<i8>,
}

impl<E: Copy> Multiple<E> {
    /// `factor` times the point.
    pub(crate) fn new<R: Group<E>>(group: &mut R, point: &Point<E>, factor: &Half) -> Self {
        Self::with_digits(group, point, signed_digits(&factor.magnitude, factor.negative))
    }

    /// The number of these words, least significant first, times the point.
    pub(crate) fn by_words<R: Group<E>>(group: &mut R, point: &Point<E>, factor: &[u32]) -> Self {
        Self::with_digits(group, point, signed_digits(factor, false))
    }

    fn with_digits<R: Group<E>>(group: &mut R, point: &Point<E>, digits: Vec<i8>) -> Self {
        let mut table = vec![Entry { point: *point, minus_y: R::ZERO }; ENTRIES];
        let (mut twice, mut last) = (*point, *point);
        let mut memory = [R::ZERO; 8];
        group.double_in(&mut memory, &mut twice);
        for entry in table.iter_mut().skip(1) {
            group.add_in(&mut memory, &mut last, [&twice.x, &twice.y, &twice.z]);
            entry.point = last;
        }
        for Entry { point, minus_y } in &mut table {
            group.scale::<-1>(minus_y, &point.y);
        }
        Self { table, digits }
    }

    /// `factor` times the image of the point under an endomorphism of the group.
    pub(crate) fn of_image<R: Group<E>>(
        &self,
        group: &mut R,
        factor: &Half,
        endomorphism: impl Fn(&mut R, &mut Point<E>),
    ) -> Self {
        let mut table = self.table.clone();
        for Entry { point, minus_y } in &mut table {
            endomorphism(group, point);
            group.scale::<-1>(minus_y, &point.y);
        }
        Self { table, digits: signed_digits(&factor.magnitude, factor.negative) }
    }

    /// The sum of the multiples.
    pub(crate) fn sum<R: Group<E>>(group: &mut R, multiples: &[Self]) -> Point<E> {
        let mut sum = R::INFINITY;
        let (mut started, mut memory) = (false, [R::ZERO; 8]);
        let length = multiples.iter().map(|multiple| multiple.digits.len()).max().unwrap_or(0);
        for i in (0..length).rev() {
            if started {
                group.double_in(&mut memory, &mut sum);
            }
            for multiple in multiples {
                let Some(digit) = multiple.digits.get(i).filter(|digit| **digit != 0) else { continue };
                let Some(entry) = multiple.table.get(usize::from(digit.unsigned_abs() / 2)) else { continue };
                let y = if *digit > 0 { &entry.point.y } else { &entry.minus_y };
                group.add_in(&mut memory, &mut sum, [&entry.point.x, y, &entry.point.z]);
                started = true;
            }
        }
        sum
    }
}

/// The width-w non-adjacent form of a number of these words: at most one of [`WIDTH`] digits in a row is not 0. Least
/// significant first, one more than there are bits.
fn signed_digits(words: &[u32], negative: bool) -> Vec<i8> {
    let mut digits = vec![0; 32 * words.len() + 1];
    let word = |i: usize| u64::from(words.get(i).copied().unwrap_or(0));
    // Whether a negative digit below left one to add.
    let (mut at, mut carry) = (0, 0);
    while at < digits.len() {
        let bits = (word(at / 32 + 1) << 32 | word(at / 32)) >> (at % 32);
        let window = bits as i8 & ((1 << WIDTH) - 1);
        if window & 1 == carry {
            at += 1;
            continue;
        }
        let value = window + carry;
        carry = value >> (WIDTH - 1);
        if let Some(digit) = digits.get_mut(at) {
            *digit = value - (carry << WIDTH);
            if negative {
                *digit = -*digit;
            }
        }
        at += WIDTH;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_recombines(magnitude: [u32; 4], negative: bool) {
        let digits = signed_digits(&magnitude, negative);
        // Twos' complement of 128 bits: the sum is exact modulo 2^128, and the top digit says what lies above.
        let sum =
            digits.iter().rev().fold(0_u128, |sum, digit| (sum << 1).wrapping_add(*digit as i128 as u128));
        let value = u128::from_le_bytes(bytemuck::cast(magnitude));
        assert_eq!(sum, if negative { value.wrapping_neg() } else { value });
        assert!(digits.iter().all(|digit| *digit == 0 || digit % 2 != 0 && digit.unsigned_abs() < 16));
        assert!(digits.windows(WIDTH).all(|window| window.iter().filter(|digit| **digit != 0).count() <= 1));
        let highest = digits.iter().rposition(|digit| *digit != 0);
        assert!(highest.is_none_or(|highest| (digits[highest] > 0) != negative));
        assert!(highest.is_none_or(|highest| highest as u32 <= value.ilog2() + 1));
    }

    proptest! {
        #[test]
        fn digits_recombine(magnitude: [u32; 4], negative: bool) {
            assert_recombines(magnitude, negative);
        }
    }

    #[test]
    fn digits_of_extreme_numbers_recombine() {
        for word in [0, 1, 15, 16, 17, u32::MAX] {
            assert_recombines([word; 4], false);
            assert_recombines([word; 4], true);
            assert_recombines([0, 0, 0, word], true);
            assert_recombines([word, 0, 0, 1 << 31], false);
        }
    }
}

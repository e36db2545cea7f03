use core::borrow::{Borrow, BorrowMut};
use core::ops::Range;

use crate::GROUP;
use crate::columns::part;

/// The columns whose number does not depend on the length of the numbers.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ModmulHead<T> {
    /// The row takes a call and writes its result.
    pub is_call: T,
    /// The row is one of two of a call: the second if it takes the call, otherwise the first.
    pub is_part: T,
    /// Cycle of the call.
    pub clock: T,
    /// Word addresses of r, a, b and m.
    pub addresses: [T; 4],
    /// m - r - 1 in the limb that shows r < m.
    pub gap: T,
    /// Which quarter of the limbs has that limb; none: nothing shows it.
    pub quarter: [T; 4],
}

part!(ModmulHead);

/// One row: a view of its columns, in the order in which they lie. `S` is a slice.
#[derive(Clone, Copy, Debug)]
pub struct ModmulColumns<H, S> {
    /// The columns whose number is fixed.
    pub head: H,
    /// Which limb of its quarter shows r < m: all but the first, which shows it if a quarter is set and none of these.
    pub member: S,
    /// Bytes of a, low first.
    pub a: S,
    /// Bytes of b.
    pub b: S,
    /// Bytes of m.
    pub m: S,
    /// Bytes of the quotient.
    pub q: S,
    /// Limbs of 16 bits of r.
    pub r: S,
    /// Carry out of each position of 16 bits but the last; of a wide one, its low part.
    pub carry: S,
    /// High parts of the wide carries, in units of 2^7.
    pub high: S,
}

/// Carries between the positions of 16 bits of a product.
pub const fn carries(words: usize) -> usize {
    4 * words - 1
}

/// A carry has the absolute value 255 * this at most: the number of products of bytes in the upper byte of the position
/// that it leaves.
pub(super) const fn terms(words: usize, position: usize) -> usize {
    let (rising, falling) = (2 * position + 2, 2 * (carries(words) - position));
    if rising < falling { rising } else { falling }
}

/// Whether four times the carry out of this position may be too much for the range of 16 bits with sign.
pub const fn is_wide(words: usize, position: usize) -> bool {
    4 * 255 * terms(words, position) >= 1 << 15
}

const fn wide_carries(words: usize) -> usize {
    let (mut sum, mut position) = (0, 0);
    while position < carries(words) {
        sum += is_wide(words, position) as usize;
        position += 1;
    }
    sum
}

/// Number of columns.
pub const fn width(words: usize) -> usize {
    filling(words).end
}

/// The columns behind all others, up to a multiple of [`GROUP`]. They are free: nothing reads them.
pub(super) const fn filling(words: usize) -> Range<usize> {
    let numbers = 4 * 4 * words + 2 * words;
    let start = ModmulHead::WIDTH + (words / 2 - 1) + numbers + carries(words) + wide_carries(words);
    start..start.next_multiple_of(GROUP)
}

impl<'a, T> ModmulColumns<&'a ModmulHead<T>, &'a [T]> {
    /// A row to be read. Panics if it does not have [`width`] columns.
    pub fn read(words: usize, row: &'a [T]) -> Self {
        let mut rest = row;
        let mut next = |length| {
            let (part, others) = rest.split_at(length);
            rest = others;
            part
        };
        let columns = Self {
            head: next(ModmulHead::WIDTH).borrow(),
            member: next(words / 2 - 1),
            a: next(4 * words),
            b: next(4 * words),
            m: next(4 * words),
            q: next(4 * words),
            r: next(2 * words),
            carry: next(carries(words)),
            high: next(wide_carries(words)),
        };
        assert_eq!(rest.len(), filling(words).len());
        columns
    }
}

impl<'a, T> ModmulColumns<&'a mut ModmulHead<T>, &'a mut [T]> {
    /// A row to be written. Panics if it does not have [`width`] columns.
    pub fn write(words: usize, row: &'a mut [T]) -> Self {
        let mut rest = row;
        let mut next = |length| {
            let (part, others) = core::mem::take(&mut rest).split_at_mut(length);
            rest = others;
            part
        };
        let columns = Self {
            head: next(ModmulHead::WIDTH).borrow_mut(),
            member: next(words / 2 - 1),
            a: next(4 * words),
            b: next(4 * words),
            m: next(4 * words),
            q: next(4 * words),
            r: next(2 * words),
            carry: next(carries(words)),
            high: next(wide_carries(words)),
        };
        assert_eq!(rest.len(), filling(words).len());
        columns
    }
}

//! How often each entry of the lookup table is asked for.

use alloc::boxed::Box;
use alloc::vec;

/// Entries per part of the table.
const ENTRIES: usize = 1 << 16;

/// Multiplicities of the lookup table: filled while traces are made, then the table's own trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCounts {
    /// Per x.
    pub range16: Box<[u32]>,
    /// Per 256 x + y.
    pub bytes: Box<[u32]>,
    /// Per 256 x + y.
    pub and: Box<[u32]>,
}

impl Default for TableCounts {
    fn default() -> Self {
        let zeroes = || vec![0; ENTRIES].into_boxed_slice();
        Self { range16: zeroes(), bytes: zeroes(), and: zeroes() }
    }
}

impl TableCounts {
    /// Counts `ask_range16(x)`. Panics if x has more than 16 bits: a trace that asks for that is wrong.
    #[inline]
    pub fn range16(&mut self, x: u32) {
        self.range16[x as usize] += 1;
    }

    /// Counts `ask_bytes(x, y)`. Panics if one of them has more than 8 bits.
    #[inline]
    pub fn bytes(&mut self, x: u32, y: u32) {
        self.bytes[pair(x, y)] += 1;
    }

    /// Counts `ask_and(x, y, x & y)`. Panics if one of them has more than 8 bits.
    #[inline]
    pub fn and(&mut self, x: u32, y: u32) {
        self.and[pair(x, y)] += 1;
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        let parts = [
            (&mut self.range16, &other.range16),
            (&mut self.bytes, &other.bytes),
            (&mut self.and, &other.and),
        ];
        for (sum, more) in parts {
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
        }
    }
}

fn pair(x: u32, y: u32) -> usize {
    assert!(x < 256 && y < 256, "{x} and {y} are not bytes");
    (x << 8 | y) as usize
}

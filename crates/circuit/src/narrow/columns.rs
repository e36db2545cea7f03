use p3_field::PrimeCharacteristicRing;

use crate::Val;
use crate::columns::columns;

/// Rows of a block: one permutation.
pub const BLOCK: usize = 8;

/// One row: an eighth of a permutation, and one operation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct NarrowColumns<T> {
    /// The state at the start of the row's rounds; the output in a block's last row.
    pub state: [T; 16],
    /// The state between two full rounds, or what the S-boxes of partial rounds return.
    pub middle: [T; 16],
    /// The wires a, b, c and d.
    pub operands: [[T; 4]; 4],
}

columns!(NarrowColumns);

/// What a key fixes of a row. Counts are positive where the row defines, negative where it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct NarrowFixed<T> {
    /// Wires of the operands.
    pub address: [T; 4],
    /// Their counts.
    pub count: [T; 4],
    /// Flag: d = a b + c + constant.
    pub operates: T,
    /// Flag: a lies in the base field.
    pub base: T,
    /// What the operation adds.
    pub constant: T,
    /// Flags of the block: in its first row for the input, see [`first`], in its last row for the output, see [`last`].
    pub flags: [T; 7],
    /// Zero: makes the width a multiple of 4.
    pub free: [T; 2],
}

columns!(NarrowFixed);

/// Flags of a block's first row.
pub mod first {
    /// The input's first half is o elements of c, then a and b, for o from 0 to 3: flag o.
    pub const ABSORBS: [usize; 4] = [0, 1, 2, 3];
    /// The second sum continues the first.
    pub const CONTINUES: usize = 4;
    /// The input's second half is the next row's a and b.
    pub const LOADS: usize = 5;
    /// The next row's b and c are sums of the input's elements with the powers a, b, c, d; the next row's a is what the
    /// first continues.
    pub const SUMS: usize = 6;
}

/// Flags of a block's last row.
pub mod last {
    /// The output is the left or the right half of the next input, as the next row's a says.
    pub const PATH: usize = 0;
    /// With `BINDS`: the next input's second half is the output's; without, it is zero.
    pub const CHAINS: usize = 1;
    /// The next input's second half is bound.
    pub const BINDS: usize = 2;
    /// No flag but a small number: with `BINDS`, it is added to the first element of that half.
    pub const TAG: usize = 3;
    /// The next input's first or second four elements are the output's.
    pub const RETAINS: [usize; 2] = [4, 5];
    /// a and b are the first half of the output.
    pub const HANDS_OUT: usize = 6;
}

impl NarrowFixed<Val> {
    /// Sets some flags to 1.
    pub fn set(&mut self, flags: impl IntoIterator<Item = usize>) {
        for flag in flags {
            self.flags[flag] = Val::ONE;
        }
    }
}

//! The table of what chi, iota and theta do to a piece.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

use super::layout::{BASE, ROUNDS, SLICES, bus_name};
use crate::{GROUP, Val};

/// Rows of the table: more than its entries need, which puts the height in the grid of heights.
const HEIGHT: usize = 1 << 17;
/// Fields of a message.
pub(super) const FIELDS: usize = 7;
/// Columns of the entries: a message's fields, and a free one that fills a row up to a multiple of [`GROUP`].
const FIXED: usize = FIELDS.next_multiple_of(GROUP);
/// Columns: the count, and free ones that fill a row up.
const WIDTH: usize = GROUP;

/// Tags of the entries. Tags 0 to 3: key, low, high, where bit i of the result is bit 1 of the key's digit i, `high` is
/// the piece of its top *tag* bits and `low` that of the others.
pub(super) mod tag {
    /// key, result as a number. The key's digits are below 7.
    pub(in super::super) const PRINT: u32 = 4;
    /// A piece whose digits are even and below 10.
    pub(in super::super) const EVEN: u32 = 5;
    /// Three pieces of 3 bits.
    pub(in super::super) const BITS: u32 = 6;
    /// step, slice, role, then pieces 0, 1 and 3 of the round constant.
    pub(in super::super) const SCHEDULE: u32 = 7;
}

/// Roles of rows in the schedule.
pub(super) mod role {
    pub(in super::super) const INPUT: u32 = 1;
    pub(in super::super) const START: u32 = 2;
    pub(in super::super) const ROUND: u32 = 3;
    pub(in super::super) const LAST: u32 = 4;
}

const KEYS: usize = BASE.pow(4) as usize;
const PRINT_AT: usize = 4 * KEYS;
const EVEN_AT: usize = PRINT_AT + 7usize.pow(4);
const BITS_AT: usize = EVEN_AT + 5usize.pow(4);
const SCHEDULE_AT: usize = BITS_AT + (1 << 9);
const END: usize = SCHEDULE_AT + (ROUNDS + 2) * SLICES;
const _: () = assert!(END <= HEIGHT);

/// iota's constants.
pub(super) const CONSTANTS: [u64; ROUNDS] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// The number whose digits in a base are the bits of a number of 4 bits.
pub(super) const fn spread(base: u32) -> [u32; 16] {
    let mut table = [0; 16];
    let mut bits = 0;
    while bits < 16 {
        let b = bits as u32;
        table[bits] =
            (b & 1) + base * (b >> 1 & 1) + base * base * (b >> 2 & 1) + base * base * base * (b >> 3);
        bits += 1;
    }
    table
}

/// Pieces.
pub(super) const PIECE: [u32; 16] = spread(BASE);

/// 4 bits of a lane.
pub(super) const fn nibble(lane: u64, slice: usize, piece: usize) -> usize {
    (lane >> (16 * slice + 4 * piece) & 15) as usize
}

/// A piece's low part, and its high part of `cut` bits.
pub(super) const fn split(bits: usize, cut: usize) -> [u32; 2] {
    [PIECE[bits & (15 >> cut)], PIECE[bits >> (4 - cut)]]
}

/// How often each entry is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeccakCounts(Box<[u32]>);

impl Default for KeccakCounts {
    fn default() -> Self {
        Self(vec![0; HEIGHT].into_boxed_slice())
    }
}

impl KeccakCounts {
    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(&other.0) {
            *sum += more;
        }
    }

    pub(super) fn cut(&mut self, cut: usize, key: u32) {
        assert!((key as usize) < KEYS);
        self.0[cut * KEYS + key as usize] += 1;
    }

    /// The key in base 7.
    pub(super) fn print(&mut self, key: u32) {
        self.0[PRINT_AT..EVEN_AT][key as usize] += 1;
    }

    /// The digits' halves in base 5.
    pub(super) fn even(&mut self, halves: u32) {
        self.0[EVEN_AT..BITS_AT][halves as usize] += 1;
    }

    pub(super) fn bits(&mut self, bits: [usize; 3]) {
        self.0[BITS_AT..SCHEDULE_AT][bits[0] | bits[1] << 3 | bits[2] << 6] += 1;
    }

    pub(super) fn schedule(&mut self, step: usize, slice: usize, role: u32) {
        let line = if role == role::INPUT { 0 } else { step + 1 };
        self.0[SCHEDULE_AT..END][line * SLICES + slice] += 1;
    }
}

/// The digits of a number in a base, lowest first.
fn digits(number: usize, base: usize) -> [usize; 4] {
    [number, number / base, number / base.pow(2), number / base.pow(3)].map(|rest| rest % base)
}

/// The number with these digits.
fn piece(digits: [usize; 4]) -> u32 {
    digits.iter().rev().fold(0, |sum, digit| sum * BASE + *digit as u32)
}

/// Bit i is bit 1 of digit i.
fn result(digits: [usize; 4]) -> usize {
    (0..4).map(|i| (digits[i] >> 1 & 1) << i).sum()
}

fn entry(index: usize) -> [u32; FIELDS] {
    if index < PRINT_AT {
        let (cut, key) = (index / KEYS, index % KEYS);
        let [low, high] = split(result(digits(key, BASE as usize)), cut);
        [cut as u32, key as u32, low, high, 0, 0, 0]
    } else if index < EVEN_AT {
        let digits = digits(index - PRINT_AT, 7);
        [tag::PRINT, piece(digits), result(digits) as u32, 0, 0, 0, 0]
    } else if index < BITS_AT {
        [tag::EVEN, piece(digits(index - EVEN_AT, 5).map(|half| 2 * half)), 0, 0, 0, 0, 0]
    } else if index < SCHEDULE_AT {
        let [a, b, c, _] = digits(index - BITS_AT, 8).map(|bits| PIECE[bits]);
        [tag::BITS, a, b, c, 0, 0, 0]
    } else if index < END {
        let (line, slice) = ((index - SCHEDULE_AT) / SLICES, (index - SCHEDULE_AT) % SLICES);
        let (step, role) = match line {
            0 => (0, role::INPUT),
            1 => (0, role::START),
            _ if line - 1 < ROUNDS => (line - 1, role::ROUND),
            _ => (ROUNDS, role::LAST),
        };
        let constant = if step == 0 { 0 } else { CONSTANTS[step - 1] };
        let [a, b, c] = [0, 1, 3].map(|piece| PIECE[nibble(constant, slice, piece)]);
        [tag::SCHEDULE, step as u32, slice as u32, role, a, b, c]
    } else {
        // A fact, so that it does no harm.
        [tag::BITS, 0, 0, 0, 0, 0, 0]
    }
}

/// The table. Its entries are fixed; the one column, the count, is free, since a fact may be asked for at will.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeccakTableAir {
    has_entries: bool,
}

impl KeccakTableAir {
    /// The table with its fixed columns. The default has none: enough where only constraints matter, as in a verifier.
    pub const fn with_entries() -> Self {
        Self { has_entries: true }
    }
}

impl BaseAir<Val> for KeccakTableAir {
    fn width(&self) -> usize {
        WIDTH
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        if !self.has_entries {
            return None;
        }
        let mut values = Val::zero_vec(HEIGHT * FIXED);
        for (index, row) in values.chunks_exact_mut(FIXED).enumerate() {
            row[..FIELDS].copy_from_slice(&entry(index).map(Val::from_u32));
        }
        Some(RowMajorMatrix::new(values, FIXED))
    }

    fn preprocessed_width(&self) -> usize {
        FIXED
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for KeccakTableAir {
    fn eval(&self, builder: &mut AB) {
        let count: AB::Expr = builder.main().current_slice()[0].into();
        let fixed = builder.preprocessed().clone();
        let fields: Vec<AB::Expr> =
            fixed.current_slice()[..FIELDS].iter().map(|field| (*field).into()).collect();
        builder.push_interaction(bus_name::TABLE, fields, Count::provided(-count));
    }
}

/// The table's trace: how often each entry is asked for.
pub fn generate_table(counts: &KeccakCounts) -> RowMajorMatrix<Val> {
    let mut values = Val::zero_vec(HEIGHT * WIDTH);
    for (row, count) in values.chunks_exact_mut(WIDTH).zip(&counts.0) {
        row[0] = Val::from_u32(*count);
    }
    RowMajorMatrix::new(values, WIDTH)
}

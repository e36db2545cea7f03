use alloc::vec;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::air::{CHAIN, WIDE_OFFSET};
use super::columns::{ModmulColumns, ModmulHead, carries, is_wide, width};
use crate::{TableCounts, Val};

/// A product of two numbers of 12 words. Shorter numbers are computed in it too: the time goes by what is not zero.
type Wide = ruint::Uint<768, 12>;

/// Bytes of the longest number, and positions of 16 bits of its square.
const BYTES_MAX: usize = 48;

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModmulEvent<const WORDS: usize> {
    /// Cycle within the segment.
    pub clock: u32,
    /// Word addresses of the result, a, b and m.
    pub addresses: [u32; 4],
    /// First factor.
    pub a: [u32; WORDS],
    /// Second factor.
    pub b: [u32; WORDS],
    /// Modulus; 0 stands for 2^256 (2^384).
    pub m: [u32; WORDS],
}

impl<const WORDS: usize> ModmulEvent<WORDS> {
    /// Rows that it takes: 2 if the quotient a * b / m is too long for one row, otherwise 1.
    pub fn rows(&self) -> usize {
        let m = wide(&self.m);
        let high = (wide(&self.a) * wide(&self.b)) >> (32 * WORDS);
        if !m.is_zero() && high >= m { 2 } else { 1 }
    }
}

/// What one row proves: a * b = q * m + r.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation<const WORDS: usize> {
    pub(super) is_call: bool,
    pub(super) is_part: bool,
    pub(super) clock: u32,
    pub(super) addresses: [u32; 4],
    pub(super) a: [u32; WORDS],
    pub(super) b: [u32; WORDS],
    pub(super) m: [u32; WORDS],
    pub(super) q: [u32; WORDS],
    pub(super) r: [u32; WORDS],
}

/// The trace of these calls. Panics if they do not fit in `height` rows.
pub fn generate<const WORDS: usize>(
    events: &[ModmulEvent<WORDS>],
    height: usize,
    counts: &mut TableCounts,
) -> RowMajorMatrix<Val> {
    let needed: usize = events.iter().map(ModmulEvent::rows).sum();
    assert!(needed <= height, "{needed} rows of multiplications for {height} rows");
    let mut values = vec![Val::ZERO; height * width(WORDS)];
    let (used, unused) = values.split_at_mut(needed * width(WORDS));
    let operations = events.iter().flat_map(operations).flatten();
    for (row, operation) in used.chunks_exact_mut(width(WORDS)).zip(operations) {
        fill(row, &operation, &mut Asked { counts, times: 1 });
    }
    let mut unused = unused.chunks_exact_mut(width(WORDS));
    if let Some(first) = unused.next() {
        let times = (height - needed) as u32;
        fill(first, &Operation::<WORDS>::unused(), &mut Asked { counts, times });
        unused.for_each(|row| row.copy_from_slice(first));
    }
    RowMajorMatrix::new(values, width(WORDS))
}

/// The rows of a call.
pub(super) fn operations<const WORDS: usize>(event: &ModmulEvent<WORDS>) -> [Option<Operation<WORDS>>; 2] {
    let ModmulEvent { clock, addresses, a, b, m } = *event;
    let operation = |is_call, is_part, a: [u32; WORDS], b: [u32; WORDS]| {
        let [q, r] = divide(&a, &b, &m);
        Operation { is_call, is_part, clock, addresses, a, b, m, q, r }
    };
    if event.rows() == 1 {
        return [Some(operation(true, false, a, b)), None];
    }
    let mut one = [0; WORDS];
    one[0] = 1;
    let first = operation(false, true, a, one);
    [Some(first), Some(operation(true, true, first.r, b))]
}

/// Quotient and remainder of a * b by m. Panics if the quotient is longer than the numbers.
pub(super) fn divide<const WORDS: usize>(
    a: &[u32; WORDS],
    b: &[u32; WORDS],
    m: &[u32; WORDS],
) -> [[u32; WORDS]; 2] {
    let m = if m.iter().all(|word| *word == 0) { Wide::ONE << (32 * WORDS) } else { wide(m) };
    let (q, r) = (wide(a) * wide(b)).div_rem(m);
    [q, r].map(|number| words(&number))
}

pub(super) fn wide<const WORDS: usize>(words: &[u32; WORDS]) -> Wide {
    let mut limbs = [0; 12];
    for (limb, words) in limbs.iter_mut().zip(words.chunks_exact(2)) {
        *limb = u64::from(words[0]) | u64::from(words[1]) << 32;
    }
    Wide::from_limbs(limbs)
}

pub(super) fn words<const WORDS: usize>(number: &Wide) -> [u32; WORDS] {
    assert!(number.bit_len() <= 32 * WORDS, "{number} is longer than {WORDS} words");
    core::array::from_fn(|i| (number.as_limbs()[i / 2] >> (32 * (i % 2))) as u32)
}

/// Counts what rows ask, each this many times.
pub(super) struct Asked<'a> {
    pub(super) counts: &'a mut TableCounts,
    pub(super) times: u32,
}

impl Asked<'_> {
    fn range16(&mut self, x: u32) {
        self.counts.range16[x as usize] += self.times;
    }

    fn bytes(&mut self, x: u8, y: u8) {
        self.counts.bytes[usize::from(x) << 8 | usize::from(y)] += self.times;
    }
}

impl<const WORDS: usize> Operation<WORDS> {
    const fn unused() -> Self {
        let zero = [0; WORDS];
        Self {
            is_call: false,
            is_part: false,
            clock: 0,
            addresses: [0; 4],
            a: zero,
            b: zero,
            m: zero,
            q: zero,
            r: zero,
        }
    }
}

type Row<'a> = ModmulColumns<&'a mut ModmulHead<Val>, &'a mut [Val]>;

pub(super) fn fill<const WORDS: usize>(row: &mut [Val], operation: &Operation<WORDS>, asked: &mut Asked<'_>) {
    let Operation { is_call, is_part, clock, addresses, a, b, m, q, r } = operation;
    let mut row = ModmulColumns::write(WORDS, row);
    row.head.is_call = Val::from_bool(*is_call);
    row.head.is_part = Val::from_bool(*is_part);
    row.head.clock = Val::from_u32(*clock);
    row.head.addresses = addresses.map(Val::from_u32);
    fill_bytes(row.a, a, asked);
    fill_bytes(row.b, b, asked);
    fill_bytes(row.m, m, asked);
    fill_bytes(row.q, q, asked);
    for (columns, word) in row.r.chunks_exact_mut(2).zip(r) {
        for (column, limb) in columns.iter_mut().zip([word & 0xffff, word >> 16]) {
            *column = Val::from_u32(limb);
            asked.range16(limb);
        }
    }
    if *is_call {
        fill_selection(&mut row, m, r, asked);
    } else {
        asked.range16(0);
    }
    fill_carries::<WORDS>(row.carry, row.high, &carries_of(operation), asked);
}

fn fill_bytes<const WORDS: usize>(columns: &mut [Val], words: &[u32; WORDS], asked: &mut Asked<'_>) {
    for (columns, word) in columns.chunks_exact_mut(4).zip(words) {
        let bytes = word.to_le_bytes();
        columns.copy_from_slice(&bytes.map(Val::from_u8));
        asked.bytes(bytes[0], bytes[1]);
        asked.bytes(bytes[2], bytes[3]);
    }
}

/// Selects the highest limb in which m and r differ; none if m = 0.
fn fill_selection<const WORDS: usize>(
    row: &mut Row<'_>,
    m: &[u32; WORDS],
    r: &[u32; WORDS],
    asked: &mut Asked<'_>,
) {
    let limb = |number: &[u32; WORDS], i: usize| number[i / 2] >> (16 * (i % 2)) & 0xffff;
    let is_power = m.iter().all(|word| *word == 0);
    let highest = (0..2 * WORDS).rev().find(|i| !is_power && limb(m, *i) != limb(r, *i));
    assert!(is_power || highest.is_some(), "the result is the modulus");
    let mut gap = 0;
    if let Some(i) = highest {
        assert!(limb(r, i) < limb(m, i), "the result is not below the modulus");
        gap = limb(m, i) - limb(r, i) - 1;
        let (quarter, member) = (2 * i / WORDS, i % (WORDS / 2));
        row.head.quarter[quarter] = Val::ONE;
        if let Some(column) = member.checked_sub(1) {
            row.member[column] = Val::ONE;
        }
    }
    row.head.gap = Val::from_u32(gap);
    asked.range16(gap);
}

/// The carries out of the positions; the last is 0. Panics if a * b and q * m + r differ.
pub(super) fn carries_of<const WORDS: usize>(operation: &Operation<WORDS>) -> [i32; BYTES_MAX] {
    let Operation { is_call, a, b, m, q, r, .. } = operation;
    let is_power = *is_call && m.iter().all(|word| *word == 0);
    let (a, b) = (digits(a, 0), pairs(&digits(b, 0)));
    let (q, m) = (digits(q, 0), pairs(&digits(m, is_power.into())));
    let mut carries = [0; BYTES_MAX];
    let mut carry = 0;
    for (position, column) in carries.iter_mut().enumerate().take(4 * WORDS) {
        let r = r.get(position / 2).map_or(0, |word| word >> (16 * (position % 2)) & 0xffff) as i32;
        let sum =
            products(&a[..4 * WORDS], &b, position) - products(&q[..4 * WORDS], &m, position) - r + carry;
        assert!(sum & 0xffff == 0, "the products differ at position {position}");
        carry = sum >> 16;
        *column = carry;
    }
    assert!(carry == 0, "the products differ");
    carries
}

/// The bytes of a number, and a digit on top.
fn digits<const WORDS: usize>(words: &[u32; WORDS], top: i32) -> [i32; BYTES_MAX + 1] {
    let mut digits = [0; BYTES_MAX + 1];
    for (digits, word) in digits.chunks_exact_mut(4).zip(words) {
        digits.copy_from_slice(&word.to_le_bytes().map(i32::from));
    }
    digits[4 * WORDS] = top;
    digits
}

/// `digits[i - 1] + 2^8 digits[i]` at [`BYTES_MAX`] + 1 - i: backwards, as the products need it.
fn pairs(digits: &[i32; BYTES_MAX + 1]) -> [i32; BYTES_MAX + 2] {
    let digit = |i: Option<usize>| i.and_then(|i| digits.get(i)).copied().unwrap_or(0);
    let pair = |i: usize| digit(i.checked_sub(1)) + (digit(Some(i)) << 8);
    core::array::from_fn(|i| pair(BYTES_MAX + 1 - i))
}

/// The products of bytes that fall in a position: at most 48 * 255^2 * 257 < 2^30.
fn products(bytes: &[i32], pairs: &[i32; BYTES_MAX + 2], position: usize) -> i32 {
    // Byte i meets pair 2 position + 1 - i, which is at BYTES_MAX + i - 2 position.
    let skipped = (2 * position).saturating_sub(BYTES_MAX);
    let start = (BYTES_MAX + skipped).saturating_sub(2 * position);
    bytes.iter().skip(skipped).zip(&pairs[start..]).map(|(byte, pair)| byte * pair).sum()
}

pub(super) fn fill_carries<const WORDS: usize>(
    columns: &mut [Val],
    high_columns: &mut [Val],
    values: &[i32; BYTES_MAX],
    asked: &mut Asked<'_>,
) {
    debug_assert_eq!(columns.len(), carries(WORDS));
    let mut high_columns = high_columns.iter_mut();
    let mut chain = ([0; CHAIN], 0);
    for (position, (column, carry)) in columns.iter_mut().zip(values).enumerate() {
        if is_wide(WORDS, position) {
            let sum = (carry + WIDE_OFFSET as i32) as u32;
            let (low, high) = ((sum & 0x7f) as u8, (sum >> 7) as u8);
            assert!(sum >> 15 == 0, "the carry {carry} at {position}");
            *column = Val::from_u8(low);
            if let Some(column) = high_columns.next() {
                *column = Val::from_u8(high);
            }
            asked.bytes(low, high);
            continue;
        }
        *column = Val::from_i32(*carry);
        chain.0[chain.1] = *carry;
        chain.1 += 1;
        if chain.1 == CHAIN {
            ask_chain(&chain.0, asked);
            chain.1 = 0;
        }
    }
    ask_chain(&chain.0[..chain.1], asked);
}

fn ask_chain(chain: &[i32], asked: &mut Asked<'_>) {
    let carry = |i: usize| chain.get(i).copied().unwrap_or(0);
    if chain.is_empty() {
        return;
    }
    asked.range16((carry(0) + (1 << 15)) as u32);
    for i in 0..chain.len() {
        asked.range16((3 * carry(i) + carry(i + 1) + (1 << 15)) as u32);
    }
}

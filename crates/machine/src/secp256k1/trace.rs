use alloc::vec;
use core::array;
use core::borrow::{Borrow, BorrowMut};

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use ruint::aliases::U256;

use super::carries::{self, GROUPS, PLACES, QUOTIENT_WEIGHTS};
use super::columns::{
    BYTES, CanonicalChoice, FIRST_CARRIES, HIGHS, LIMBS, NIBBLES, ROWS, Secp256k1Columns, UNEQUAL, WORDS,
};
use super::relations::{Operands, Relation};
use crate::{TableCounts, Val};

/// p = 2^256 - 2^32 - 977.
pub(super) const MODULUS: U256 = U256::from_limbs([
    0xffff_fffe_ffff_fc2f,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
]);

/// What the slope's nibbles represent when its digits are all 0: the bias, 8, in each.
pub(super) const BIAS: U256 = U256::from_limbs([0x8888_8888_8888_8888; 4]);

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointEvent {
    /// Cycle of the call.
    pub clock: u32,
    /// Word address of P, which becomes the result.
    pub p_address: u32,
    /// Word address of Q; 0 for a doubling.
    pub q_address: u32,
    /// P before the call, x then y.
    pub p: [u32; 16],
    /// Q; none: P is doubled.
    pub q: Option<[u32; 16]>,
}

/// The trace of these operations. Panics if they do not fit in `height` rows, or if one of them traps.
pub fn generate(events: &[PointEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height / ROWS, "{} operations for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * Secp256k1Columns::WIDTH];
    let rows = values.par_chunks_exact_mut(ROWS * Secp256k1Columns::WIDTH);
    rows.zip(events.par_iter()).for_each(|(rows, event)| {
        let (first, second) = rows.split_at_mut(Secp256k1Columns::WIDTH);
        fill([first.borrow_mut(), second.borrow_mut()], &Witness::new(event));
    });
    for row in values.chunks_exact(Secp256k1Columns::WIDTH).take(ROWS * events.len()) {
        count(row.borrow(), counts);
    }
    let unused = (height - ROWS * events.len()) as u32;
    counts.and[15] += unused * BYTES as u32;
    counts.bytes[0] += unused * LIMBS as u32;
    counts.range16[0] += unused * (WORDS + 3) as u32;
    RowMajorMatrix::new(values, Secp256k1Columns::WIDTH)
}

/// An operation with its result.
#[derive(Clone, Copy)]
pub(super) struct Witness {
    pub(super) event: PointEvent,
    /// The slope, or twice the slope of a doubling.
    pub(super) slope: U256,
    /// P.
    pub(super) p: [U256; 2],
    /// Q; for a doubling x is y of P, and y is 0.
    pub(super) q: [U256; 2],
    /// The result.
    pub(super) r: [U256; 2],
}

impl Witness {
    pub(super) fn new(event: &PointEvent) -> Self {
        let p = coordinates(&event.p);
        let q = event.q.map_or([p[1], U256::ZERO], |q| coordinates(&q));
        for coordinate in p.iter().chain(&q) {
            assert!(*coordinate < MODULUS, "a coordinate is not canonical");
        }
        let [[x_p, y_p], [x_q, y_q]] = [p, q];
        let three = U256::from(3);
        let (numerator, divisor) = match event.q {
            Some(_) => (subtract(y_q, y_p), subtract(x_q, x_p)),
            None => (times(three, times(x_p, x_p)), y_p),
        };
        let slope = times(numerator, divisor.inv_mod(MODULUS).expect("the slope exists"));
        let (x_r, y_r) = if event.q.is_some() {
            let x_r = subtract(times(slope, slope), x_p.add_mod(x_q, MODULUS));
            (x_r, subtract(times(slope, subtract(x_p, x_r)), y_p))
        } else {
            let half = halve(slope);
            let x_r = subtract(times(half, half), x_p.add_mod(x_p, MODULUS));
            (x_r, subtract(times(half, subtract(x_p, x_r)), y_p))
        };
        Self { event: *event, slope, p, q, r: [x_r, y_r] }
    }
}

fn coordinates(words: &[u32; 16]) -> [U256; 2] {
    [0, 4].map(|from| {
        U256::from_limbs(array::from_fn(|i| {
            let at = 2 * (from + i);
            u64::from(words[at]) | u64::from(words[at + 1]) << 32
        }))
    })
}

pub(super) fn times(x: U256, y: U256) -> U256 {
    x.mul_mod(y, MODULUS)
}

pub(super) fn subtract(x: U256, y: U256) -> U256 {
    x.add_mod(MODULUS - y, MODULUS)
}

/// x / 2 modulo p, for canonical x.
fn halve(x: U256) -> U256 {
    let half = x >> 1usize;
    // (p + 1) / 2, without leaving 256 bits.
    if x.bit(0) { half.add_mod((MODULUS >> 1usize) + U256::from(1), MODULUS) } else { half }
}

/// Fills both rows of an operation.
pub(super) fn fill(
    [first, second]: [&mut Secp256k1Columns<Val>; 2],
    Witness { event, slope, p, q, r }: &Witness,
) {
    first.is_add = Val::from_bool(event.q.is_some());
    first.is_double = Val::from_bool(event.q.is_none());
    second.is_second = Val::ONE;
    [first.clock, second.clock] = [Val::from_u32(event.clock); 2];
    [first.read_address, first.write_address] = [event.q_address, event.p_address].map(Val::from_u32);
    second.read_address = Val::from_u32(event.p_address);
    first.nibbles = nibbles(slope.add_mod(BIAS, MODULUS));
    first.bytes = bytes(q[0]);
    first.limbs = limbs(q[1]);
    first.words[..LIMBS].copy_from_slice(&limbs(r[1]));
    second.nibbles = nibbles(p[0]);
    second.bytes = bytes(r[0]);
    second.limbs = limbs(p[1]);
    fill_unequal(first, second);
    fill_carries(first, second);
    let choose = |row: &mut Secp256k1Columns<Val>, which: usize, x: &U256| {
        let witness = why_canonical(x);
        row.canonical[which] = witness.choice;
        row.inverses[which.min(2)] = witness.inverse;
        row.rests[which.min(2)] = witness.rest;
    };
    for (which, x) in [(0, q[0]), (1, q[1]), (3, r[1])] {
        choose(first, which, &x);
    }
    for (which, x) in [(0, r[0]), (1, p[1]), (2, p[0])] {
        choose(second, which, &x);
    }
}

fn limbs(x: U256) -> [Val; LIMBS] {
    array::from_fn(|i| Val::from_u16((x.as_limbs()[i / 4] >> (16 * (i % 4))) as u16))
}

fn bytes(x: U256) -> [Val; BYTES] {
    x.to_le_bytes::<BYTES>().map(Val::from_u8)
}

fn nibbles(x: U256) -> [Val; NIBBLES] {
    let bytes = x.to_le_bytes::<BYTES>();
    array::from_fn(|i| Val::from_u8(bytes[i / 2] >> (4 * (i % 2)) & 15))
}

/// One difference that is not zero has its inverse as weight.
fn fill_unequal(first: &mut Secp256k1Columns<Val>, second: &mut Secp256k1Columns<Val>) {
    let divisor = Operands::<Val>::new(first, second).divisor();
    let mut differences = divisor
        .chunks(3)
        .map(|bytes| bytes.iter().rev().fold(Val::ZERO, |sum, byte| sum * Val::from_u16(256) + *byte));
    if let Some((i, inverse)) =
        (0..).zip(&mut differences).find_map(|(i, x): (usize, Val)| Some((i, x.try_inverse()?)))
    {
        let row = if i < UNEQUAL { first } else { second };
        row.unequal[i % UNEQUAL] = inverse;
    }
}

/// Carries that follow from the operands.
pub(super) fn fill_carries(first: &mut Secp256k1Columns<Val>, second: &mut Secp256k1Columns<Val>) {
    let operands = Operands::<Val>::new(first, second);
    for relation in Relation::ALL {
        let sums = operands.sums(relation).map(centred);
        let quotient = quotient(&sums);
        let mut carry = 0;
        for (group, index) in carries::of(relation as usize).enumerate() {
            let sum = sums[group] + carry + QUOTIENT_WEIGHTS[group] * quotient;
            carry = sum.div_euclid(carries::base(group));
            let place = PLACES[index];
            let mut low = carry - place.offset;
            if let Some(high) = place.high {
                let row = if high < HIGHS { &mut *first } else { &mut *second };
                row.highs[high % HIGHS] = Val::from_bool(low >= 1 << 16);
                low -= if low >= 1 << 16 { 1 << 16 } else { 0 };
            }
            match index.checked_sub(FIRST_CARRIES) {
                None => first.words[LIMBS + index] = Val::from_i64(low),
                Some(index) => second.words[index] = Val::from_i64(low),
            }
        }
    }
}

/// The integer nearest to zero.
pub(super) fn centred(x: Val) -> i64 {
    let x = i64::from(x.as_canonical_u32());
    if x > i64::from(Val::ORDER_U32 / 2) { x - i64::from(Val::ORDER_U32) } else { x }
}

/// The sum of all groups, which is a multiple of p, over p. The top 7 groups, 2^180 and above, decide it: those below
/// add less than 2^200, and q * p differs from q * 2^256 by less than 2^50.
fn quotient(sums: &[i64; GROUPS]) -> i64 {
    const TOP: usize = 15;
    let top = sums[TOP..].iter().rev().fold(0, |sum, group| (sum << 12) + i128::from(*group));
    let bits = 256 - 12 * TOP;
    ((top + (1 << (bits - 1))) >> bits) as i64
}

/// Witness that a number is below p.
struct Canonical {
    choice: CanonicalChoice<Val>,
    inverse: Val,
    rest: Val,
}

fn why_canonical(x: &U256) -> Canonical {
    let limb = |i: usize| (x.as_limbs()[i / 4] >> (16 * (i % 4))) as u16;
    let top: u32 = (3..LIMBS).map(|i| u32::from(0xffff - limb(i))).sum();
    let [by_middle, by_low] = [Val::ZERO; 2];
    if top != 0 {
        let inverse = Val::from_u32(top).inverse();
        return Canonical { choice: CanonicalChoice { by_middle, by_low }, inverse, rest: Val::ZERO };
    }
    let u = Val::from_u16(0xfffe) - Val::from_u16(limb(2));
    let v = Val::from_u16(0xffff - limb(1));
    if let Some(inverse) = (u + v).try_inverse() {
        return Canonical { choice: CanonicalChoice { by_middle: Val::ONE, by_low }, inverse, rest: u };
    }
    let rest = Val::from_u16(0xfc2e) - Val::from_u16(limb(0));
    Canonical { choice: CanonicalChoice { by_middle, by_low: Val::ONE }, inverse: Val::ZERO, rest }
}

fn count(row: &Secp256k1Columns<Val>, counts: &mut TableCounts) {
    let value = |x: &Val| x.as_canonical_u32();
    for [low, high] in row.nibbles.as_chunks::<2>().0 {
        counts.and(value(low) + 16 * value(high), 15);
    }
    for [x, y] in row.bytes.as_chunks::<2>().0 {
        counts.bytes(value(x), value(y));
    }
    for word in row.words.iter().chain(&row.rests) {
        counts.range16(value(word));
    }
}

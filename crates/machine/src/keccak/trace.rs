use alloc::vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::KeccakColumns;
use super::layout::{LANES, PIECES, ROUNDS, SLICES, cut, cut_index, destination, first_target, rho_pi};
use super::table::{CONSTANTS, KeccakCounts, PIECE, nibble, role, split, spread};
use crate::Val;

/// Rows per permutation: input, start, the rounds, memory.
pub const ROWS: usize = (ROUNDS + 3) * SLICES;

const WIDTH: usize = KeccakColumns::<u8>::WIDTH;
/// Keys of the table in the base in which it numbers those that are printed.
const PRINT_KEY: [u32; 16] = spread(7);
/// Halves of even digits, in the base in which the table numbers them.
const HALVES: [u32; 16] = spread(5);

/// One permutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeccakEvent {
    /// Cycle of the call.
    pub clock: u32,
    /// Word address of the state.
    pub address: u32,
    /// The state before.
    pub state: [u32; 50],
}

/// The trace of these permutations. Panics if they do not fit in `height` rows.
pub fn generate(events: &[KeccakEvent], height: usize, counts: &mut KeccakCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() * ROWS <= height, "{} permutations for {height} rows", events.len());
    assert!(height.is_multiple_of(SLICES), "{height} rows are not whole steps");
    let mut values = vec![Val::ZERO; height * WIDTH];
    for (rows, event) in values.chunks_exact_mut(ROWS * WIDTH).zip(events) {
        fill(rows, event, counts);
    }
    RowMajorMatrix::new(values, WIDTH)
}

/// The four rows of a step.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) role: u32,
    pub(super) number: usize,
    /// The state before chi.
    pub(super) before: [u64; LANES],
    /// Column parities after iota; 0 if theta is left out.
    pub(super) parity: [u64; 5],
    /// The state after theta.
    pub(super) after: [u64; LANES],
}

fn fill(rows: &mut [Val], event: &KeccakEvent, counts: &mut KeccakCounts) {
    for row in rows.chunks_exact_mut(WIDTH) {
        let row: &mut KeccakColumns<Val> = row.borrow_mut();
        row.clock = Val::from_u32(event.clock);
        row.address = Val::from_u32(event.address);
    }
    let mut steps = rows.chunks_exact_mut(SLICES * WIDTH);
    let mut fill_next = |step: &Step, counts: &mut KeccakCounts| {
        let Some(rows) = steps.next() else { return };
        for (slice, row) in rows.chunks_exact_mut(WIDTH).enumerate() {
            fill_row(row.borrow_mut(), step, slice, counts);
        }
    };
    let words = &event.state;
    let input = core::array::from_fn(|i| u64::from(words[2 * i]) | u64::from(words[2 * i + 1]) << 32);
    // The state enters as the result of a chi.
    let mut before = inverse_chi(&input);
    let step = Step { role: role::INPUT, number: 0, before, parity: [0; 5], after: input };
    fill_next(&step, counts);
    let mut output = input;
    for number in 0..=ROUNDS {
        if number > 0 {
            output = chi(&before);
            output[0] ^= CONSTANTS[number - 1];
        }
        let (role, parity) = match number {
            0 => (role::START, parity(&output)),
            ROUNDS => (role::LAST, [0; 5]),
            _ => (role::ROUND, parity(&output)),
        };
        let after = theta(&output, &parity);
        fill_next(&Step { role, number, before, parity, after }, counts);
        before = rho_pi(&after);
    }
    fill_memory(&mut rows[(ROWS - SLICES) * WIDTH..], &input, &output);
}

/// A row of any step but memory. What the columns hold: see there and the README.
pub(super) fn fill_row(row: &mut KeccakColumns<Val>, step: &Step, slice: usize, counts: &mut KeccakCounts) {
    let is = |role| Val::from_bool(step.role == role);
    row.is_input = is(role::INPUT);
    row.is_start = is(role::START);
    row.is_round = is(role::ROUND);
    row.is_last = is(role::LAST);
    row.is_call = Val::from_bool(step.role == role::INPUT && slice == 0);
    row.step = Val::from_usize(step.number);
    let constant = if step.number == 0 { 0 } else { CONSTANTS[step.number - 1] };
    row.constant = [0, 1, 3].map(|piece| Val::from_u32(PIECE[nibble(constant, slice, piece)]));
    counts.schedule(step.number, slice, step.role);
    let is_printed = step.role == role::INPUT || step.role == role::LAST;
    let rotated = step.parity.map(|parity| parity.rotate_left(1));
    for lane in 0..LANES {
        let (x, y) = (lane % 5, lane / 5);
        let at = |i: usize| step.before[(x + i) % 5 + 5 * y];
        let added = [step.parity[(x + 4) % 5], rotated[(x + 1) % 5], if lane == 0 { constant } else { 0 }];
        for piece in 0..PIECES {
            let bits = |lane: u64| nibble(lane, slice, piece);
            let key = |digits: &[u32; 16]| {
                let doubled = digits[bits(at(0))] + added.iter().map(|lane| digits[bits(*lane)]).sum::<u32>();
                digits[15 ^ bits(at(1))] + digits[bits(at(2))] + 2 * doubled
            };
            row.before[lane][piece] = Val::from_u32(PIECE[bits(at(0))]);
            if is_printed {
                counts.print(key(&PRINT_KEY));
                row.low[lane][piece] = Val::from_usize(bits(step.after[lane]));
                continue;
            }
            counts.cut(cut(lane), key(&PIECE));
            let [low, high] = split(bits(step.after[lane]), cut(lane)).map(Val::from_u32);
            row.low[lane][piece] = low;
            if let Some(index) = cut_index(lane) {
                row.high[index][piece] = high;
            }
        }
        if let Some(index) = cut_index(lane).filter(|_| step.number > 0) {
            let bits = nibble(step.before[destination(lane)], slice, first_target(lane));
            row.carried[index] = Val::from_u32(PIECE[bits & ((1 << cut(lane)) - 1)]);
        }
    }
    if !is_printed {
        fill_parity(row, step, slice, counts);
    }
}

fn fill_parity(row: &mut KeccakColumns<Val>, step: &Step, slice: usize, counts: &mut KeccakCounts) {
    let mut lows = [0; 21];
    let rotated = step.parity.map(|parity| parity.rotate_left(1));
    for x in 0..5 {
        row.parity_before[x] = Val::from_usize(nibble(rotated[x], slice, 0) & 1);
        for piece in 0..PIECES {
            let bits = |lane: u64| nibble(lane, slice, piece);
            let parity = bits(step.parity[x]);
            row.parity_low[x][piece] = Val::from_u32(PIECE[parity & 7]);
            row.parity_top[x][piece] = Val::from_usize(parity >> 3);
            lows[PIECES * x + piece] = parity & 7;
            let column = (0..5).map(|y| HALVES[bits(step.after[x + 5 * y])]).sum::<u32>();
            let theta = HALVES[bits(step.parity[(x + 4) % 5])] + HALVES[bits(rotated[(x + 1) % 5])];
            counts.even((column + HALVES[parity] + theta) / 2);
        }
    }
    lows.as_chunks::<3>().0.iter().for_each(|bits| counts.bits(*bits));
}

/// Each row has the limbs of the lanes that are still to be read and written, 8 lanes fewer than the row before.
pub(super) fn fill_memory(rows: &mut [Val], input: &[u64; LANES], output: &[u64; LANES]) {
    for (i, row) in rows.chunks_exact_mut(WIDTH).enumerate() {
        let row: &mut KeccakColumns<Val> = row.borrow_mut();
        row.is_memory = Val::ONE;
        row.is_load = Val::from_bool(i == 0);
        row.is_full = Val::from_bool(i + 1 < SLICES);
        for (lane, from) in (8 * i..LANES).enumerate() {
            let limbs = |lane: u64| [0, 16, 32, 48].map(|shift| Val::from_u16((lane >> shift) as u16));
            row.before[lane] = limbs(input[from]);
            row.low[lane] = limbs(output[from]);
        }
    }
}

pub(super) fn chi(state: &[u64; LANES]) -> [u64; LANES] {
    core::array::from_fn(|lane| {
        let at = |i: usize| state[(lane % 5 + i) % 5 + lane / 5 * 5];
        at(0) ^ (!at(1) & at(2))
    })
}

/// chi has order 4 on rows of 5 bits: three times forward is once back.
pub(super) fn inverse_chi(state: &[u64; LANES]) -> [u64; LANES] {
    chi(&chi(&chi(state)))
}

pub(super) fn parity(state: &[u64; LANES]) -> [u64; 5] {
    core::array::from_fn(|x| (0..5).fold(0, |sum, y| sum ^ state[x + 5 * y]))
}

pub(super) fn theta(state: &[u64; LANES], parity: &[u64; 5]) -> [u64; LANES] {
    core::array::from_fn(|lane| {
        let x = lane % 5;
        state[lane] ^ parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1)
    })
}

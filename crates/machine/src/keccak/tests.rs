use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::borrow::{Borrow, BorrowMut};

use ashlar_abi::{call, reference};
use p3_air::BaseAir;
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::layout::{LANES, ROUNDS, SLICES, bus_name, cut_index, rho_pi};
use super::table::{CONSTANTS, FIELDS, PIECE, role};
use super::trace::{Step, chi, fill_memory, fill_row, inverse_chi, parity, theta};
use super::*;
use crate::Val;
use crate::bus::name;
use crate::evaluate::{Balance, evaluate, evaluate_rows};
use crate::testing;

mod attacks;

const WIDTH: usize = KeccakColumns::<u8>::WIDTH;
/// First rows of the last round and of memory.
const LAST: usize = (ROUNDS + 1) * SLICES;
const MEMORY: usize = LAST + SLICES;

type Trace = RowMajorMatrix<Val>;

fn events() -> Vec<KeccakEvent> {
    let mut random = testing::random_words(0x6b65_6363);
    let mut state = || core::array::from_fn(|_| random.next().unwrap());
    let states = [[0; 50], [u32::MAX; 50], core::array::from_fn(|i| u32::from(i == 49)), state(), state()];
    let event =
        |(i, state): (u32, _)| KeccakEvent { clock: 7 + 1000 * i, address: 0x0123_4560 + 3 * i, state };
    (0..).zip(states).map(event).collect()
}

fn honest() -> (Trace, KeccakCounts) {
    let mut counts = KeccakCounts::default();
    let trace = generate(&events(), 1024, &mut counts);
    (trace, counts)
}

/// One permutation, of a state without pattern.
fn single() -> (KeccakEvent, Trace) {
    let event = events()[3];
    (event, generate(&[event], 128, &mut KeccakCounts::default()))
}

fn row_mut(trace: &mut Trace, row: usize) -> &mut KeccakColumns<Val> {
    trace.values[row * WIDTH..][..WIDTH].borrow_mut()
}

/// What memory and the call table see of calls: by arithmetic on words, and the keccak crate.
fn expected(events: &[KeccakEvent]) -> Balance {
    let mut balance = Balance::default();
    for KeccakEvent { clock, address, state } in events {
        balance.add(name::CALL, &[call::KECCAK_F, *clock, *address, 0, 0, 0], -1);
        let mut after = *state;
        reference::keccak_f(&mut after);
        for (tag, words) in [(0, state), (1, &after)] {
            for (i, words) in (0..).zip(words.chunks(4)) {
                let mut message = [tag, 8 * clock + 7, address + 4 * i, words.len() as u32].to_vec();
                message.extend(words.iter().flat_map(|word| [word & 0xffff, word >> 16]));
                message.resize(12, 0);
                balance.add(name::PORT, &message, 1);
            }
        }
    }
    balance
}

fn entries() -> BTreeSet<Vec<u32>> {
    let fixed = KeccakTableAir::with_entries().preprocessed_trace().unwrap();
    let message = |row: &[Val]| row[..FIELDS].iter().map(|x| x.as_canonical_u32()).collect();
    fixed.values.chunks(fixed.width).map(message).collect()
}

/// What other chips see, if constraints, the table and the chip's own buses accept the trace.
fn accept(trace: &Trace) -> Option<Balance> {
    let mut report = evaluate(&KeccakAir, trace, &[]);
    let asked = report.balance.0.remove(bus_name::TABLE).unwrap_or_default();
    let entries = entries();
    let own = [bus_name::START, bus_name::THETA, bus_name::RHO, bus_name::WORDS, bus_name::SHIFT];
    let holds = report.failures.is_empty()
        && asked.iter().all(|(message, count)| *count > 0 && entries.contains(message))
        && own.iter().all(|bus| !report.balance.0.contains_key(*bus));
    holds.then_some(report.balance)
}

#[test]
fn permutes_as_the_reference_does() {
    let (trace, counts) = honest();
    assert_eq!(accept(&trace), Some(expected(&events())));
    assert_eq!(evaluate(&KeccakAir, &trace, &[]).failures, []);
    // The table answers exactly what is asked.
    let mut balance = evaluate(&KeccakAir, &trace, &[]).balance;
    let table = evaluate(&KeccakTableAir::with_entries(), &generate_table(&counts), &[]);
    assert_eq!(table.failures, []);
    balance.add_all(&table.balance);
    assert_eq!(balance, expected(&events()));
}

#[test]
fn padding_states_nothing() {
    let trace = generate(&[], 128, &mut KeccakCounts::default());
    assert_eq!(accept(&trace), Some(Balance::default()));
}

#[test]
fn counts_add_up() {
    let [mut sum, mut whole] = [KeccakCounts::default(), KeccakCounts::default()];
    for event in events() {
        let mut part = KeccakCounts::default();
        generate(&[event], 128, &mut part);
        sum.add(&part);
    }
    generate(&events(), 1024, &mut whole);
    assert_eq!(sum, whole);
}

#[test]
fn width_is_within_budget() {
    testing::assert_width(&KeccakAir, 352, 328);
    testing::assert_width(&KeccakTableAir::default(), 4, 8);
    assert!(testing::total_width(&KeccakAir) <= 700);
    assert_eq!(ROWS, 108);
}

#[test]
fn every_column_matters() {
    let (_, trace) = single();
    testing::assert_every_column_matters(&KeccakAir, &trace, &[], KeccakColumns::FILLING);
}

/// Columns that a row does not look at, by the role of the row.
fn free(row: usize) -> BTreeSet<usize> {
    let indices: Vec<usize> = (0..WIDTH).collect();
    let all: &KeccakColumns<usize> = indices[..].borrow();
    let mut free: BTreeSet<usize> = KeccakColumns::FILLING.collect();
    match row {
        // The state of the input comes from no other row; that of the start from the input.
        0..4 => free.extend(all.carried),
        4..8 => free.extend(all.carried.iter().chain([&all.address])),
        8..LAST => free.extend([all.address]),
        LAST..MEMORY => {}
        _ => {
            free.extend(all.constant.iter().chain([&all.step]).chain(&all.carried).chain(&all.parity_before));
            free.extend(all.high.iter().chain(&all.parity_low).chain(&all.parity_top).flatten());
            // Nobody takes what the final row leaves over.
            let unused = if row < MEMORY + 3 { LANES } else { LANES - 7 };
            free.extend(all.before[unused..].iter().chain(&all.low[unused..]).flatten());
        }
    }
    free
}

#[test]
fn every_cell_is_bound() {
    let (_, trace) = single();
    let entries = entries();
    for row in [0, 1, 5, 8, 51, LAST, LAST + 3, MEMORY, MEMORY + 1, MEMORY + 3] {
        let free = free(row);
        let judge = |trace: &Trace| {
            let mut report = evaluate_rows(&KeccakAir, trace, None, &[], [row]);
            let asked = report.balance.0.remove(bus_name::TABLE).unwrap_or_default();
            let holds = report.failures.is_empty() && asked.keys().all(|message| entries.contains(message));
            holds.then_some(report.balance)
        };
        let before = judge(&trace);
        assert!(before.is_some());
        let mut changed = trace.clone();
        for column in 0..WIDTH {
            let cell = row * WIDTH + column;
            changed.values[cell] += Val::ONE;
            let is_caught = judge(&changed) != before;
            changed.values[cell] = trace.values[cell];
            assert_eq!(is_caught, !free.contains(&column), "row {row}, column {column}");
        }
    }
}

/// Rows of a permutation whose steps somebody else made.
fn forge(event: &KeccakEvent, steps: &[Step], output: &[u64; LANES]) -> Trace {
    let mut trace = generate(&[*event], 128, &mut KeccakCounts::default());
    let input = lanes(&event.state);
    let rows = |at: usize| at * WIDTH..(at + SLICES) * WIDTH;
    for (i, step) in steps.iter().enumerate() {
        for (slice, row) in trace.values[rows(i * SLICES)].chunks_exact_mut(WIDTH).enumerate() {
            let [clock, address] = [event.clock, event.address].map(Val::from_u32);
            row.fill(Val::ZERO);
            let row: &mut KeccakColumns<Val> = row.borrow_mut();
            [row.clock, row.address] = [clock, address];
            fill_row(row, step, slice, &mut KeccakCounts::default());
        }
    }
    fill_memory(&mut trace.values[rows(MEMORY)], &input, output);
    trace
}

fn lanes(words: &[u32; 50]) -> [u64; LANES] {
    core::array::from_fn(|i| u64::from(words[2 * i]) | u64::from(words[2 * i + 1]) << 32)
}

/// The steps of a permutation in which `tamper` has changed the round constants and the parities that theta adds.
fn steps(
    state: &[u32; 50],
    mut tamper: impl FnMut(usize, &mut u64, &mut [u64; 5]),
) -> (Vec<Step>, [u64; LANES]) {
    let mut output = lanes(state);
    let mut before = inverse_chi(&output);
    let mut steps = [Step { role: role::INPUT, number: 0, before, parity: [0; 5], after: output }].to_vec();
    for number in 0..=ROUNDS {
        let mut constant = if number == 0 { 0 } else { CONSTANTS[number - 1] };
        let untampered = if number == 0 { output } else { chi(&before) };
        let mut added = parity(&untampered);
        added[0] ^= constant;
        tamper(number, &mut constant, &mut added);
        output = untampered;
        output[0] ^= constant;
        let (role, added) = match number {
            0 => (role::START, added),
            ROUNDS => (role::LAST, [0; 5]),
            _ => (role::ROUND, added),
        };
        let after = theta(&output, &added);
        steps.push(Step { role, number, before, parity: added, after });
        before = rho_pi(&after);
    }
    (steps, output)
}

#[test]
fn forging_nothing_gives_the_honest_trace() {
    let (event, trace) = single();
    let (steps, output) = steps(&event.state, |_, _, _| {});
    assert_eq!(forge(&event, &steps, &output).values, trace.values);
}

#[test]
fn refuses_theta_with_a_forged_parity() {
    let (event, _) = single();
    // One bit, also the one that a message brings to the next slice; all bits; in the start, in rounds.
    for (at, forged) in [(0, 1), (0, 1 << 3), (5, 1 << 15), (23, 1 << 63), (12, u64::MAX)] {
        for x in 0..5 {
            let tamper = |number, _: &mut u64, parity: &mut [u64; 5]| {
                parity[x] ^= if number == at { forged } else { 0 };
            };
            let (steps, output) = steps(&event.state, tamper);
            assert_eq!(accept(&forge(&event, &steps, &output)), None, "step {at}, column {x}, {forged:x}");
        }
    }
}

#[test]
fn refuses_a_forged_round_constant() {
    let (event, _) = single();
    for bit in [0, 1, 3, 7, 15, 31, 63] {
        let tamper = |number, constant: &mut u64, parity: &mut [u64; 5]| {
            if number == 9 {
                *constant ^= 1 << bit;
                parity[0] ^= 1 << bit;
            }
        };
        let (steps, output) = steps(&event.state, tamper);
        let mut trace = forge(&event, &steps, &output);
        for slice in 0..SLICES {
            let constant = CONSTANTS[8] ^ 1 << bit;
            let pieces = [0, 1, 3].map(|p| PIECE[(constant >> (16 * slice + 4 * p) & 15) as usize]);
            row_mut(&mut trace, 40 + slice).constant = pieces.map(Val::from_u32);
        }
        assert_eq!(accept(&trace), None, "bit {bit}");
    }
}

#[test]
fn refuses_skipped_and_repeated_rounds() {
    let (event, _) = single();
    for (from, to) in [(1, 2), (23, 24), (5, 4), (0, 1)] {
        let (mut steps, output) = steps(&event.state, |_, _, _| {});
        // Step `to` in the place of step `from`, under its own number and under the other.
        steps[from + 1] = steps[to + 1].clone();
        assert_eq!(accept(&forge(&event, &steps, &output)), None);
        steps[from + 1].number = from;
        assert_eq!(accept(&forge(&event, &steps, &output)), None);
    }
}

#[test]
fn refuses_a_schedule_shifted_by_fractions() {
    // Steps and slices are separate fields of the schedule: no combination stands for another one.
    let (_, mut trace) = single();
    for row in 0..MEMORY {
        row_mut(&mut trace, row).step += Val::from_u32(4).inverse();
    }
    assert_eq!(accept(&trace), None);
}

#[test]
fn refuses_another_result_in_memory() {
    let (_, honest) = single();
    let mut trace = honest.clone();
    // Limb 0 of lane 0, in every place that has it.
    row_mut(&mut trace, LAST).low[0][0] += Val::ONE;
    row_mut(&mut trace, MEMORY).low[0][0] += Val::ONE;
    assert_eq!(accept(&trace), None);
    // A carry between the limb's four parts that leaves the limb as it is.
    let mut trace = honest.clone();
    let low = &mut row_mut(&mut trace, LAST).low[3];
    low[0] += Val::from_u32(16);
    low[1] -= Val::ONE;
    assert_eq!(accept(&trace), None);
    // Only in memory.
    let mut trace = honest;
    row_mut(&mut trace, MEMORY + 2).low[2][1] += Val::ONE;
    assert_eq!(accept(&trace), None);
}

#[test]
fn refuses_another_input_than_memory_has() {
    let (_, mut trace) = single();
    row_mut(&mut trace, MEMORY).before[0][0] += Val::ONE;
    assert_eq!(accept(&trace), None);
    row_mut(&mut trace, 0).low[0][0] += Val::ONE;
    assert_eq!(accept(&trace), None);
}

#[test]
fn refuses_words_behind_the_state() {
    let (_, mut trace) = single();
    row_mut(&mut trace, MEMORY + 3).low[1][0] = Val::ONE;
    assert_eq!(accept(&trace), None);
    // Let in from the first row on.
    row_mut(&mut trace, MEMORY + 2).low[9][0] = Val::ONE;
    row_mut(&mut trace, MEMORY + 1).low[17][0] = Val::ONE;
    assert_eq!(accept(&trace), None);
}

#[test]
fn words_left_over_are_never_written() {
    let (event, mut trace) = single();
    for (row, lane) in [(1, 18), (2, 10), (3, 2)] {
        row_mut(&mut trace, MEMORY + row).low[lane][0] = Val::ONE;
    }
    assert_eq!(accept(&trace), Some(expected(&[event])));
}

#[test]
fn refuses_rounds_of_another_permutation() {
    let (trace, _) = honest();
    for row in [5, 8, 50, LAST + 1] {
        let mut mixed = trace.clone();
        for i in 0..WIDTH {
            mixed.values.swap(row * WIDTH + i, (row + ROWS) * WIDTH + i);
        }
        // With their clocks, rows may stand in any order; without them, they would be another state's.
        assert_eq!(accept(&mixed), Some(expected(&events())));
        let [first, second] = [row, row + ROWS].map(|row| row_mut(&mut mixed, row).clock);
        row_mut(&mut mixed, row).clock = second;
        row_mut(&mut mixed, row + ROWS).clock = first;
        assert_eq!(accept(&mixed), None, "row {row}");
    }
}

#[test]
fn refuses_live_padding() {
    let (_, trace) = single();
    for role in 0..5 {
        for row in [ROWS, ROWS + 1, ROWS + 3] {
            let mut trace = trace.clone();
            trace.values[row * WIDTH + role] = Val::ONE;
            assert_eq!(accept(&trace), None, "role {role}");
            // With everything that the role's rows have.
            let from = [0, 4, 8, LAST, MEMORY][role] + row % SLICES;
            let copy = trace.values[from * WIDTH..][..WIDTH].to_vec();
            trace.values[row * WIDTH..][..WIDTH].copy_from_slice(&copy);
            assert_eq!(accept(&trace), None, "role {role}");
        }
    }
}

#[test]
fn refuses_a_permutation_without_a_call() {
    let (_, trace) = single();
    let mut uncalled = trace.clone();
    row_mut(&mut uncalled, 0).is_call = Val::ZERO;
    assert_eq!(accept(&uncalled), None);
    // Without the row that takes it, nothing starts.
    let mut uncalled = trace;
    uncalled.values[..WIDTH].fill(Val::ZERO);
    assert_eq!(accept(&uncalled), None);
}

#[test]
fn refuses_rows_of_two_roles() {
    let (_, trace) = single();
    for row in [0, 4, 8, LAST, MEMORY] {
        for role in 0..5 {
            let mut trace = trace.clone();
            let flag = &mut trace.values[row * WIDTH + role];
            if *flag == Val::ZERO {
                *flag = Val::ONE;
                assert_eq!(accept(&trace), None, "row {row}, role {role}");
            }
        }
    }
}

#[test]
fn refuses_bits_moved_across_a_cut() {
    let (_, trace) = single();
    for lane in (0..LANES).filter(|lane| cut_index(*lane).is_some()) {
        let mut trace = trace.clone();
        let row = row_mut(&mut trace, 9);
        let Some(index) = cut_index(lane) else { continue };
        // The piece as a whole stays what it was.
        let weight = Val::from_u32(11u32.pow(4 - layout::cut(lane) as u32));
        row.high[index][1] -= Val::ONE;
        row.low[lane][1] += weight;
        assert_eq!(accept(&trace), None, "lane {lane}");
    }
}

#[test]
fn table_has_one_answer_per_key() {
    let mut answers = BTreeMap::new();
    for entry in entries().into_iter().filter(|entry| entry[0] < 5) {
        let fresh = answers.insert([entry[0], entry[1]], entry).is_none();
        assert!(fresh);
    }
    // 11^4 keys for each cut, 7^4 to print.
    assert_eq!(answers.len(), 4 * 14_641 + 2_401);
    // chi, and what theta and iota add, on the lowest bit.
    for [a, b, c, added] in (0..1u32 << 5).map(|i| [i & 1, i >> 1 & 1, i >> 2 & 1, i >> 3]) {
        let key = (1 - b) + c + 2 * (a + added);
        assert_eq!(answers[&[0, key]][2], (a ^ (!b & c) ^ added) & 1);
    }
}

use alloc::vec::Vec;
use core::borrow::BorrowMut;

use ashlar_abi::call;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::default_koalabear_poseidon2_16;
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::Permutation;

use super::trace::output;
use super::*;
use crate::bus::{SLOTS, name, port_tag, slot};
use crate::evaluate::{Balance, Report, evaluate};
use crate::poseidon2::{self, Poseidon2Air, Questions};
use crate::testing::{self, random_words};
use crate::{TableCounts, Val};

const HEIGHT: usize = 16;
const P: u32 = 0x7f00_0001;

fn events() -> Vec<PermuteEvent> {
    let mut words = random_words(5);
    let mut random = |bound: u32| -> [u32; 16] { core::array::from_fn(|_| words.next().unwrap() % bound) };
    let edges = [0, 1, 0xffff, 0x1_0000, 0x7eff_ffff, 0x7f00_0000, P - 2, 0x7e81_0000];
    [[0; 16], [P - 1; 16], core::array::from_fn(|i| edges[i % 8]), random(P), random(P), random(1 << 16)]
        .into_iter()
        .zip(0..)
        .map(|(state, i)| PermuteEvent { clock: 7 + 1000 * i, address: 0x40_0000 + 16 * i, state })
        .collect()
}

fn honest() -> RowMajorMatrix<Val> {
    generate(&events(), HEIGHT, &mut TableCounts::default(), &mut Questions::default())
}

fn row(trace: &mut RowMajorMatrix<Val>, row: usize) -> &mut PermuteColumns<Val> {
    trace.values[row * PermuteColumns::WIDTH..][..PermuteColumns::WIDTH].borrow_mut()
}

fn check(trace: &RowMajorMatrix<Val>) -> Report {
    evaluate(&PermuteAir::default(), trace, &[])
}

fn is_refused(report: &Report) -> bool {
    let table = report.balance.on(name::TABLE);
    !report.failures.is_empty() || !table.keys().all(|message| testing::is_in_table(message))
}

fn port(tag: u32, event: &PermuteEvent, chunk: usize, state: &[u32; 16]) -> Vec<u32> {
    let head = [tag, SLOTS * event.clock + slot::WRITE, event.address + 4 * chunk as u32, 4];
    let limbs = state[4 * chunk..][..4].iter().flat_map(|word| [word & 0xffff, word >> 16]);
    head.into_iter().chain(limbs).collect()
}

#[test]
fn replaces_the_state_by_what_the_reference_permutation_says() {
    let events = events();
    let mut counts = TableCounts::default();
    let mut questions = Questions::default();
    let trace = generate(&events, HEIGHT, &mut counts, &mut questions);
    let mut report = check(&trace);
    assert_eq!(report.failures, []);
    testing::assert_counted(&report.balance, &counts);
    report.balance.0.remove(name::TABLE);

    let mut expected = Balance::default();
    for event in &events {
        let after = default_koalabear_poseidon2_16().permute(event.state.map(Val::from_u32));
        let after = after.map(|x| x.as_canonical_u32());
        expected.add(name::CALL, &[call::POSEIDON2, event.clock, event.address, 0, 0, 0], -1);
        for chunk in 0..4 {
            expected.add(name::PORT, &port(port_tag::READ, event, chunk, &event.state), 1);
            expected.add(name::PORT, &port(port_tag::WRITE, event, chunk, &after), 1);
        }
        expected.add(name::PERMUTE, &[event.state, after].concat(), 1);
    }
    assert_eq!(report.balance, expected);

    let permutations = evaluate(&Poseidon2Air, &poseidon2::generate(&questions.events, 8), &[]);
    report.balance.add_all(&permutations.balance);
    assert_eq!(report.balance.on(name::PERMUTE), Default::default());
}

#[test]
fn every_column_matters() {
    testing::assert_every_column_matters(&PermuteAir::default(), &honest(), &[], PermuteColumns::FILLING);
}

/// Every canonical high limb can be written, with any low limb but in p - 1, and its parts are bytes.
#[test]
fn every_canonical_output_has_an_encoding() {
    let mut counts = TableCounts::default();
    let mut trace = honest();
    for high in 0..=HIGH_MAX {
        let low = if high == HIGH_MAX { 0 } else { high.wrapping_mul(0x9e37) & 0xffff };
        let word = output(high << 16 | low, &mut counts);
        assert_eq!(word.steps * Val::from_u32(STEP) + word.rest + word.extra, Val::from_u32(high));
        if high % 1000 == 0 || high > 0x7e70 {
            // The second row's words are looked at by the bus only.
            row(&mut trace, 1).outputs[5] = word;
            assert!(!is_refused(&check(&trace)), "{high:#x}");
        }
    }
}

/// A word of p or more traps.
#[test]
fn refuses_inputs_that_are_not_canonical() {
    for word in [P, P + 1, 0x7f00_ffff, 0x7f01_0000, 0x8000_0000, 2 * (P - 1), u32::MAX] {
        for is_below in [Val::ZERO, Val::ONE] {
            let mut trace = honest();
            let [low, high] = [word & 0xffff, word >> 16].map(Val::from_u32);
            row(&mut trace, 3).inputs[2] = InputWord { low, high, is_below };
            assert!(is_refused(&check(&trace)), "{word:#x}");
        }
    }
}

/// `is_below` that is neither 0 nor 1 would shift the bound.
#[test]
fn refuses_a_forged_bound_of_an_input() {
    let mut trace = honest();
    let [low, high] = [Val::ZERO, Val::from_u32(0x8000)];
    row(&mut trace, 3).inputs[2] = InputWord { low, high, is_below: Val::from_u32(0x7f00) - high };
    assert!(is_refused(&check(&trace)));
}

/// Another word of the same value modulo p, in every way to write its high limb.
#[test]
fn refuses_outputs_that_are_not_canonical() {
    let trace = honest();
    for (low, high) in [(1, 0x7f00), (0xffff, 0x7f00), (0, 0x7f01), (0, 0x7f80), (5, 0xfe00)] {
        for extra in [0, STEP, STEP + 1, high - STEP * 255 - 255] {
            for steps in [0, 254, 255, 256, (high - extra) / STEP] {
                let mut forged = trace.clone();
                let rest = Val::from_u32(high) - Val::from_u32(steps * STEP + extra);
                let [low, steps, extra] = [low, steps, extra].map(Val::from_u32);
                row(&mut forged, 1).outputs[0] = OutputWord { low, steps, rest, extra };
                assert!(is_refused(&check(&forged)), "{high:#x} {steps} {extra}");
            }
        }
    }
}

/// The value is kept, a limb is not: a carry between them, or a high limb that is not an integer.
#[test]
fn refuses_output_limbs_out_of_range() {
    let half = Val::ONE.halve();
    let shifts = [
        (Val::from_u32(1 << 16), Val::NEG_ONE),
        (-Val::from_u32(1 << 16), Val::ONE),
        (Val::from_u32(1 << 15), -half),
        (-Val::from_u32(1 << 15), half),
    ];
    for (low, high) in shifts {
        let step = Val::from_u32(STEP);
        // The part of the high limb that takes the shift, and what it counts.
        let forge: [fn(&mut OutputWord<Val>, Val); 3] = [
            |word, shift| word.rest += shift,
            |word, shift| word.extra += shift,
            |word, shift| word.steps += shift,
        ];
        for (forge, unit) in forge.into_iter().zip([Val::ONE, Val::ONE, step]) {
            let mut trace = honest();
            let word = &mut row(&mut trace, 7).outputs[3];
            word.low += low;
            forge(word, high / unit);
            assert!(is_refused(&check(&trace)));
        }
    }
}

#[test]
fn refuses_rows_of_a_call_that_disagree() {
    let forge: [fn(&mut PermuteColumns<Val>); 5] = [
        |row| row.is_real = Val::ZERO,
        |row| row.clock += Val::ONE,
        |row| row.address += Val::from_u32(8),
        |row| row.first_inputs[0] += Val::ONE,
        |row| row.first_outputs[7] += Val::ONE,
    ];
    for forge in forge {
        let mut trace = honest();
        forge(row(&mut trace, 5));
        assert!(is_refused(&check(&trace)));
    }
}

/// Half a call: the first row's words would be replaced by anything.
#[test]
fn refuses_padding_of_which_one_row_is_real() {
    for i in [HEIGHT - 2, HEIGHT - 1] {
        let mut trace = honest();
        row(&mut trace, i).is_real = Val::ONE;
        assert!(is_refused(&check(&trace)));
    }
}

#[test]
fn padding_turned_live_takes_a_call_that_nobody_makes() {
    let mut trace = honest();
    for i in [HEIGHT - 2, HEIGHT - 1] {
        row(&mut trace, i).is_real = Val::ONE;
    }
    let report = check(&trace);
    assert_eq!(report.balance.on(name::CALL)[&[call::POSEIDON2, 0, 0, 0, 0, 0].to_vec()], -1);
    // And it asks for a permutation of 0 that is 0.
    assert_eq!(report.balance.on(name::PERMUTE)[&[0; 32].to_vec()], 1);
}

#[test]
fn width() {
    testing::assert_width(&PermuteAir::default(), 76, 68);
}

use alloc::vec::Vec;
use core::borrow::BorrowMut;

use ashlar_abi::call;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::default_koalabear_poseidon2_16;
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::Permutation;

use super::*;
use crate::bus::{SLOTS, name, port_tag, slot};
use crate::evaluate::{Balance, Report, evaluate};
use crate::hash::Digest;
use crate::poseidon2::Questions;
use crate::testing::{self, random_words};
use crate::{TableCounts, Val};

const HEIGHT: usize = 8;

fn events() -> Vec<CommitEvent> {
    let mut words = random_words(4);
    let mut random = || -> [u32; 8] { core::array::from_fn(|_| words.next().unwrap()) };
    let clocks = [3, 4, 5 + (1 << 16), 5 + (1 << 16) + (1 << 24)];
    let mut events: Vec<_> =
        clocks.map(|clock| CommitEvent { clock, address: random()[0] >> 4, words: random() }).to_vec();
    events[1].words = [0; 8];
    events[2].words = [u32::MAX; 8];
    events
}

fn start() -> Digest {
    core::array::from_fn(|i| Val::from_usize(i * 1_000_003))
}

fn honest() -> (RowMajorMatrix<Val>, Vec<Val>) {
    let trace = generate(&events(), start(), HEIGHT, &mut TableCounts::default(), &mut Questions::default());
    (trace, public_values(&events(), &start()))
}

fn row(trace: &mut RowMajorMatrix<Val>, row: usize) -> &mut CommitColumns<Val> {
    trace.values[row * CommitColumns::WIDTH..][..CommitColumns::WIDTH].borrow_mut()
}

fn is_refused(report: &Report) -> bool {
    let table = report.balance.on(name::TABLE);
    !report.failures.is_empty() || !table.keys().all(|message| testing::is_in_table(message))
}

/// C by the reference permutation; what is asked goes to `expected`.
fn compress(expected: &mut Balance, x: &Digest, limbs: &[u32]) -> Digest {
    let y: Digest = core::array::from_fn(|i| Val::from_u32(limbs[i]));
    let image = default_koalabear_poseidon2_16().permute(core::array::from_fn(|i| [x, &y][i / 8][i % 8]));
    let z = core::array::from_fn(|i| image[i] + x[i]);
    let message: Vec<_> = [*x, y, z].as_flattened().iter().map(Val::as_canonical_u32).collect();
    expected.add(name::COMPRESS, &message, 1);
    z
}

#[test]
fn absorbs_the_words_of_each_call() {
    for (events, height) in [(events(), HEIGHT), (events(), 4), (Vec::new(), 1)] {
        let mut counts = TableCounts::default();
        let trace = generate(&events, start(), height, &mut counts, &mut Questions::default());
        let mut expected = Balance::default();
        let mut digest = start();
        for CommitEvent { clock, address, words } in &events {
            expected.add(name::CALL, &[call::COMMIT, *clock, *address, 0, 0, 0], -1);
            for chunk in 0..2 {
                let limbs: Vec<_> =
                    words[4 * chunk..][..4].iter().flat_map(|word| [word & 0xffff, word >> 16]).collect();
                digest = compress(&mut expected, &digest, &limbs);
                let head = [port_tag::READ, SLOTS * clock + slot::OPERAND_A, address + 4 * chunk as u32, 4];
                expected.add(name::PORT, &[&head[..], &limbs].concat(), 1);
            }
        }
        let public_values = public_values(&events, &start());
        assert_eq!(public_values, [start(), digest].concat());
        let mut report = evaluate(&CommitAir, &trace, &public_values);
        assert_eq!(report.failures, []);
        testing::assert_counted(&report.balance, &counts);
        report.balance.0.remove(name::TABLE);
        assert_eq!(report.balance, expected);
    }
}

#[test]
fn every_column_matters() {
    let (trace, public_values) = honest();
    testing::assert_every_column_matters(&CommitAir, &trace, &public_values, CommitColumns::FILLING);
}

#[test]
fn refuses_another_start_or_end() {
    let (trace, public_values) = honest();
    for i in 0..16 {
        let mut forged = public_values.clone();
        forged[i] += Val::ONE;
        assert!(is_refused(&evaluate(&CommitAir, &trace, &forged)));
    }
}

/// The same calls in another order give another digest. The gap that makes up for it is negative.
#[test]
fn refuses_calls_out_of_order() {
    let mut events = events();
    events.swap(0, 1);
    let clocks = [events[0].clock, events[1].clock];
    [events[0].clock, events[1].clock] = [clocks[1], clocks[0]];
    let mut trace =
        generate(&events, start(), HEIGHT, &mut TableCounts::default(), &mut Questions::default());
    let public_values = public_values(&events, &start());
    assert!(!is_refused(&evaluate(&CommitAir, &trace, &public_values)));
    for (i, clock) in clocks.into_iter().enumerate() {
        row(&mut trace, i).clock = Val::from_u32(clock);
    }
    row(&mut trace, 0).gap = [Val::from_i32(-2), Val::ZERO];
    row(&mut trace, 1).gap[0] += Val::ONE;
    let report = evaluate(&CommitAir, &trace, &public_values);
    assert_eq!(report.failures, []);
    assert!(is_refused(&report));
    // The same amount in the high part: -2 = low + 2^16 high.
    row(&mut trace, 0).gap = [Val::from_u32((1 << 16) - 2), Val::NEG_ONE];
    let report = evaluate(&CommitAir, &trace, &public_values);
    assert_eq!(report.failures, []);
    assert!(is_refused(&report));
}

#[test]
fn refuses_a_call_used_twice() {
    let (mut trace, public_values) = honest();
    row(&mut trace, 1).clock = Val::from_u32(3);
    row(&mut trace, 0).gap = [Val::NEG_ONE, Val::ZERO];
    assert!(is_refused(&evaluate(&CommitAir, &trace, &public_values)));
}

/// A row that is not real between real ones would cut the chain of clocks.
#[test]
fn refuses_padding_between_calls() {
    let [first, second, ..] = events()[..] else { panic!() };
    let generate = |events: &[_], start, height| {
        generate(events, start, height, &mut TableCounts::default(), &mut Questions::default())
    };
    let one = generate(&[second], start(), 2);
    let middle = public_values(&[second], &start())[8..].try_into().unwrap();
    let other = generate(&[first], middle, 2);
    let trace = RowMajorMatrix::new([one.values, other.values].concat(), CommitColumns::WIDTH);
    let report = evaluate(&CommitAir, &trace, &public_values(&[second, first], &start()));
    assert_eq!(report.failures.iter().map(|failure| failure.row).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn refuses_padding_that_changes_the_digest() {
    let (mut trace, mut public_values) = honest();
    row(&mut trace, HEIGHT - 1).after[2] += Val::ONE;
    public_values[10] += Val::ONE;
    assert!(is_refused(&evaluate(&CommitAir, &trace, &public_values)));
}

#[test]
fn refuses_a_digest_that_jumps_between_rows() {
    let (mut trace, mut public_values) = honest();
    for i in 5..HEIGHT {
        row(&mut trace, i).before[0] += Val::ONE;
        row(&mut trace, i).after[0] += Val::ONE;
    }
    public_values[8] += Val::ONE;
    assert!(is_refused(&evaluate(&CommitAir, &trace, &public_values)));
}

#[test]
fn padding_turned_live_takes_a_call_that_nobody_makes() {
    let (mut trace, public_values) = honest();
    row(&mut trace, 4).is_real = Val::ONE;
    let clock = 9 + (1 << 16) + (1 << 24);
    row(&mut trace, 4).clock = Val::from_u32(clock);
    row(&mut trace, 3).gap = [Val::from_u32(3), Val::ZERO];
    let report = evaluate(&CommitAir, &trace, &public_values);
    assert_eq!(report.failures, []);
    assert_eq!(report.balance.on(name::CALL)[&[call::COMMIT, clock, 0, 0, 0, 0].to_vec()], -1);
}

#[test]
fn width() {
    testing::assert_width(&CommitAir, 48, 20);
}

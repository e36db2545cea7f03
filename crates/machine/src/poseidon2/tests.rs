use alloc::vec::Vec;

use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::default_koalabear_poseidon2_16;
use p3_symmetric::Permutation;

use super::*;
use crate::Val;
use crate::bus::name;
use crate::evaluate::{Balance, evaluate};
use crate::hash::Hasher;
use crate::testing::{self, random_words};

fn events() -> Vec<Poseidon2Event> {
    let mut words = random_words(1);
    let mut digest = || core::array::from_fn(|_| Val::from_u32(words.next().unwrap()));
    let mut events: Vec<_> = (0..20)
        .map(|i| Poseidon2Event { x: digest(), y: digest(), compress: i % 3, permute: (i + 1) % 4 })
        .collect();
    events[0] = Poseidon2Event { x: [Val::NEG_ONE; 8], y: [Val::NEG_ONE; 8], compress: 5, permute: 0 };
    events[1] = Poseidon2Event { x: [Val::ZERO; 8], y: [Val::ZERO; 8], compress: 1, permute: 1 };
    events
}

fn state(event: &Poseidon2Event) -> [Val; 16] {
    core::array::from_fn(|i| if i < 8 { event.x[i] } else { event.y[i - 8] })
}

fn message(parts: &[&[Val]]) -> Vec<u32> {
    parts.concat().iter().map(Val::as_canonical_u32).collect()
}

/// What the reference permutation says that these rows answer.
fn expected(events: &[Poseidon2Event]) -> Balance {
    let mut expected = Balance::default();
    for event in events {
        let image = default_koalabear_poseidon2_16().permute(state(event));
        let z: [Val; 8] = core::array::from_fn(|i| image[i] + event.x[i]);
        expected.add(name::COMPRESS, &message(&[&event.x, &event.y, &z]), -i64::from(event.compress));
        expected.add(name::PERMUTE, &message(&[&state(event), &image]), -i64::from(event.permute));
    }
    expected
}

#[test]
fn answers_what_the_reference_permutation_says() {
    let events = events();
    // A height that is no multiple of the vector's lanes, one row, and padding.
    for (events, height) in [(&events[..], 32), (&events[..4], 4), (&events[..1], 1), (&[], 2)] {
        let report = evaluate(&Poseidon2Air, &generate(events, height), &[]);
        assert_eq!(report.failures, []);
        assert_eq!(report.balance, expected(events));
    }
}

#[test]
fn questions_are_the_events_that_answer_them() {
    let mut questions = Questions::default();
    let event = events()[3];
    questions.compress(&event.x, &event.y);
    questions.compress(&event.x, &event.y);
    questions.permute(&state(&event));
    questions.compress(&event.y, &event.x);
    assert_eq!(
        questions.events,
        [
            Poseidon2Event { compress: 2, permute: 0, ..event },
            Poseidon2Event { compress: 0, permute: 1, ..event },
            Poseidon2Event { x: event.y, y: event.x, compress: 1, permute: 0 },
        ]
    );
    let report = evaluate(&Poseidon2Air, &generate(&questions.events, 4), &[]);
    let z = Hasher::default().compress(&event.x, &event.y);
    assert_eq!(report.balance.on(name::COMPRESS)[&message(&[&event.x, &event.y, &z])], -2);
}

#[test]
fn every_column_matters() {
    testing::assert_every_column_matters(
        &Poseidon2Air,
        &generate(&events(), 32),
        &[],
        Poseidon2Columns::FILLING,
    );
}

/// Each committed value of a row is bound, in live rows and in padding: no single cell of the permutation may change.
#[test]
fn refuses_a_forged_round_in_every_cell_and_in_padding() {
    let trace = generate(&events(), 32);
    for row in [0, 7, 31] {
        for column in 2..Poseidon2Columns::FILLING.start {
            let mut forged = trace.clone();
            forged.values[row * Poseidon2Columns::WIDTH + column] += Val::TWO;
            assert!(!evaluate(&Poseidon2Air, &forged, &[]).failures.is_empty(), "row {row} column {column}");
        }
    }
}

#[test]
fn padding_that_is_asked_for_states_the_permutation_of_zero() {
    let mut trace = generate(&[], 2);
    trace.values[0] = Val::ONE;
    let report = evaluate(&Poseidon2Air, &trace, &[]);
    assert_eq!(report.failures, []);
    let zero = Poseidon2Event { x: [Val::ZERO; 8], y: [Val::ZERO; 8], compress: 1, permute: 0 };
    assert_eq!(report.balance, expected(&[zero]));
}

#[test]
fn width() {
    testing::assert_width(&Poseidon2Air, 168, 12);
}

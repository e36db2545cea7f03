//! What holds is accepted, by both verifiers.

use ashlar_machine::Val;
use ashlar_verifier::config::Parameters;
use ashlar_verifier::last::{
    Event, FinalShape, RefusedFinal, UnsupportedTable, transcript_events, verify_final,
};
use p3_field::PrimeCharacteristicRing;

use crate::table::{Fixture, LOG_ROWS, SMALL, TestAir};

const NO_GRINDING: Parameters = Parameters {
    query_grinding: 0,
    fold_grinding: 0,
    batch_grinding: 0,
    lookup_grinding: 0,
    point_grinding: 0,
    ..SMALL
};

#[test]
fn proofs_of_every_shape_are_accepted() {
    let shapes = [
        SMALL,
        NO_GRINDING,
        Parameters { log_blowup: 6, log_arity_max: 4, log_final_polynomial: 0, ..SMALL },
        Parameters { log_arity_max: 1, queries: 1, ..SMALL },
        Parameters { log_arity_max: 2, log_final_polynomial: 5, ..SMALL },
    ];
    for parameters in shapes {
        for (degree, log_pieces) in [(2, 0), (3, 1), (5, 2)] {
            let fixture = Fixture::new(&parameters, 0, degree);
            assert_eq!(fixture.key.shape.log_pieces, log_pieces);
            assert_eq!(fixture.judge(&fixture.proof), Ok(()), "{parameters:?}");
            assert_eq!(verify_final(&fixture.bytes, &fixture.key, &[]), Ok(()), "{parameters:?}");
        }
    }
}

#[test]
fn public_words_are_what_is_missing_from_the_sum() {
    for count in [1, 5, 40] {
        let fixture = Fixture::new(&SMALL, count, 5);
        assert_eq!(verify_final(&fixture.bytes, &fixture.key, &fixture.words), Ok(()));
        let error = fixture.judge(&fixture.proof).expect_err("no words");
        assert!(error.contains("terminal"), "{error}");
    }
}

#[test]
fn other_public_words_are_refused() {
    let fixture = Fixture::new(&SMALL, 3, 5);
    let verify = |words: &[_]| verify_final(&fixture.bytes, &fixture.key, words);
    let words = &fixture.words;
    let found = |found| Err(RefusedFinal::Words { expected: 3, found });
    assert_eq!(verify(&words[..2]), found(2));
    assert_eq!(verify(&[words.as_slice(), &[[Val::ZERO; 4]]].concat()), found(4));
    for (i, k) in (0..3).flat_map(|i| (0..4).map(move |k| (i, k))) {
        let mut words = words.clone();
        words[i][k] += Val::ONE;
        // The transcript starts with the words, so another nonce would be needed, or another proof.
        assert!(verify(&words).is_err(), "word {i}, coefficient {k}");
    }
    assert!(verify(&[words[1], words[0], words[2]]).is_err());
}

/// Where the transcript gives no protection there is still the sum: here the proof is made for the other words.
#[test]
fn words_that_the_table_does_not_read_are_refused() {
    let air = TestAir { words: 2, degree: 5 };
    let words = crate::table::words(2);
    for (i, k) in (0..2).flat_map(|i| (0..4).map(move |k| (i, k))) {
        let mut claimed = words.clone();
        claimed[i][k] += Val::ONE;
        let fixture = Fixture::of_trace(&SMALL, &air, &claimed, &air.trace(&words), None);
        assert_eq!(verify_final(&fixture.bytes, &fixture.key, &claimed), Err(RefusedFinal::Messages));
    }
}

#[test]
fn tables_that_do_not_hold_are_refused() {
    let air = TestAir { words: 2, degree: 5 };
    let words = crate::table::words(2);
    for (cell, error) in [
        // x, y, q and the last row's x.
        (4, RefusedFinal::Quotient),
        (8 * 9 + 5, RefusedFinal::Quotient),
        (8 * 30 + 7, RefusedFinal::Quotient),
        (8 * 63 + 4, RefusedFinal::Quotient),
        // A word that is not the public one.
        (8, RefusedFinal::Messages),
    ] {
        let mut trace = air.trace(&words);
        trace.values[cell] += Val::ONE;
        let fixture = Fixture::of_trace(&SMALL, &air, &words, &trace, None);
        assert_eq!(verify_final(&fixture.bytes, &fixture.key, &words), Err(error), "cell {cell}");
    }
}

#[test]
fn equal_indices_count_once_in_the_paths() {
    let parameters = Parameters { queries: 60, log_blowup: 1, log_final_polynomial: 1, ..SMALL };
    let fixture = Fixture::new(&parameters, 2, 3);
    let events = transcript_events(&fixture.bytes, &fixture.key, &fixture.words).expect("events");
    let indices = events.iter().filter_map(|event| match event {
        Event::Index(index) => Some(*index),
        _ => None,
    });
    let mut indices: Vec<_> = indices.collect();
    assert_eq!(indices.len(), 60);
    indices.sort_unstable();
    indices.dedup();
    assert!(indices.len() < 60);
    assert_eq!(verify_final(&fixture.bytes, &fixture.key, &fixture.words), Ok(()));
}

#[test]
fn tables_and_parameters_without_a_final_proof_have_no_shape() {
    let air = TestAir { words: 0, degree: 5 };
    let shape = |parameters: Parameters| FinalShape::new(&parameters, &air, LOG_ROWS, 0);
    assert!(shape(SMALL).is_ok());
    for parameters in [
        Parameters { queries: 0, ..SMALL },
        Parameters { log_blowup: 0, ..SMALL },
        Parameters { log_arity_max: 0, ..SMALL },
        Parameters { cap_height: 1, ..SMALL },
    ] {
        assert_eq!(shape(parameters), Err(UnsupportedTable::Parameters));
    }
    let height = |log_height| Err(UnsupportedTable::Height { log_height });
    assert_eq!(shape(Parameters { log_blowup: 19, ..SMALL }), height(25));
    assert_eq!(shape(Parameters { log_final_polynomial: 6, ..SMALL }), height(9));
    let steep = TestAir { words: 0, degree: 6 };
    assert!(matches!(FinalShape::new(&SMALL, &steep, LOG_ROWS, 0), Err(UnsupportedTable::Messages(_))));
}

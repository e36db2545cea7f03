//! The final proof of a real run, at full parameters: seconds of grinding, so one test makes it and shares it.

use ashlar_circuit::narrow::NarrowAir;
use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use ashlar_prover::aggregate::{Finalizer, statement_words};
use ashlar_verifier::LAST_HEIGHT;
use ashlar_verifier::aggregate::Run;
use ashlar_verifier::config::{LAST, Parameters};
use ashlar_verifier::last::{FinalKey, FinalShape, NODE_BYTES, SLOT_WORDS, WORDS, Word, verify_final};
use p3_field::PrimeCharacteristicRing;

use super::{aggregator, ours};
use crate::support::{OUTPUT, stranger};

#[test]
#[ignore = "grinds 28 bits and commits to 2^22 rows: half a minute on idle cores"]
fn a_run_becomes_a_final_proof() {
    let finalizer = Finalizer::new().expect("the last circuits");
    let aggregate = ours().proof();
    let keys = aggregator().keys();
    let (bytes, phases) = finalizer.prove(keys, &aggregate).expect("a final proof");
    println!("{} bytes, set up {:?}, {phases:?}", bytes.len(), finalizer.set_up());
    assert!(bytes.len() < 105_000);
    if let Some(path) = std::env::var_os("ASHLAR_FINAL_PROOF") {
        std::fs::write(path, &bytes).expect("written");
        let output = ashlar_verifier::last::keccak256(&[OUTPUT]);
        println!("key {} output {output:02x?}", aggregate.runs[0].program_key);
    }
    let words = statement_words(&keys.root(), &aggregate.runs).expect("words");
    verify_final(&bytes, finalizer.key(), &words).expect("an accepted proof");

    refuses_other_statements(&finalizer, &bytes, &aggregate.runs);
    refuses_other_words(&finalizer, &bytes, &words);
    refuses_other_keys(finalizer.key(), &bytes, &words);
    refuses_other_bytes(&finalizer, &bytes, &words);
}

fn refuses_other_statements(finalizer: &Finalizer, bytes: &[u8], runs: &[Run]) {
    let root = aggregator().keys().root();
    let is_refused = |root: &Digest, runs: &[Run]| {
        let words = statement_words(root, runs).expect("words");
        verify_final(bytes, finalizer.key(), &words).is_err()
    };
    let [run] = runs else { panic!("one run") };
    assert!(!is_refused(&root, runs));
    assert!(is_refused(&Default::default(), runs), "another list of circuits");
    assert!(is_refused(&root, &[run.clone(), run.clone()]), "a second statement");
    for output in [&OUTPUT[1..], &[], b"another"] {
        assert!(is_refused(&root, &[Run { output: output.to_vec(), ..run.clone() }]), "another output");
    }
    let program_key = stranger().verifier.program_key();
    assert!(is_refused(&root, &[Run { program_key, ..run.clone() }]), "another program");
}

/// Each element of each, and their places.
fn refuses_other_words(finalizer: &Finalizer, bytes: &[u8], words: &[Word]) {
    let is_refused = |words: &[Word]| verify_final(bytes, finalizer.key(), words).is_err();
    for (word, coefficient) in (0..WORDS).flat_map(|word| (0..4).map(move |k| (word, k))) {
        let mut changed = words.to_vec();
        changed[word][coefficient] += Val::ONE;
        assert!(is_refused(&changed), "word {word}, coefficient {coefficient}");
    }
    // The statement in another slot.
    let mut moved = words.to_vec();
    moved[3..].rotate_right(SLOT_WORDS);
    assert!(is_refused(&moved));
    assert!(is_refused(&words[1..]) && is_refused(&[words, &words[..1]].concat()));
}

/// Of another circuit, of another height, with other parameters.
fn refuses_other_keys(key: &FinalKey<NarrowAir>, bytes: &[u8], words: &[Word]) {
    for byte in 0..key.fixed.len() {
        let mut other = key.clone();
        other.fixed[byte] ^= 0x80;
        assert!(verify_final(bytes, &other, words).is_err(), "byte {byte} of the root");
    }
    let rows = usize::from(LAST_HEIGHT);
    for (rows, parameters) in [
        (rows - 1, LAST),
        (rows + 1, LAST),
        (rows, Parameters { log_blowup: 5, ..LAST }),
        (rows, Parameters { log_final_polynomial: 7, ..LAST }),
        (rows, Parameters { log_arity_max: 3, ..LAST }),
        (rows, Parameters { queries: LAST.queries - 1, ..LAST }),
        (rows, Parameters { query_grinding: LAST.query_grinding - 1, ..LAST }),
        (rows, Parameters { fold_grinding: LAST.fold_grinding - 1, ..LAST }),
        (rows, Parameters { batch_grinding: LAST.batch_grinding - 1, ..LAST }),
        (rows, Parameters { lookup_grinding: LAST.lookup_grinding - 1, ..LAST }),
        (rows, Parameters { point_grinding: LAST.point_grinding - 1, ..LAST }),
    ] {
        let shape = FinalShape::new(&parameters, &key.air, rows, WORDS).expect("a shape");
        let other = FinalKey { shape, ..key.clone() };
        assert!(verify_final(bytes, &other, words).is_err(), "2^{rows} rows, {parameters:?}");
    }
}

/// All over the proof, also cut off and followed by something.
fn refuses_other_bytes(finalizer: &Finalizer, bytes: &[u8], words: &[Word]) {
    let is_refused = |bytes: &[u8]| verify_final(bytes, finalizer.key(), words).is_err();
    for byte in (0..bytes.len()).step_by(61) {
        let mut changed = bytes.to_vec();
        changed[byte] ^= 1 << (byte % 8);
        assert!(is_refused(&changed), "byte {byte}");
    }
    for length in [0, 4, bytes.len() / 2, bytes.len() - NODE_BYTES, bytes.len() - 1] {
        assert!(is_refused(&bytes[..length]), "{length} bytes");
    }
    assert!(is_refused(&[bytes, &[0]].concat()));
}

//! The final proof of a real run, at full parameters: seconds of grinding, so one test makes it and shares it.

use ashlar_prover::aggregate::{Finalizer, statement_words};
use ashlar_verifier::last::verify_final;

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

    // Nothing else is stated by it.
    let mut runs = aggregate.runs.clone();
    runs[0].output[0] ^= 1;
    let other = statement_words(&keys.root(), &runs).expect("words");
    verify_final(&bytes, finalizer.key(), &other).expect_err("another output");
    runs[0].output = OUTPUT.to_vec();
    runs[0].program_key = stranger().verifier.program_key();
    let other = statement_words(&keys.root(), &runs).expect("words");
    verify_final(&bytes, finalizer.key(), &other).expect_err("another program");
    let other = statement_words(&Default::default(), &aggregate.runs).expect("words");
    verify_final(&bytes, finalizer.key(), &other).expect_err("another list of circuits");
    let twice = [aggregate.runs[0].clone(), aggregate.runs[0].clone()];
    let other = statement_words(&keys.root(), &twice).expect("words");
    verify_final(&bytes, finalizer.key(), &other).expect_err("a second statement");
}

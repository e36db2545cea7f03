//! The final proof of a real run, at full parameters: seconds of grinding, so one test makes it and shares it.

use ashlar_joiner::{Joined, is_included};
use ashlar_prover::aggregate::{
    FinalLayer, Finalizer, NativeHashes, join, joined_paths, joined_runs, joined_statement_words,
    joiner_input, statement_words,
};
use ashlar_prover::{Plan, Prover, Session};
use ashlar_verifier::ProgramKey;
use ashlar_verifier::aggregate::{AggregateProof, Run};
use ashlar_verifier::last::{Node, verify_final};
use ashlar_vm::{Options, Program};
use serde_json::json;

use super::{aggregator, decode, ours, theirs};
use crate::support::{OUTPUT, stranger};

#[test]
#[ignore = "grinds 28 bits and commits to 2^22 rows: half a minute on idle cores"]
fn a_run_becomes_a_final_proof() {
    let finalizer = Finalizer::new().expect("the last circuits");
    let aggregate = ours().proof();
    let keys = aggregator().keys();
    let (bytes, phases) = finalizer.prove(keys, &aggregate, &mut |_| {}).expect("a final proof");
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

/// The proof that the joiner puts out what it makes of these runs.
fn joiner_proof(runs: &[Run]) -> AggregateProof {
    let elf = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/elf/joiner.elf");
    let program = Program::from_elf(&std::fs::read(elf).expect("the guest")).expect("a program");
    let prover = Prover::new(&program).expect("a key");
    let verifier = prover.verifier();
    let hints = ashlar_witness::hints(&joiner_input(runs));
    let plan = Plan::new(&program, &hints, Options::default()).expect("a plan");
    let session = Session { prover: &prover, verifier: &verifier, store: None };
    let output = joined_runs(runs).expect("roots").encode().to_vec();
    session.aggregate(aggregator(), &plan, output, &mut |_| {}).expect("a proof").proof
}

/// What the contracts' tests read: `contracts/test/fixtures/joined.json`.
fn fixture(runs: &[Run], joined: &Joined, last_circuit: Node, proof: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().fold(String::from("0x"), |text, byte| format!("{text}{byte:02x}"));
    let paths = joined_paths(runs);
    let statement = |(i, run): (usize, &Run)| {
        let path: Vec<_> = paths.path(i).expect("a path").iter().map(|node| hex(node)).collect();
        json!({ "programKey": hex(&run.program_key.0), "output": hex(&run.output), "path": path })
    };
    let fixture = json!({
        "lastCircuit": hex(&last_circuit),
        "root": hex(&joined.root),
        "count": joined.count,
        "statementsRoot": hex(&joined.statements_root),
        "statements": runs.iter().enumerate().map(statement).collect::<Vec<_>>(),
        "proof": hex(proof),
    });
    format!("{fixture:#}\n")
}

/// Three runs of two programs, whose tree is one word of the final proof.
#[test]
#[ignore = "proves a run of the joiner and a final proof: a minute on idle cores"]
fn runs_become_a_tree_in_a_final_proof() {
    let proofs = vec![ours().proof(), theirs().proof(), ours().proof()];
    let many = join(aggregator(), proofs, None, &mut |_| {}).expect("a joined proof").proof;
    let runs = many.runs.clone();
    let many_bytes = many.encode();
    let beside = joiner_proof(&runs);
    let joiner_runs = beside.runs.clone();
    let joiner_bytes = beside.encode();
    let joined = joined_runs(&runs).expect("roots");
    let finalizer = Finalizer::new().expect("the last circuits");
    let mut layers = Vec::new();
    let (bytes, phases) = finalizer
        .prove_joined(aggregator(), many, beside, &mut |layer| layers.push(layer))
        .expect("a final proof");
    println!("{} bytes, {phases:?}", bytes.len());
    assert_eq!(layers, [FinalLayer::Join, FinalLayer::Shrink, FinalLayer::Last]);
    let circuits = aggregator().keys().root();
    let root = ProgramKey(joined.statements_root).elements().expect("a canonical root");
    let words = joined_statement_words(&circuits, &root, &joiner_runs).expect("words");
    verify_final(&bytes, finalizer.key(), &words).expect("an accepted proof");
    if let Some(path) = std::env::var_os("ASHLAR_JOINED_PROOF") {
        std::fs::write(path, fixture(&runs, &joined, finalizer.key().fixed, &bytes)).expect("written");
    }
    // Whoever knows the roots finds each run.
    let paths = joined_paths(&runs);
    let input = joiner_input(&runs);
    for (index, statement) in input.as_chunks().0.iter().enumerate() {
        let path = paths.path(index).expect("a path");
        assert!(is_included::<NativeHashes>(
            &joined.root,
            joined.count.into(),
            index as u64,
            statement,
            &path
        ));
    }

    // Nothing else is stated by it: no other tree, no other output of the joiner, not that output without a tree.
    let mut other = root;
    other.rotate_left(1);
    let words = joined_statement_words(&circuits, &other, &joiner_runs).expect("words");
    verify_final(&bytes, finalizer.key(), &words).expect_err("another tree");
    let words = statement_words(&circuits, &joiner_runs).expect("words");
    verify_final(&bytes, finalizer.key(), &words).expect_err("no tree");
    let mut forged = joiner_runs.clone();
    forged[0].output[127] ^= 1;
    let words = joined_statement_words(&circuits, &root, &forged).expect("words");
    verify_final(&bytes, finalizer.key(), &words).expect_err("another output of the joiner");
    let words = joined_statement_words(&circuits, &root, &runs).expect("words");
    verify_final(&bytes, finalizer.key(), &words).expect_err("the statements in slots");

    // Other statements than those of the proofs are not proven.
    let (mut many, beside) = (decode(&many_bytes), decode(&joiner_bytes));
    many.runs.swap(0, 1);
    assert!(finalizer.prove_joined(aggregator(), many, beside, &mut |_| {}).is_err());
    let (many, mut beside) = (decode(&many_bytes), decode(&joiner_bytes));
    beside.runs[0].output[0] ^= 1;
    assert!(finalizer.prove_joined(aggregator(), many, beside, &mut |_| {}).is_err());
}

//! The final proof of a real run, at full parameters: seconds of grinding, so one test makes it and shares it.

use ashlar_circuit::narrow::NarrowAir;
use ashlar_joiner::{Joined, is_included};
use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use ashlar_prover::aggregate::{
    FinalLayer, Finalizer, NativeHashes, join, joined_paths, joined_runs, joined_statement_words,
    joiner_input, statement_words,
};
use ashlar_prover::{Plan, Prover, Session};
use ashlar_verifier::aggregate::{AggregateProof, Run};
use ashlar_verifier::config::{LAST, Parameters};
use ashlar_verifier::last::{
    FinalKey, FinalShape, HEAD_WORDS, NODE_BYTES, Node, SLOT_WORDS, WORDS, Word, verify_final,
};
use ashlar_verifier::{LAST_HEIGHT, ProgramKey};
use ashlar_vm::{Options, Program};
use p3_field::PrimeCharacteristicRing;
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
    moved[HEAD_WORDS..].rotate_right(SLOT_WORDS);
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

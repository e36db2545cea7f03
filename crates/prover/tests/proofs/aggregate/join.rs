//! Proofs of different programs' runs become one, and what is refused of that.

use std::fs;
use std::sync::OnceLock;

use ashlar_prover::aggregate::{JoinFailure, ProvenAggregate, join};
use ashlar_prover::{Event, SegmentStore};
use ashlar_verifier::aggregate::AggregateProof;
use ashlar_verifier::{Circuit, RefusedAggregate};

use super::{aggregator, decode, verify};
use crate::support::Folder;

fn joined_now(proofs: Vec<AggregateProof>) -> Result<ProvenAggregate, JoinFailure> {
    join(aggregator(), proofs, None, &mut |_| {})
}

/// The failure: a proof has no `Debug`.
fn refusal(proofs: Vec<AggregateProof>) -> JoinFailure {
    match joined_now(proofs) {
        Err(failure) => failure,
        Ok(_) => panic!("joined"),
    }
}

fn ours() -> AggregateProof {
    super::ours().proof()
}

fn theirs() -> AggregateProof {
    super::theirs().proof()
}

/// One proof of both runs.
fn both() -> AggregateProof {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    decode(BYTES.get_or_init(|| joined_now(vec![ours(), theirs()]).expect("a joined proof").proof.encode()))
}

#[test]
fn runs_of_different_programs_become_one_proof() {
    let proof = both();
    verify(&proof).expect("an accepted proof");
    assert_eq!(proof.circuit, Circuit::Join.number());
    assert_eq!(proof.runs, [ours().runs, theirs().runs].concat());
    assert_ne!(proof.runs[0].program_key, proof.runs[1].program_key);
}

#[test]
fn refuses_statements_in_another_order() {
    let mut proof = both();
    proof.runs.swap(0, 1);
    assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
}

#[test]
fn refuses_outputs_and_programs_that_are_changed_or_exchanged() {
    for run in 0..2 {
        let mut proof = both();
        proof.runs[run].output[0] ^= 1;
        assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
        let mut proof = both();
        proof.runs[run].program_key = proof.runs[1 - run].program_key;
        assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
    }
}

#[test]
fn refuses_a_proof_with_a_statement_dropped() {
    for run in 0..2 {
        let mut proof = both();
        proof.runs.remove(run);
        assert!(matches!(verify(&proof), Err(RefusedAggregate::Circuit { statements: 1, .. })));
        proof.circuit = Circuit::Finish.number();
        assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
    }
}

#[test]
fn refuses_a_proof_with_a_statement_twice() {
    for (run, place) in [(0, 0), (0, 2), (1, 2)] {
        let mut proof = both();
        let copy = proof.runs[run].clone();
        proof.runs.insert(place, copy);
        assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })), "{run} at {place}");
    }
}

#[test]
fn refuses_the_proof_of_one_statement_for_two() {
    let mut proof = ours();
    proof.runs = both().runs;
    assert!(matches!(verify(&proof), Err(RefusedAggregate::Circuit { statements: 2, .. })));
    proof.circuit = Circuit::Join.number();
    assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
}

#[test]
fn a_tree_is_joined_where_it_is_a_part_of_the_whole_and_only_there() {
    let failure = refusal(vec![ours(), both()]);
    assert!(matches!(failure, JoinFailure::NoPlace { input: 1, statements: 2, all: 3 }), "{failure}");
    assert!(failure.to_string().contains("all in one command"), "{failure}");
    let proven = joined_now(vec![both(), ours()]).expect("a joined proof");
    assert_eq!(proven.recursion.len(), 1);
    assert_eq!(proven.proof.runs, [both().runs, ours().runs].concat());
    let mut moved = proven.proof;
    verify(&moved).expect("an accepted proof");
    // The same statements in the order that would be another tree.
    moved.runs.rotate_left(2);
    assert!(matches!(verify(&moved), Err(RefusedAggregate::Proof { .. })));
}

#[test]
fn refuses_to_join_what_is_not_proven() {
    let mut damaged = theirs();
    damaged.runs[0].output.push(0);
    let failure = refusal(vec![ours(), damaged]);
    assert!(
        matches!(failure, JoinFailure::Input { input: 1, source: RefusedAggregate::Proof { .. } }),
        "{failure}"
    );
    assert!(matches!(refusal(Vec::new()), JoinFailure::NoProofs));
    let mut empty = ours();
    empty.runs.clear();
    let failure = refusal(vec![empty, ours()]);
    assert!(
        matches!(failure, JoinFailure::Input { input: 0, source: RefusedAggregate::NoStatement }),
        "{failure}"
    );
}

#[test]
fn joining_goes_on_with_what_is_good_in_the_store_and_only_that() {
    let folder = Folder::new("join");
    let store = SegmentStore::open(&folder.0).expect("a store");
    let mut discarded = 0;
    let mut resumed = || {
        let mut on_event =
            |event: Event<'_>| discarded += usize::from(matches!(event, Event::Discarded { .. }));
        let proven = join(aggregator(), vec![ours(), theirs()], Some(&store), &mut on_event);
        let proven = proven.expect("a joined proof");
        verify(&proven.proof).expect("an accepted proof");
        (proven.recursion[0].resumed, proven.ids)
    };
    assert!(!resumed().0);
    assert!(resumed().0);
    // The proof of one of the statements in the place of that of both.
    let statement = postcard::to_extend(&ours().proof, b"ASHLARS1".to_vec()).expect("bytes");
    fs::write(&folder.files("recursion")[0], statement).expect("a written file");
    assert!(!resumed().0);
    let (again, ids) = resumed();
    assert!(again);
    assert_eq!(discarded, 1);
    assert!(store.remove(&ids).expect("a removed folder"));
}

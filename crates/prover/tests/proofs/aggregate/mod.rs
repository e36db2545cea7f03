//! Segments of real runs become one proof, and proofs of runs one proof of all.

mod job;
mod join;
mod last;
mod resume;

use std::fs;
use std::sync::OnceLock;

use ashlar_prover::aggregate::{Aggregator, ProvenAggregate};
use ashlar_prover::{Event, SegmentId, SegmentStore, Session};
use ashlar_verifier::aggregate::AggregateProof;
use ashlar_verifier::{Circuit, RefusedAggregate};

use crate::support::{Fixture, Folder, OUTPUT, fixture, stranger, with_plan};

/// The circuits, made of the code as it is.
fn aggregator() -> &'static Aggregator {
    static AGGREGATOR: OnceLock<Aggregator> = OnceLock::new();
    AGGREGATOR.get_or_init(|| Aggregator::new(Aggregator::make_keys().expect("keys")))
}

fn verify(proof: &AggregateProof) -> Result<(), RefusedAggregate> {
    aggregator().verifier().verify(proof)
}

/// Keeps the segments of a run, as an interrupted session would have.
fn keep_segments(fixture: &Fixture, store: &SegmentStore) {
    for (job, proof) in fixture.jobs.iter().zip(fixture.proof().segments) {
        store.save(&SegmentId::new(fixture.verifier.program_key(), job), &proof).expect("a kept segment");
    }
}

/// Aggregates a run, and says why kept proofs were not good.
fn aggregate(fixture: &Fixture, store: &SegmentStore) -> (ProvenAggregate, Vec<String>) {
    let session = Session { prover: &fixture.prover, verifier: &fixture.verifier, store: Some(store) };
    let mut reasons = Vec::new();
    let mut on_event = |event: Event<'_>| {
        if let Event::Discarded { reason } = event {
            reasons.push(reason.to_owned());
        }
    };
    let proven = with_plan(fixture.program, |plan| {
        session.aggregate(aggregator(), plan, OUTPUT.to_vec(), &mut on_event)
    });
    (proven.expect("a proof"), reasons)
}

/// A run's aggregated proof, and what was kept on the way.
struct Aggregated {
    bytes: Vec<u8>,
    /// Names and bytes of the recursion proofs, in the order in which they were made.
    kept: Vec<(String, Vec<u8>)>,
}

impl Aggregated {
    fn new(fixture: &Fixture, name: &str) -> Self {
        let folder = Folder::new(name);
        let store = SegmentStore::open(&folder.0).expect("a store");
        keep_segments(fixture, &store);
        let (proven, reasons) = aggregate(fixture, &store);
        assert!(proven.segments.iter().all(|figures| figures.resumed), "segments were there");
        assert!(proven.recursion.iter().all(|figures| !figures.resumed), "nothing else was");
        assert!(reasons.is_empty(), "{reasons:?}");
        assert!(folder.files("segment").is_empty(), "leaves stand for them");
        let circuits: Vec<_> = proven.recursion.iter().map(|figures| figures.circuit).collect();
        assert_eq!(circuits, [Circuit::Leaf(0), Circuit::Leaf(0), Circuit::Fold, Circuit::Finish]);
        let names = proven.ids.iter().filter(|id| id.ends_with(".recursion"));
        let kept = names.map(|name| (name.clone(), fs::read(folder.0.join(name)).expect("a kept proof")));
        Self { kept: kept.collect(), bytes: proven.proof.encode() }
    }

    fn proof(&self) -> AggregateProof {
        decode(&self.bytes)
    }
}

fn decode(bytes: &[u8]) -> AggregateProof {
    AggregateProof::decode(bytes).expect("an honest proof decodes")
}

/// Of the run that the tests are about.
fn ours() -> &'static Aggregated {
    static OURS: OnceLock<Aggregated> = OnceLock::new();
    OURS.get_or_init(|| Aggregated::new(fixture(), "ours"))
}

/// Of the program that differs in one constant.
fn theirs() -> &'static Aggregated {
    static THEIRS: OnceLock<Aggregated> = OnceLock::new();
    THEIRS.get_or_init(|| Aggregated::new(stranger(), "theirs"))
}

#[test]
fn a_run_becomes_one_proof() {
    let proof = ours().proof();
    verify(&proof).expect("an accepted proof");
    assert_eq!(proof.circuit, Circuit::Finish.number());
    assert_eq!(proof.runs.len(), 1);
    assert_eq!(proof.runs[0].program_key, fixture().verifier.program_key());
    assert_eq!(proof.runs[0].output, OUTPUT);
    assert!(proof.encode().len() < 1 << 20);
}

#[test]
fn refuses_another_output_program_or_circuit_of_a_run() {
    let mut proof = ours().proof();
    proof.runs[0].output[0] ^= 1;
    assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
    let mut proof = ours().proof();
    proof.runs[0].program_key = stranger().verifier.program_key();
    assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
    proof.runs[0].program_key.0[0] = 0xff;
    assert!(matches!(verify(&proof), Err(RefusedAggregate::ProgramKey { .. })));
    for circuit in (0..=u8::MAX).filter(|circuit| *circuit != Circuit::Finish.number()) {
        let mut proof = ours().proof();
        proof.circuit = circuit;
        assert!(matches!(verify(&proof), Err(RefusedAggregate::Circuit { statements: 1, .. })));
    }
    let mut proof = ours().proof();
    proof.runs.clear();
    assert!(matches!(verify(&proof), Err(RefusedAggregate::NoStatement)));
}

//! Changed proofs: Plonky3's verifier and the circuit give the same verdict on every one.

use std::collections::BTreeMap;

use ashlar_recursion::circuits::CircuitInputs;
use ashlar_verifier::config::Config;
use ashlar_verifier::{Circuit, SegmentProof};
use p3_batch_stark::BatchProof;

use super::mutator::Mutator;
use super::{LEAF, layer, run};
use crate::support::fixture;

/// A number from the environment, so that a soak can ask for more than the tests do.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().expect(name))
}

/// What is changed, and which circuit verifies it.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// A segment's proof, in a leaf.
    Segment(usize),
    /// A leaf, on one side of a fold.
    Leaf(usize),
    /// A fold, in `finish`.
    Fold,
    /// A statement's proof, on one side of a join.
    Finish(usize),
}

const TARGETS: [Target; 7] = [
    Target::Segment(0),
    Target::Segment(1),
    Target::Leaf(0),
    Target::Leaf(1),
    Target::Fold,
    Target::Finish(0),
    Target::Finish(1),
];

impl Target {
    fn honest(self) -> BatchProof<Config> {
        match self {
            Self::Segment(i) => fixture().proof().segments.swap_remove(i).proof,
            Self::Leaf(i) => layer().leaf(i),
            Self::Fold => layer().fold(),
            Self::Finish(_) => layer().finish(),
        }
    }

    /// The verdict of the verifier, then that of the circuit.
    fn verdicts(self, proof: BatchProof<Config>) -> [Result<(), String>; 2] {
        let layer = layer();
        let inputs = match self {
            Self::Segment(i) => CircuitInputs::leaf(0, &layer.leaf_claim(i), &proof),
            Self::Leaf(i) => {
                let other = layer.leaf(1 - i);
                let proofs = if i == 0 { [&proof, &other] } else { [&other, &proof] };
                CircuitInputs::fold(&layer.range_pair(), proofs.map(|proof| layer.inner(LEAF, proof)))
            }
            Self::Fold => CircuitInputs::finish(&layer.finish_claim(), layer.inner(Circuit::Fold, &proof)),
            Self::Finish(i) => {
                let other = layer.finish();
                let proofs = if i == 0 { [&proof, &other] } else { [&other, &proof] };
                CircuitInputs::join(
                    &layer.join_claim(),
                    proofs.map(|proof| layer.inner(Circuit::Finish, proof)),
                )
            }
        };
        let circuit = match self {
            Self::Segment(_) => LEAF,
            Self::Leaf(_) => Circuit::Fold,
            Self::Fold => Circuit::Finish,
            Self::Finish(_) => Circuit::Join,
        };
        let in_circuit =
            inputs.map_err(|error| error.to_string()).and_then(|inputs| run(circuit, inputs)).map(|_| ());
        [self.verify(proof), in_circuit]
    }

    fn verify(self, proof: BatchProof<Config>) -> Result<(), String> {
        let [leaf_0, leaf_1, fold, finish, _] = layer().proofs();
        let (circuit, claim, _) = match self {
            Self::Segment(i) => {
                let [start, end] = [0, 1].map(|k| layer().boundaries[i + k]);
                let segment = SegmentProof { shape: 0, end, proof };
                let verdict = fixture().verifier.verify_segment(i, &start, &segment);
                return verdict.map_err(|error| error.to_string());
            }
            Self::Leaf(0) => leaf_0,
            Self::Leaf(_) => leaf_1,
            Self::Fold => fold,
            Self::Finish(_) => finish,
        };
        layer().verifier().verify_claim(circuit, &claim, &proof).map_err(|error| error.to_string())
    }
}

#[test]
fn honest_proofs_are_accepted_by_both() {
    for target in TARGETS {
        assert_eq!(target.verdicts(target.honest()), [Ok(()), Ok(())], "{target:?}");
    }
}

#[test]
fn changed_proofs_have_one_verdict() {
    let count = setting("ASHLAR_RECURSION_MUTATIONS", 140);
    let seed = setting("ASHLAR_RECURSION_MUTATIONS_SEED", 1);
    let mutators = TARGETS.map(|target| Mutator::new(&target.honest()));
    // By the reason of the circuit's refusal.
    let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
    for i in 0..count {
        let which = i as usize % TARGETS.len();
        let mutated = mutators[which].mutate(seed.wrapping_mul(1 << 32).wrapping_add(i));
        let [native, circuit] = TARGETS[which].verdicts(mutated.proof);
        let context = format!("{:?}, change {i}{}: {native:?}, {circuit:?}", TARGETS[which], mutated.what);
        assert!(native.is_err() && circuit.is_err(), "{context}");
        *verdicts.entry(circuit.err().unwrap_or_else(|| "accepted".into())).or_default() += 1;
    }
    for (verdict, count) in &verdicts {
        println!("{count:6} {verdict}");
    }
}

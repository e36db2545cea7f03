//! Changed proofs: Plonky3's verifier and the circuit give the same verdict on every one.

use std::sync::OnceLock;

use ashlar_machine::hash::Digest;
use ashlar_recursion::circuits::{BadInputs, CircuitInputs};
use ashlar_verifier::config::Config;
use ashlar_verifier::{Circuit, SegmentProof};
use p3_batch_stark::BatchProof;

use super::campaign::{Verdicts, count, every_change_has_one_verdict};
use super::shrunk::{self, shrunk};
use super::{LEAF, layer, run};
use crate::support::fixture;

/// What is changed, and so which circuit verifies it.
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
    /// A join, in `shrink`.
    Join,
}

/// What belongs to a changed proof, decoded once.
struct Honest {
    leaves: [BatchProof<Config>; 2],
    finish: BatchProof<Config>,
    /// What they claim: the leaves, the fold, the statement, the join.
    claims: [Digest; 5],
}

fn honest() -> &'static Honest {
    static HONEST: OnceLock<Honest> = OnceLock::new();
    HONEST.get_or_init(|| Honest {
        leaves: [0, 1].map(|i| layer().leaf(i)),
        finish: layer().finish(),
        claims: layer().proofs().map(|(_, claim, _)| claim),
    })
}

impl Target {
    fn honest(self) -> BatchProof<Config> {
        match self {
            Self::Segment(i) => fixture().proof().segments.swap_remove(i).proof,
            Self::Leaf(i) => layer().leaf(i),
            Self::Fold => layer().fold(),
            Self::Finish(_) => layer().finish(),
            Self::Join => layer().join(),
        }
    }

    fn verdicts(self, proof: BatchProof<Config>) -> Verdicts {
        let in_circuit =
            self.inputs(&proof).map_err(|error| error.to_string()).and_then(|inputs| self.run(inputs));
        [self.verify(proof), in_circuit]
    }

    /// The inputs of the circuit with this proof and, where there are two, an honest one.
    fn inputs(self, proof: &BatchProof<Config>) -> Result<CircuitInputs, BadInputs> {
        let (layer, honest) = (layer(), honest());
        let both = |i, other| if i == 0 { [proof, other] } else { [other, proof] };
        match self {
            Self::Segment(i) => CircuitInputs::leaf(0, &layer.leaf_claim(i), proof),
            Self::Leaf(i) => {
                let proofs = both(i, &honest.leaves[1 - i]);
                CircuitInputs::fold(&layer.range_pair(), proofs.map(|proof| layer.inner(LEAF, proof)))
            }
            Self::Fold => CircuitInputs::finish(&layer.finish_claim(), layer.inner(Circuit::Fold, proof)),
            Self::Finish(i) => {
                let inner = both(i, &honest.finish).map(|proof| layer.inner(Circuit::Finish, proof));
                CircuitInputs::join(&layer.join_claim(), inner)
            }
            Self::Join => CircuitInputs::shrink(&shrunk::claim(), layer.inner(Circuit::Join, proof)),
        }
    }

    fn run(self, mut inputs: CircuitInputs) -> Result<(), String> {
        let circuit = match self {
            Self::Segment(_) => LEAF,
            Self::Leaf(_) => Circuit::Fold,
            Self::Fold => Circuit::Finish,
            Self::Finish(_) => Circuit::Join,
            Self::Join => return shrunk::run(&mut inputs).map(|_| ()),
        };
        run(circuit, inputs).map(|_| ())
    }

    fn verify(self, proof: BatchProof<Config>) -> Result<(), String> {
        let [leaf_0, leaf_1, fold, finish, join] = &honest().claims;
        let (circuit, claim) = match self {
            Self::Segment(i) => {
                let [start, end] = [0, 1].map(|k| layer().boundaries[i + k]);
                let segment = SegmentProof { shape: 0, end, proof };
                let verdict = fixture().verifier.verify_segment(i, &start, &segment);
                return verdict.map_err(|error| error.to_string());
            }
            Self::Leaf(0) => (LEAF, leaf_0),
            Self::Leaf(_) => (LEAF, leaf_1),
            Self::Fold => (Circuit::Fold, fold),
            Self::Finish(_) => (Circuit::Finish, finish),
            Self::Join => (Circuit::Join, join),
        };
        layer().verifier().verify_claim(circuit, claim, &proof).map_err(|error| error.to_string())
    }
}

fn changed(name: &str, count: u64, targets: &[Target]) {
    let honest: Vec<_> = targets.iter().map(|target| target.honest()).collect();
    every_change_has_one_verdict(name, count, &honest, |which, proof| targets[which].verdicts(proof));
}

#[test]
fn honest_proofs_are_accepted_by_both() {
    let targets = [Target::Segment(0), Target::Segment(1), Target::Leaf(0), Target::Leaf(1)];
    for target in
        targets.into_iter().chain([Target::Fold, Target::Finish(0), Target::Finish(1), Target::Join])
    {
        assert_eq!(target.verdicts(target.honest()), [Ok(()), Ok(())], "{target:?}");
    }
    assert_eq!(shrunk().verdicts(&shrunk().proof()), [Ok(()), Ok(())]);
}

#[test]
fn changed_segments_have_one_verdict() {
    changed("segments", count(), &[Target::Segment(0), Target::Segment(1)]);
}

#[test]
fn changed_folds_have_one_verdict() {
    changed("folds", count(), &[Target::Fold]);
}

/// The same circuit for inner proofs on each side of those that have two.
#[test]
fn changed_leaves_and_statements_have_one_verdict() {
    let targets = [Target::Leaf(0), Target::Leaf(1), Target::Finish(0), Target::Finish(1)];
    changed("leaves-and-statements", count() / 10, &targets);
}

#[test]
fn changed_joins_have_one_verdict_in_shrink() {
    changed("joins-in-shrink", count() / 10, &[Target::Join]);
}

#[test]
fn changed_proofs_of_shrink_have_one_verdict_in_last() {
    every_change_has_one_verdict("shrink-in-last", count() / 10, &[shrunk().proof()], |_, proof| {
        shrunk().verdicts(&proof)
    });
}

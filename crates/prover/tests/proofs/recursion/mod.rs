//! Attacks on recursion with real proofs: what circuits refuse of inner proofs and claims, and what the verifier refuses of
//! proofs of circuits.

#[path = "../../../../recursion/tests/differential/campaign.rs"]
mod campaign;
mod claims;
mod differential;
mod forged;
mod layers;
#[path = "../../../../recursion/tests/differential/mutator.rs"]
mod mutator;
mod shrunk;

use std::sync::OnceLock;

use ashlar_machine::hash::Digest;
use ashlar_prover::aggregate::{Aggregator, Task};
use ashlar_recursion::builder;
use ashlar_recursion::circuits::{
    self, CircuitInputs, FinishClaim, InnerProof, JoinClaim, LeafClaim, RangePair,
};
use ashlar_verifier::aggregate::AggregateVerifier;
use ashlar_verifier::config::Config;
use ashlar_verifier::{Boundary, Circuit, CircuitKeys, Statement, VerifyingKey};
use p3_batch_stark::BatchProof;

use crate::support::{Fixture, OUTPUT, fixture, stranger};

/// The circuit of the fixture's segments.
const LEAF: Circuit = Circuit::Leaf(0);

/// A proof of each circuit, for the run of two segments.
pub(crate) struct Layer {
    pub(crate) aggregator: Aggregator,
    /// The start, the cut and the end.
    pub(crate) boundaries: [Boundary; 3],
    leaves: [Vec<u8>; 2],
    fold: Vec<u8>,
    finish: Vec<u8>,
    join: Vec<u8>,
}

/// The proofs that the tests are about.
pub(crate) fn layer() -> &'static Layer {
    static LAYER: OnceLock<Layer> = OnceLock::new();
    LAYER.get_or_init(Layer::new)
}

/// A circuit, to be run on what attackers give it.
fn circuit(circuit: Circuit) -> &'static builder::Circuit {
    static CIRCUITS: [OnceLock<builder::Circuit>; Circuit::COUNT] =
        [const { OnceLock::new() }; Circuit::COUNT];
    CIRCUITS[usize::from(circuit.number())].get_or_init(|| circuits::build(circuit).expect("a circuit"))
}

fn encode(proof: &BatchProof<Config>) -> Vec<u8> {
    postcard::to_allocvec(proof).expect("an encoding")
}

fn decode(bytes: &[u8]) -> BatchProof<Config> {
    postcard::from_bytes(bytes).expect("an honest proof decodes")
}

/// The start, the cut and the end of a run of two segments.
fn boundaries(fixture: &Fixture) -> [Boundary; 3] {
    let [first, second] = [0, 1].map(|i| fixture.jobs[i].end);
    [fixture.jobs[0].start, first, second]
}

fn leaf_task(fixture: &Fixture, segment: usize) -> Task {
    let [start, end] = [0, 1].map(|i| boundaries(fixture)[segment + i]);
    Task::Leaf { shape: 0, key: fixture.prover.key().clone(), start, end }
}

/// The leaf of a program that differs in one constant, for its first segment.
fn foreign_leaf() -> &'static [u8] {
    static LEAF: OnceLock<Vec<u8>> = OnceLock::new();
    LEAF.get_or_init(|| {
        let segment = stranger().proof().segments.swap_remove(0);
        let made = layer().aggregator.prove(&leaf_task(stranger(), 0), &[segment.proof]);
        encode(&made.expect("a leaf").0)
    })
}

impl Layer {
    fn new() -> Self {
        let aggregator = Aggregator::new(Aggregator::make_keys().expect("keys"));
        let fixture = fixture();
        let boundaries = boundaries(fixture);
        let prove = |task: &Task, inputs: &[BatchProof<Config>]| {
            encode(&aggregator.prove(task, inputs).expect("a proof").0)
        };
        let [first, second]: [_; 2] = match fixture.proof().segments.try_into() {
            Ok(segments) => segments,
            Err(_) => panic!("two segments"),
        };
        let leaves =
            [prove(&leaf_task(fixture, 0), &[first.proof]), prove(&leaf_task(fixture, 1), &[second.proof])];
        let key = fixture.prover.key();
        let fold_task =
            Task::Fold { program_key: key.program_key_digest(), boundaries, circuits: [LEAF.number(); 2] };
        let fold = prove(&fold_task, &leaves.each_ref().map(|leaf| decode(leaf)));
        let [.., end] = boundaries;
        let finish_task = Task::Finish {
            key: key.clone(),
            end_root: end.root,
            digest: end.digest,
            circuit: Circuit::Fold.number(),
        };
        let finish = prove(&finish_task, &[decode(&fold)]);
        let roots = [statement(); 2];
        let join_task = Task::Join { roots, circuits: [Circuit::Finish.number(); 2] };
        let join = prove(&join_task, &[decode(&finish), decode(&finish)]);
        Self { aggregator, boundaries, leaves, fold, finish, join }
    }

    pub(crate) fn verifier(&self) -> &AggregateVerifier {
        self.aggregator.verifier()
    }

    pub(crate) fn keys(&self) -> &CircuitKeys {
        self.aggregator.keys()
    }

    pub(crate) fn root(&self) -> Digest {
        self.keys().root()
    }

    pub(crate) fn leaf(&self, segment: usize) -> BatchProof<Config> {
        decode(&self.leaves[segment])
    }

    pub(crate) fn fold(&self) -> BatchProof<Config> {
        decode(&self.fold)
    }

    pub(crate) fn finish(&self) -> BatchProof<Config> {
        decode(&self.finish)
    }

    pub(crate) fn join(&self) -> BatchProof<Config> {
        decode(&self.join)
    }

    /// Each proof with its circuit and the hash of its claim.
    pub(crate) fn proofs(&self) -> [(Circuit, Digest, BatchProof<Config>); 5] {
        let root = self.root();
        let [start, cut, end] = self.boundaries;
        let range = |start, end| {
            let program_key = key().program_key_digest();
            ashlar_verifier::RangeClaim { program_key, start, end }.hash(&root)
        };
        let runs = |statements| ashlar_verifier::runs_claim(&root, statements);
        let joined = ashlar_verifier::statement_node(&statement(), &statement());
        [
            (LEAF, range(start, cut), self.leaf(0)),
            (LEAF, range(cut, end), self.leaf(1)),
            (Circuit::Fold, range(start, end), self.fold()),
            (Circuit::Finish, runs(&statement()), self.finish()),
            (Circuit::Join, runs(&joined), self.join()),
        ]
    }

    /// What shows that a proof's circuit is allowed.
    fn inner<'a>(&'a self, circuit: Circuit, proof: &'a BatchProof<Config>) -> InnerProof<'a> {
        InnerProof::new(self.keys(), circuit, proof).expect("a key")
    }

    fn leaf_claim(&self, segment: usize) -> LeafClaim<'static> {
        let [start, end] = [0, 1].map(|i| self.boundaries[segment + i]);
        LeafClaim { circuits: self.root(), start, end, key: key() }
    }

    fn range_pair(&self) -> RangePair {
        RangePair {
            circuits: self.root(),
            program_key: key().program_key_digest(),
            boundaries: self.boundaries,
        }
    }

    fn finish_claim(&self) -> FinishClaim<'static> {
        let [.., end] = self.boundaries;
        FinishClaim { circuits: self.root(), key: key(), end_root: end.root, digest: end.digest }
    }

    fn join_claim(&self) -> JoinClaim {
        JoinClaim { circuits: self.root(), roots: [statement(); 2] }
    }
}

/// The key of the fixture's program.
fn key() -> &'static VerifyingKey {
    fixture().prover.key()
}

/// The leaf of the fixture's statement.
fn statement() -> Digest {
    Statement::new(&key().program_key(), OUTPUT).expect("a key of a program").leaf()
}

/// The public values of a run of the circuit, or why there is none.
fn run(of: Circuit, mut inputs: CircuitInputs) -> Result<Digest, String> {
    run_on(of, &mut inputs)
}

fn run_on(of: Circuit, inputs: &mut dyn builder::Inputs) -> Result<Digest, String> {
    circuit(of).run(inputs).map(|witness| witness.public_values).map_err(|error| error.to_string())
}

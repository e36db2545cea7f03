//! Tasks of aggregation: what is to be proven, of which proofs.

use std::fmt::{self, Display, Formatter};

use ashlar_machine::hash::Digest;
use ashlar_recursion::circuits::{
    BadInputs, CircuitInputs, FinishClaim, InnerProof, JoinClaim, LeafClaim, RangePair,
};
use ashlar_verifier::config::Config;
use ashlar_verifier::{
    Boundary, Circuit, CircuitKeys, RangeClaim, Statement, VerifyingKey, runs_claim, statement_node,
};
use p3_batch_stark::BatchProof;
use serde::{Deserialize, Serialize};
use tiny_keccak::{Hasher, Keccak};

use super::AggregatorError;

/// What is to be proven. Together with its input proofs it is all that another process needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// A segment becomes a range.
    Leaf {
        /// Position of the segment's shape in the list of shapes.
        shape: u8,
        /// The program.
        key: VerifyingKey,
        /// Where the segment starts.
        start: Boundary,
        /// Where it ends.
        end: Boundary,
    },
    /// Two ranges become one.
    Fold {
        /// The program.
        program_key: Digest,
        /// Where the first starts, where they meet, where the second ends.
        boundaries: [Boundary; 3],
        /// Numbers of the circuits of the inputs.
        circuits: [u8; 2],
    },
    /// A range becomes a statement.
    Finish {
        /// The program.
        key: VerifyingKey,
        /// Root of memory at the end.
        end_root: Digest,
        /// Digest of what was committed.
        digest: Digest,
        /// Number of the input's circuit.
        circuit: u8,
    },
    /// Two trees of statements become one.
    Join {
        /// Their roots.
        roots: [Digest; 2],
        /// Numbers of the circuits of the inputs.
        circuits: [u8; 2],
    },
}

/// A task with its input proofs.
#[derive(Serialize, Deserialize)]
pub struct Job {
    /// What is to be proven.
    pub task: Task,
    /// The proofs that it is proven of: one for a leaf and for `finish`, two otherwise.
    pub inputs: Vec<BatchProof<Config>>,
}

impl Task {
    /// The circuit that proves it.
    pub const fn circuit(&self) -> Circuit {
        match self {
            Self::Leaf { shape, .. } => Circuit::Leaf(*shape),
            Self::Fold { .. } => Circuit::Fold,
            Self::Finish { .. } => Circuit::Finish,
            Self::Join { .. } => Circuit::Join,
        }
    }

    /// The hash of what its proof claims. `circuits` is the root of the allowed circuits.
    pub fn claim(&self, circuits: &Digest) -> Digest {
        match self {
            Self::Leaf { key, start, end, .. } => {
                RangeClaim { program_key: key.program_key_digest(), start: *start, end: *end }.hash(circuits)
            }
            Self::Fold { program_key, boundaries: [start, _, end], .. } => {
                RangeClaim { program_key: *program_key, start: *start, end: *end }.hash(circuits)
            }
            Self::Finish { key, digest, .. } => {
                let statement = Statement { program_key: key.program_key_digest(), digest: *digest };
                runs_claim(circuits, &statement.leaf())
            }
            Self::Join { roots: [left, right], .. } => runs_claim(circuits, &statement_node(left, right)),
        }
    }

    /// The data that its circuit runs on.
    pub(super) fn inputs(
        &self,
        keys: &CircuitKeys,
        proofs: &[BatchProof<Config>],
    ) -> Result<CircuitInputs, AggregatorError> {
        let circuits = keys.root();
        let inner = |number: u8, proof| {
            let circuit = Circuit::from_number(number);
            let inner = circuit.and_then(|circuit| InnerProof::new(keys, circuit, proof));
            inner.ok_or(AggregatorError::UnknownCircuit { number })
        };
        let inputs: Result<CircuitInputs, BadInputs> = match (self, proofs) {
            (Self::Leaf { shape, key, start, end }, [proof]) => {
                let claim = LeafClaim { circuits, start: *start, end: *end, key };
                CircuitInputs::leaf(*shape, &claim, proof)
            }
            (Self::Fold { program_key, boundaries, circuits: numbers }, [left, right]) => {
                let claim = RangePair { circuits, program_key: *program_key, boundaries: *boundaries };
                CircuitInputs::fold(&claim, [inner(numbers[0], left)?, inner(numbers[1], right)?])
            }
            (Self::Finish { key, end_root, digest, circuit }, [proof]) => {
                let claim = FinishClaim { circuits, key, end_root: *end_root, digest: *digest };
                CircuitInputs::finish(&claim, inner(*circuit, proof)?)
            }
            (Self::Join { roots, circuits: numbers }, [left, right]) => {
                let claim = JoinClaim { circuits, roots: *roots };
                CircuitInputs::join(&claim, [inner(numbers[0], left)?, inner(numbers[1], right)?])
            }
            _ => return Err(AggregatorError::Inputs { found: proofs.len() }),
        };
        Ok(inputs?)
    }
}

/// Identifies a task under a list of allowed circuits; the name of its proof's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskId([u8; 32]);

impl TaskId {
    /// The identity of a task.
    pub fn new(keys: &CircuitKeys, task: &Task) -> Self {
        let mut keccak = Keccak::v256();
        keccak.update(b"ASHLARTASK");
        keccak.update(&keys.encode());
        // Writing to a vector has no way to fail, and no type here refuses to be serialised.
        keccak.update(&postcard::to_extend(task, Vec::new()).unwrap_or_default());
        let mut hash = [0; 32];
        keccak.finalize(&mut hash);
        Self(hash)
    }
}

impl Display for TaskId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(".recursion")
    }
}

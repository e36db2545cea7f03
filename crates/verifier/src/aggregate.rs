//! The aggregated proof: one recursion proof that statements hold, its encoding and its verification
//! (`specs/010-recursion.md`).

use alloc::format;
use alloc::vec::Vec;

use ashlar_circuit::CircuitAir;
use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use p3_air::BaseAir;
use p3_batch_stark::common::{GlobalPreprocessed, PreprocessedInstanceMeta};
use p3_batch_stark::{BatchProof, CommonData, ProverData, verify_batch};
use p3_lookup::check_bus_widths;
use serde::{Deserialize, Serialize};

use crate::circuits::{CIRCUIT_HEIGHTS, CIRCUIT_OPERATIONS, Circuit, CircuitKeys};
use crate::claim::{Statement, runs_claim, statements_root};
use crate::config::{Config, RECURSION};
use crate::error::{MalformedProof, RefusedAggregate};
use crate::key::{Commitment, ProgramKey};
use crate::proof::{OUTPUT_BYTES_MAX, PROOF_BYTES_MAX};

/// First bytes of an aggregated proof's encoding.
pub const AGGREGATE_MAGIC: [u8; 8] = *b"ASHLARAP";

/// Version of the encoding.
pub const AGGREGATE_VERSION: u32 = 1;

/// Most statements of one proof.
pub const STATEMENTS_MAX: usize = 1 << 16;

/// A program and what it puts out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which program.
    pub program_key: ProgramKey,
    /// What it puts out. The program commits its Keccak-256 hash.
    pub output: Vec<u8>,
}

/// The proof that programs, run to their ends, have these public outputs.
#[derive(Serialize, Deserialize)]
pub struct AggregateProof {
    /// Number of the circuit that it is a proof of.
    pub circuit: u8,
    /// What is proven, in the order of the tree of statements.
    pub runs: Vec<Run>,
    /// That the circuit is satisfied.
    pub proof: BatchProof<Config>,
}

impl AggregateProof {
    /// The encoding: magic, version, then the fields.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from(AGGREGATE_MAGIC);
        bytes.extend(AGGREGATE_VERSION.to_le_bytes());
        // Writing to a vector has no way to fail, and no type here refuses to be serialised.
        postcard::to_extend(self, bytes).unwrap_or_default()
    }

    /// Decodes what [`Self::encode`] makes, and nothing else: other bytes for the same proof are refused.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedProof> {
        if bytes.len() as u64 > PROOF_BYTES_MAX {
            return Err(MalformedProof::TooLong { bytes: bytes.len() });
        }
        let body = bytes.strip_prefix(&AGGREGATE_MAGIC).ok_or(MalformedProof::Magic)?;
        let (version, body) = body.split_first_chunk::<4>().ok_or(MalformedProof::Truncated)?;
        let version = u32::from_le_bytes(*version);
        if version != AGGREGATE_VERSION {
            return Err(MalformedProof::Version { version });
        }
        let (proof, rest): (Self, _) = postcard::take_from_bytes(body).map_err(MalformedProof::Encoding)?;
        if !rest.is_empty() {
            return Err(MalformedProof::TrailingBytes { bytes: rest.len() });
        }
        if proof.runs.len() > STATEMENTS_MAX {
            return Err(MalformedProof::TooManyStatements { statements: proof.runs.len() });
        }
        if let Some(run) = proof.runs.iter().find(|run| run.output.len() > OUTPUT_BYTES_MAX) {
            return Err(MalformedProof::OutputTooLong { bytes: run.output.len() });
        }
        if proof.encode() != bytes {
            return Err(MalformedProof::NotCanonical);
        }
        Ok(proof)
    }
}

/// Verifies recursion proofs.
pub struct AggregateVerifier {
    keys: CircuitKeys,
    root: Digest,
    config: Config,
    airs: Vec<CircuitAir>,
    data: CommonData<Config>,
}

impl AggregateVerifier {
    /// Prepares to verify proofs of these circuits.
    pub fn new(keys: CircuitKeys) -> Self {
        let config = RECURSION.config();
        let airs = CircuitAir::layer(CIRCUIT_OPERATIONS).to_vec();
        let degree_bits = CIRCUIT_HEIGHTS.map(usize::from);
        // As for segments: should anything fail here, no table has a message list and p3 refuses every proof.
        let lookups = ProverData::<Config>::from_airs_and_degrees(&config, &airs, &degree_bits)
            .map(|data| data.common.lookups)
            .ok()
            .filter(|lookups| check_bus_widths(lookups).is_ok())
            .unwrap_or_default();
        Self { root: keys.root(), keys, config, airs, data: CommonData::new(None, lookups) }
    }

    /// Root of the tree of allowed circuits.
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// Checks that every run of the proof is proven. The caller compares the programs and outputs with what it expects.
    pub fn verify(&self, proof: &AggregateProof) -> Result<(), RefusedAggregate> {
        let statements = proof.runs.len();
        let refused = RefusedAggregate::Circuit { circuit: proof.circuit, statements };
        let circuit = match (Circuit::from_number(proof.circuit), statements) {
            (_, 0) => return Err(RefusedAggregate::NoStatement),
            (Some(circuit @ Circuit::Finish), 1) => circuit,
            (Some(circuit @ Circuit::Join), 2..) => circuit,
            _ => return Err(refused),
        };
        let leaf = |run: &Run| {
            let statement = Statement::new(&run.program_key, &run.output);
            statement
                .map(|statement| statement.leaf())
                .ok_or(RefusedAggregate::ProgramKey { key: run.program_key })
        };
        let leaves: Vec<_> = proof.runs.iter().map(leaf).collect::<Result<_, _>>()?;
        let root = statements_root(&leaves).ok_or(RefusedAggregate::NoStatement)?;
        self.verify_claim(circuit, &runs_claim(&self.root, &root), &proof.proof)
    }

    /// Checks that a circuit is satisfied with the hash of a claim as its public values.
    pub fn verify_claim(
        &self,
        circuit: Circuit,
        claim: &Digest,
        proof: &BatchProof<Config>,
    ) -> Result<(), RefusedAggregate> {
        if !proof.degree_bits.iter().copied().eq(CIRCUIT_HEIGHTS.map(usize::from)) {
            return Err(RefusedAggregate::Tables);
        }
        let cap = self.keys.cap(circuit).ok_or(RefusedAggregate::Tables)?;
        let data = CommonData::new(Some(fixed_columns(&self.airs, cap)), self.data.lookups.clone());
        let values: Vec<Vec<Val>> = self
            .airs
            .iter()
            .map(|air| if BaseAir::<Val>::num_public_values(air) > 0 { claim.to_vec() } else { Vec::new() })
            .collect();
        verify_batch(&self.config, &self.airs, proof, &values, &data)
            .map_err(|error| RefusedAggregate::Proof { reason: format!("{error}") })
    }
}

/// Where each table's fixed columns are in the commitment to all of them: every table has some.
fn fixed_columns(airs: &[CircuitAir], cap: &Commitment) -> GlobalPreprocessed<Config> {
    let instances = airs.iter().zip(CIRCUIT_HEIGHTS).enumerate().map(|(matrix_index, (air, height))| {
        let width = BaseAir::<Val>::preprocessed_width(air);
        Some(PreprocessedInstanceMeta { matrix_index, width, degree_bits: height.into() })
    });
    GlobalPreprocessed {
        commitment: cap.clone(),
        instances: instances.collect(),
        matrix_to_instance: (0..airs.len()).collect(),
    }
}

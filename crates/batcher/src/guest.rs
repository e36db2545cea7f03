//! The program that is proven of batches, and what its proofs are verified with: parts of this library.

use alloy_primitives::B256;
use ashlar_contracts::{BadKey, DeploymentKey};
use ashlar_verifier::{
    CircuitKeys, ProgramKey, VerifyingKey,
    last::{RefusedFinal, public_words, verify_final},
};
use ashlar_vm::Program;
use std::sync::OnceLock;
use thiserror::Error;

use crate::data::PROOF_BYTES_MAX;

/// ELF of `guests/rollup`, as built by `cargo xtask guest` and checked by its digest in CI.
const ELF: &[u8] = include_bytes!("../../../guests/elf/rollup.elf");

/// Its verifying key, made of it by `cargo xtask guest` and checked in CI.
const KEY: &[u8] = include_bytes!("../../../guests/elf/rollup.key");

/// The keys of the recursion circuits, made by `cargo xtask circuits` and checked in CI.
const CIRCUIT_KEYS: &[u8] = include_bytes!("../../verifier/keys/circuits.key");

static PROGRAM: OnceLock<Program> = OnceLock::new();

/// A part of this program is damaged.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum DamagedGuest {
    #[error("the guest inside this program is damaged: {0}")]
    Elf(String),
    #[error("the guest's key inside this program is damaged: {0}")]
    Key(String),
    #[error("the circuits' keys inside this program are damaged: {0}")]
    Circuits(String),
    #[error("the verifier's key inside this program is damaged")]
    Deployment(#[from] BadKey),
    #[error(
        "the key inside this program is not that of its guest: run `cargo xtask guest --keys` and build again"
    )]
    OtherKey,
}

/// The guest.
pub fn rollup_program() -> Result<&'static Program, DamagedGuest> {
    if let Some(program) = PROGRAM.get() {
        return Ok(program);
    }
    let program = Program::from_elf(ELF).map_err(|error| DamagedGuest::Elf(error.to_string()))?;
    Ok(PROGRAM.get_or_init(|| program))
}

/// What a verifier has to know of the guest.
pub fn rollup_key() -> Result<VerifyingKey, DamagedGuest> {
    VerifyingKey::decode(KEY).map_err(|error| DamagedGuest::Key(error.to_string()))
}

/// The recursion circuits that proofs are made with.
pub fn circuit_keys() -> Result<CircuitKeys, DamagedGuest> {
    CircuitKeys::decode(CIRCUIT_KEYS).map_err(|error| DamagedGuest::Circuits(error.to_string()))
}

/// Why bytes are not a final proof of a batch.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum RefusedBatchProof {
    #[error("{0} bytes are more than a final proof has")]
    TooLong(usize),
    #[error("the verifier cannot be made: {0}")]
    Verifier(String),
    #[error("it does not verify: {0}")]
    Refused(RefusedFinal),
}

/// Judges final proofs of one program, as Ethereum's contract does.
#[derive(Clone, Debug)]
pub struct ProofVerifier {
    deployment: DeploymentKey,
    circuits: CircuitKeys,
    program: ProgramKey,
}

impl ProofVerifier {
    /// Of proofs of this program.
    pub fn new(program: ProgramKey) -> Result<Self, DamagedGuest> {
        Ok(Self { deployment: DeploymentKey::current()?, circuits: circuit_keys()?, program })
    }

    /// Of proofs of batches.
    pub fn of_batches() -> Result<Self, DamagedGuest> {
        Self::new(rollup_key()?.program_key())
    }

    /// Whether these are a final proof that the program put out something with this Keccak-256, and nothing else.
    pub fn verify(&self, output: &B256, proof: &[u8]) -> Result<(), RefusedBatchProof> {
        if proof.len() > PROOF_BYTES_MAX {
            return Err(RefusedBatchProof::TooLong(proof.len()));
        }
        let words = public_words(&self.circuits.root(), &[(self.program, output.0)]);
        let words = words.ok_or_else(|| RefusedBatchProof::Verifier("the program's key is none".into()))?;
        let key = self.deployment.final_key().map_err(RefusedBatchProof::Verifier)?;
        verify_final(proof, &key, &words).map_err(RefusedBatchProof::Refused)
    }
}

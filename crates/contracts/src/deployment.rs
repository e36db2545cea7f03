//! The contracts of this version: the last circuit's shape, and the list of generated and compiled files.

use ashlar_circuit::narrow::NarrowAir;
use ashlar_verifier::config::LAST;
use ashlar_verifier::last::{FinalKey, FinalShape, NODE_BYTES, WORDS};
use ashlar_verifier::{LAST_HEIGHT, MACHINE_VERSION};

use alloy_primitives::{B256, hex};
use serde::Deserialize;
use thiserror::Error;

use crate::artifact::left_aligned;
use crate::shape::ContractShape;
use crate::solidity::{program_source, shape_source};

/// What the circuits of this version decide of the contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentKey {
    /// Root of the tree of circuits: 8 elements, four bytes each, big-endian.
    pub circuits: [u8; 32],
    /// Root of the last circuit's fixed columns.
    pub last_circuit: [u8; NODE_BYTES],
}

/// `contracts/key.json`, which `cargo xtask circuits` makes and CI compares.
const KEY: &str = include_str!("../../../contracts/key.json");

/// The form of that file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyForm {
    circuits: String,
    last_circuit: String,
}

/// A file that holds no key.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum BadKey {
    #[error("the key is not the expected JSON")]
    Json(#[from] serde_json::Error),
    #[error("{field} is not hexadecimal of the right length")]
    Hexadecimal { field: &'static str, source: hex::FromHexError },
}

impl DeploymentKey {
    /// That of this version.
    pub fn current() -> Result<Self, BadKey> {
        Self::from_json(KEY)
    }

    /// Reads a key file.
    pub fn from_json(text: &str) -> Result<Self, BadKey> {
        let form: KeyForm = serde_json::from_str(text)?;
        let mut key = Self { circuits: [0; 32], last_circuit: [0; NODE_BYTES] };
        let fields = [
            ("circuits", &form.circuits, key.circuits.as_mut_slice()),
            ("lastCircuit", &form.last_circuit, key.last_circuit.as_mut_slice()),
        ];
        for (field, text, bytes) in fields {
            hex::decode_to_slice(text, bytes).map_err(|source| BadKey::Hexadecimal { field, source })?;
        }
        Ok(key)
    }

    /// What a verifier's `circuits` and `lastCircuit` return.
    pub fn words(&self) -> [B256; 2] {
        [self.circuits.into(), left_aligned(&self.last_circuit)]
    }

    /// The key with which proofs of the last circuit are verified.
    pub fn final_key(&self) -> Result<FinalKey<NarrowAir>, String> {
        let air = NarrowAir::default();
        let shape = FinalShape::new(&LAST, &air, usize::from(LAST_HEIGHT), WORDS)
            .map_err(|error| error.to_string())?;
        Ok(FinalKey { air, shape, fixed: self.last_circuit })
    }

    /// The generated sources: name of the file in `contracts/src/generated`, and what is in it.
    pub fn sources(&self) -> Result<[(&'static str, String); 2], String> {
        let shape = ContractShape::new(&self.final_key()?)?;
        Ok([
            ("FinalShape.sol", shape_source(&shape, &self.circuits, MACHINE_VERSION)),
            ("ConstraintProgram.sol", program_source(&shape)),
        ])
    }
}

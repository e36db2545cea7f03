//! Compiled contracts, as they are in the tree: whoever deploys needs no compiler.

use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, B256, Bytes, Selector};
use serde::Deserialize;
use thiserror::Error;

use crate::deployment::DeploymentKey;
use crate::shape::ContractShape;

const FINAL_VERIFIER: &str = include_str!("../../../contracts/artifacts/FinalVerifier.json");
const VERIFIED_STATEMENTS: &str = include_str!("../../../contracts/artifacts/VerifiedStatements.json");

/// A contract that is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    /// Verifies final proofs (`contracts/src/FinalVerifier.sol`).
    FinalVerifier,
    /// Remembers verified statements (`contracts/src/VerifiedStatements.sol`).
    VerifiedStatements,
}

/// A compiled contract. `cargo xtask contracts` writes it, and CI compiles again and compares.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Artifact {
    /// What can be called and what it reverts with.
    pub abi: JsonAbi,
    /// Code that creates the contract; arguments of the constructor follow it.
    pub bytecode: Bytes,
    /// Code of the contract, with zeros for its immutable.
    deployed_bytecode: Bytes,
    /// Where the immutable is in it: words of 32 bytes.
    immutable_references: Vec<usize>,
}

/// What is compiled into this program is damaged.
#[derive(Debug, Error)]
#[error("the contract {contract:?} inside this program is damaged")]
pub struct DamagedArtifact {
    /// Which one.
    pub contract: Contract,
    /// Why.
    pub source: serde_json::Error,
}

/// The code at the two addresses of a verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierCode {
    /// Code of the verifier itself.
    pub verifier: Bytes,
    /// Where its constraints are: the verifier creates this contract, so the address follows from its own.
    pub program_address: Address,
    /// Code of that contract.
    pub program: Bytes,
}

impl Artifact {
    /// The contract of this version.
    pub fn load(contract: Contract) -> Result<Self, DamagedArtifact> {
        let text = match contract {
            Contract::FinalVerifier => FINAL_VERIFIER,
            Contract::VerifiedStatements => VERIFIED_STATEMENTS,
        };
        serde_json::from_str(text).map_err(|source| DamagedArtifact { contract, source })
    }

    /// Code of the contract once it is deployed, if this is its immutable.
    pub fn deployed(&self, immutable: Address) -> Bytes {
        let mut code = self.deployed_bytecode.to_vec();
        for place in &self.immutable_references {
            if let Some(word) = code.get_mut(*place..place + 32) {
                word.copy_from_slice(immutable.into_word().as_slice());
            }
        }
        code.into()
    }

    /// Code that creates the contract with an address as its constructor's only argument.
    pub fn creation_with(&self, argument: Address) -> Bytes {
        [self.bytecode.as_ref(), argument.into_word().as_slice()].concat().into()
    }

    /// Name and types of the error that this is the data of, as `ProofLength()`.
    pub fn error(&self, data: &[u8]) -> Option<String> {
        let selector = Selector::from(*data.first_chunk::<4>()?);
        let error = self.abi.errors().find(|error| error.selector() == selector)?;
        Some(error.signature())
    }
}

impl VerifierCode {
    /// The code of a verifier at this address, if it is the verifier of this version.
    pub fn expected(verifier: Address) -> Result<Self, String> {
        let artifact = Artifact::load(Contract::FinalVerifier).map_err(|error| error.to_string())?;
        let key = DeploymentKey::current().map_err(|error| error.to_string())?;
        let shape = ContractShape::new(&key.final_key()?)?;
        // The nonce of a new contract is 1, and the program is the first that it creates.
        let program_address = verifier.create(1);
        Ok(Self {
            verifier: artifact.deployed(program_address),
            program_address,
            // One byte before it stops whoever calls it.
            program: [[0].as_slice(), &shape.program].concat().into(),
        })
    }
}

/// The word that a contract keeps of a root of 26 bytes: zeros follow.
pub(crate) fn left_aligned(root: &[u8; 26]) -> B256 {
    B256::right_padding_from(root)
}

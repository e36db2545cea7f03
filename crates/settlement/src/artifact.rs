//! Compiled contracts, as they are in the tree: whoever deploys needs no compiler.

use alloy_primitives::Bytes;
use serde::Deserialize;
use thiserror::Error;

/// A contract of rollup chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollupContract {
    /// The bridge on Ethereum; it makes the vault.
    AssetRouter,
    /// The registry of chains.
    Bridgehub,
    /// Roots of executed batches.
    MessageRoot,
    /// What chains can run.
    ProtocolVersions,
    /// Code of chains' contracts.
    RollupChain,
}

/// A compiled contract; its interface is in [`crate::abi`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Code that creates the contract; arguments of the constructor follow it.
    pub bytecode: Bytes,
    /// Code of the contract, with zeros for its immutables.
    pub deployed_bytecode: Bytes,
}

/// What is compiled into this program is damaged.
#[derive(Debug, Error)]
#[error("the contract {contract} inside this program is damaged")]
pub struct DamagedArtifact {
    /// Which one.
    pub contract: String,
    /// Why.
    pub source: serde_json::Error,
}

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../../../contracts/artifacts/rollup/", $name, ".json"))
    };
}

impl Artifact {
    /// A contract that is deployed on Ethereum.
    pub fn load(contract: RollupContract) -> Result<Self, DamagedArtifact> {
        let text = match contract {
            RollupContract::AssetRouter => text!("AssetRouter"),
            RollupContract::Bridgehub => text!("Bridgehub"),
            RollupContract::MessageRoot => text!("MessageRoot"),
            RollupContract::ProtocolVersions => text!("ProtocolVersions"),
            RollupContract::RollupChain => text!("RollupChain"),
        };
        read(text, &format!("{contract:?}"))
    }

    /// A predeploy by the name of its artifact; `None` if there is none.
    pub(crate) fn predeploy(name: &str) -> Option<Result<Self, DamagedArtifact>> {
        let text = match name {
            "Messenger" => text!("Messenger"),
            "L2AssetRouter" => text!("L2AssetRouter"),
            "L2Vault" => text!("L2Vault"),
            "SystemInfo" => text!("SystemInfo"),
            "BridgedTokenBeacon" => text!("BridgedTokenBeacon"),
            "BridgedToken" => text!("BridgedToken"),
            "WrappedBaseToken" => text!("WrappedBaseToken"),
            _ => return None,
        };
        Some(read(text, name))
    }
}

fn read(text: &str, contract: &str) -> Result<Artifact, DamagedArtifact> {
    serde_json::from_str(text).map_err(|source| DamagedArtifact { contract: contract.to_owned(), source })
}

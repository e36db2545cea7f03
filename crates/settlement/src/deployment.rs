//! The deployment of a rollup's contracts on Ethereum.

use crate::artifact::{Artifact, DamagedArtifact, RollupContract};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};

/// Where the contracts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The bridge.
    pub asset_router: Address,
    /// What holds the assets; the bridge makes it.
    pub vault: Address,
    /// The registry of chains.
    pub bridgehub: Address,
    /// Roots of executed batches.
    pub message_root: Address,
    /// What chains can run.
    pub versions: Address,
    /// Code of chains' contracts.
    pub implementation: Address,
}

/// What is sent to Ethereum, in this order, by one account whose next nonce is known. The contracts name each other, so their
/// addresses are computed before.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Where the contracts will be.
    pub addresses: Addresses,
    /// Code of the transactions that create them, the first with the nonce that was given.
    pub creations: Vec<Bytes>,
}

impl Deployment {
    /// The deployment by this account; `governance` will own registry and versions.
    pub fn new(deployer: Address, nonce: u64, governance: Address) -> Result<Self, DamagedArtifact> {
        let [router, hub, root, versions, implementation] =
            [0, 1, 2, 3, 4].map(|place| deployer.create(nonce + place));
        let addresses = Addresses {
            asset_router: router,
            // The nonce of a new contract is 1.
            vault: router.create(1),
            bridgehub: hub,
            message_root: root,
            versions,
            implementation,
        };
        let creations = vec![
            creation(RollupContract::AssetRouter, (hub, root).abi_encode())?,
            creation(RollupContract::Bridgehub, (governance, router, root, versions).abi_encode())?,
            creation(RollupContract::MessageRoot, hub.abi_encode())?,
            creation(RollupContract::ProtocolVersions, governance.abi_encode())?,
            creation(RollupContract::RollupChain, (hub, root, versions).abi_encode())?,
        ];
        Ok(Self { addresses, creations })
    }
}

fn creation(contract: RollupContract, arguments: Vec<u8>) -> Result<Bytes, DamagedArtifact> {
    let artifact = Artifact::load(contract)?;
    Ok([artifact.bytecode.as_ref(), &arguments].concat().into())
}

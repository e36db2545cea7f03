#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod abi;
mod addresses;
mod artifact;
mod batch;
mod deployment;
mod genesis;
mod queue;
mod withdrawals;

pub use addresses::{ETHER, L2_ASSET_ROUTER, L2_VAULT, WRAPPED_BASE_TOKEN};
pub use artifact::{Artifact, DamagedArtifact, RollupContract};
pub use batch::{Batch, genesis_batch};
pub use deployment::{Addresses, Deployment};
pub use genesis::{GenesisAccount, GenesisError, GenesisParameters, asset_id, genesis_accounts};
pub use queue::{OperationTree, QueueError};
pub use withdrawals::withdrawers;

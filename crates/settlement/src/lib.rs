#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod abi;
mod artifact;
mod batch;
mod deployment;
mod genesis;
mod queue;

pub use artifact::{Artifact, DamagedArtifact, RollupContract};
pub use batch::{Batch, genesis_batch};
pub use deployment::{Addresses, Deployment};
pub use genesis::{GenesisAccount, GenesisError, GenesisParameters, asset_id, genesis_accounts};
pub use queue::{OperationTree, QueueError};

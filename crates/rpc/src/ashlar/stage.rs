//! How far batches are.

use crate::{api::Api, error::RpcError, node::SettlementProgress};
use ashlar_storage::ChainRecords;
use serde::Serialize;

/// How far a batch is, or something that may come into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Stage {
    /// In no batch.
    Pending,
    /// In a batch.
    Sealed,
    /// The node has a proof of the batch.
    Proven,
    /// The batch is committed on Ethereum.
    Committed,
    /// The batch is executed on Ethereum.
    Executed,
    /// The batch is executed in a final block of Ethereum.
    Finalized,
}

impl Stage {
    /// Of a sealed batch, given how far all are.
    pub(super) fn of_batch(api: &Api, progress: &SettlementProgress, batch: u64) -> Result<Self, RpcError> {
        let contract = progress.contract.unwrap_or_default();
        Ok(if batch <= contract.finalized.unwrap_or(0) {
            Self::Finalized
        } else if batch <= contract.executed {
            Self::Executed
        } else if batch <= contract.committed {
            Self::Committed
        } else if batch <= progress.proven || api.node.store.proof(batch)?.is_some() {
            Self::Proven
        } else {
            Self::Sealed
        })
    }
}

//! Receipts, with their events.

use crate::error::ReadError;
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use ashlar_ethereum::{Client, Log, Receipt};
use serde::Deserialize;
use serde_json::json;

/// What became of a transaction, and what it said.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Events {
    #[serde(flatten)]
    pub(crate) receipt: Receipt,
    pub(crate) from: Address,
    logs: Vec<Log>,
}

impl Events {
    /// Of a transaction; `None` if it is in no block.
    pub(crate) fn read(client: &Client, transaction: B256) -> Result<Option<Self>, ReadError> {
        let events: Option<Self> = client.call_optional("eth_getTransactionReceipt", json!([transaction]))?;
        match events {
            Some(events) if events.receipt.transaction_hash != transaction => {
                let reason = format!("it answers with another receipt than that of {transaction}");
                Err(ReadError::Contradiction(reason))
            }
            events => Ok(events),
        }
    }

    /// The events of one kind that a contract has emitted, in their order.
    pub(crate) fn of<E: SolEvent>(&self, contract: Address) -> impl Iterator<Item = E> {
        let own = self.logs.iter().filter(move |log| log.address == contract && !log.removed);
        own.filter_map(|log| E::decode_raw_log_validate(log.topics.iter().copied(), &log.data).ok())
    }
}

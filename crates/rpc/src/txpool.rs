//! Methods of the namespace `txpool`.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    error::RpcError,
    json::{self, quantity},
    methods::Methods,
    node::{PoolContent, PooledTransaction},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
use ashlar_stf::rollup::{RollupTransaction, RollupTransactionKind};
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Map, Value, json};

pub(crate) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("txpool_status", Work::Read, status)?;
    methods.add("txpool_content", Work::Read, content)?;
    methods.add("txpool_contentFrom", Work::Read, content_from)?;
    methods.add("txpool_inspect", Work::Read, inspect)
}

fn status(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    let status = api.node.pool.status();
    Ok(json!({ "pending": quantity(status.pending), "queued": quantity(status.queued) }))
}

fn content(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    let PoolContent { pending, queued } = api.node.pool.content(None, api.limits.pool_transactions);
    let show = json::pooled_transaction;
    Ok(json!({ "pending": by_sender(&pending, show)?, "queued": by_sender(&queued, show)? }))
}

fn content_from(api: &Api, mut arguments: Arguments) -> Answer {
    let sender: Address = arguments.required()?;
    arguments.end()?;
    let PoolContent { pending, queued } = api.node.pool.content(Some(&sender), api.limits.pool_transactions);
    let of_sender = |transactions: &[PooledTransaction]| -> Answer {
        let mut all = by_sender(transactions, json::pooled_transaction)?;
        Ok(all.remove(&sender.to_string()).unwrap_or_else(|| json!({})))
    };
    Ok(json!({ "pending": of_sender(&pending)?, "queued": of_sender(&queued)? }))
}

fn inspect(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    let PoolContent { pending, queued } = api.node.pool.content(None, api.limits.pool_transactions);
    Ok(json!({ "pending": by_sender(&pending, summary)?, "queued": by_sender(&queued, summary)? }))
}

/// Transactions by sender and nonce.
fn by_sender(
    transactions: &[PooledTransaction],
    show: fn(&RollupTransaction) -> Answer,
) -> Result<Map<String, Value>, RpcError> {
    let mut senders = Map::new();
    for pooled in transactions {
        let transaction = RollupTransaction::decode(&pooled.bytes).map_err(|_| RpcError::Internal)?;
        let RollupTransactionKind::Signed { transaction: signed, .. } = &transaction.kind else { continue };
        let nonce = signed.nonce().to_string();
        let sender = senders.entry(pooled.sender.to_string()).or_insert_with(|| json!({}));
        if let Some(nonces) = sender.as_object_mut() {
            nonces.insert(nonce, show(&transaction)?);
        }
    }
    Ok(senders)
}

/// A transaction in a line.
fn summary(transaction: &RollupTransaction) -> Answer {
    let RollupTransactionKind::Signed { transaction, .. } = &transaction.kind else { return Ok(Value::Null) };
    let to = transaction.to().map_or_else(|| "contract creation".to_owned(), |to| to.to_string());
    let (value, gas, price) = (transaction.value(), transaction.gas_limit(), transaction.max_fee_per_gas());
    Ok(json!(format!("{to}: {value} wei + {gas} gas × {price} wei")))
}

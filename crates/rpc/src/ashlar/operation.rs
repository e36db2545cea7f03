//! Priority operations (`specs/016-priority-operations.md`).

use super::message::{is_message, show};
use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    blocks::Placed,
    error::RpcError,
    eth::blocks::placed,
    json::quantity,
    methods::Methods,
};
use alloy_primitives::{B256, U64};
use ashlar_primitives::rollup::L2Log;
use ashlar_stf::rollup::{OverLimit, Resource, RollupTransactionKind};
use ashlar_storage::{ChainRecords, OperationRecord, OperationRecords, OperationsError};
use jsonrpsee::core::RegisterMethodError;
use serde::Deserialize;
use serde_json::{Value, json};

/// Operations that are read of the store at once.
const PAGE: u64 = 256;

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("ashlar_operation", Work::Execute, operation)
}

/// What an operation is asked for by: a hash has 32 bytes, and no quantity has as many digits.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Key {
    Hash(B256),
    Id(U64),
}

fn operation(api: &Api, mut arguments: Arguments) -> Answer {
    let key = arguments.required()?;
    arguments.end()?;
    let record = match key {
        Key::Id(id) => api.node.store.operation(id.to())?,
        Key::Hash(hash) => by_hash(api, &hash)?,
    };
    let Some(record) = record else { return Ok(Value::Null) };
    let hash = record.operation.hash();
    let (included, status_proof) =
        placed(api, &hash, |placed| Ok((included(placed), status_proof(api, &hash, placed)?)))?
            .unwrap_or((Value::Null, Value::Null));
    Ok(json!({
        "id": quantity(record.operation.id),
        "hash": hash,
        "deadline": quantity(record.deadline),
        "l1Block": quantity(record.l1_block),
        "l1Transaction": record.l1_transaction,
        "included": included,
        "statusProof": status_proof,
    }))
}

fn by_hash(api: &Api, hash: &B256) -> Result<Option<OperationRecord>, RpcError> {
    let store = &api.node.store;
    // Before the blocks are looked at: what comes into one meanwhile is among those that wait.
    let included = store.operations_included()?;
    if store.transaction_place(hash)?.is_none() {
        return waiting(api, included, hash);
    }
    let id = placed(api, hash, |placed| match &placed.transaction.kind {
        RollupTransactionKind::Operation(operation) => Ok(Some(operation.id)),
        RollupTransactionKind::Signed { .. } | RollupTransactionKind::Upgrade(_) => Ok(None),
    })?;
    match id.flatten() {
        Some(id) => Ok(store.operation(id)?),
        None => Ok(None),
    }
}

/// The operation with this hash among those that no block has.
fn waiting(api: &Api, included: u64, hash: &B256) -> Result<Option<OperationRecord>, RpcError> {
    let (mut next, count) = (included, api.node.store.operations_count()?);
    let end = count.min(included.saturating_add(api.limits.operations));
    while next < end {
        let page = next..end.min(next.saturating_add(PAGE));
        next = page.end;
        let records = match api.node.store.operations(page) {
            // Ethereum took it back meanwhile.
            Err(OperationsError::Missing(_)) => return Ok(None),
            records => records?,
        };
        if let Some(found) = records.into_iter().find(|record| record.operation.hash() == *hash) {
            return Ok(Some(found));
        }
    }
    match end < count {
        true => Err(RpcError::Limit(format!(
            "{} priority operations wait, and {} are searched for a hash: ask by id",
            count - included,
            api.limits.operations
        ))),
        false => Ok(None),
    }
}

fn included(placed: &Placed<'_>) -> Value {
    json!({
        "block": quantity(placed.block.number()),
        "transactionHash": placed.result.hash,
        "success": placed.result.receipt.is_success(),
        "overLimit": placed.result.over_limit.map(over_limit),
    })
}

fn over_limit(over: OverLimit) -> Value {
    let resource = match over.resource {
        Resource::ProvingCost => "provingCost",
        Resource::Pubdata => "pubdata",
        Resource::Logs => "logs",
    };
    json!({ "resource": resource, "used": quantity(over.used), "limit": quantity(over.limit) })
}

/// What shows the status; null if the batch is not sealed.
fn status_proof(api: &Api, hash: &B256, placed: &Placed<'_>) -> Answer {
    let Some(place) = api.node.store.transaction_place(hash)? else { return Ok(Value::Null) };
    let receipt = &placed.result.receipt;
    // A transaction's messages come before its status.
    let messages = receipt.logs().iter().filter(|log| is_message(log)).count();
    let status = |transaction| L2Log::status(transaction, *hash, receipt.is_success());
    Ok(show(api, place, messages, status)?.map_or(Value::Null, Value::Object))
}

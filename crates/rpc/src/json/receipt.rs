//! Receipts and logs.

use super::quantity;
use crate::blocks::{Placed, effective_gas_price, sender};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, Log, TxKind};
use ashlar_stf::rollup::{RollupTransaction, RollupTransactionKind};
use ashlar_storage::{BlockRecord, ResultRecord};
use serde_json::{Value, json};

/// The receipt of a transaction.
pub(crate) fn receipt(placed: &Placed<'_>) -> Value {
    let Placed { block, index, result, transaction, .. } = *placed;
    let (to, contract) = target(transaction);
    json!({
        "type": quantity(transaction.type_byte()),
        "status": quantity(u8::from(result.receipt.is_success())),
        "transactionHash": result.hash,
        "transactionIndex": quantity(index),
        "blockHash": block.hash(),
        "blockNumber": quantity(block.number()),
        "from": sender(transaction),
        "to": to,
        "contractAddress": contract,
        "cumulativeGasUsed": quantity(result.receipt.receipt.receipt.cumulative_gas_used),
        "gasUsed": quantity(result.gas_used),
        "effectiveGasPrice": quantity(effective_gas_price(transaction, Some(block.base_fee()))),
        "logsBloom": result.receipt.bloom(),
        "logs": logs_of(&block.record, index, result, block.logs_before(index)),
    })
}

/// Whom a transaction calls, or the contract that it creates.
fn target(transaction: &RollupTransaction) -> (Option<Address>, Option<Address>) {
    match &transaction.kind {
        RollupTransactionKind::Signed { transaction, sender } => match transaction.kind() {
            TxKind::Call(to) => (Some(to), None),
            TxKind::Create => (None, Some(sender.create(transaction.nonce()))),
        },
        RollupTransactionKind::Operation(operation) => (Some(operation.to), None),
        RollupTransactionKind::Upgrade(upgrade) => (Some(upgrade.to), None),
    }
}

/// Logs of a transaction; the first has this index in the block.
fn logs_of(block: &BlockRecord, index: usize, result: &ResultRecord, first: usize) -> Vec<Value> {
    let logs = (first..).zip(result.receipt.logs());
    logs.map(|(log_index, one)| log(block, index, result, log_index, one)).collect()
}

/// A log.
pub(crate) fn log(
    block: &BlockRecord,
    transaction_index: usize,
    result: &ResultRecord,
    index: usize,
    log: &Log,
) -> Value {
    json!({
        "address": log.address,
        "topics": log.topics(),
        "data": log.data.data,
        "blockHash": block.header.hash,
        "blockNumber": quantity(block.header.header.number),
        "blockTimestamp": quantity(block.header.header.timestamp),
        "transactionHash": result.hash,
        "transactionIndex": quantity(transaction_index),
        "logIndex": quantity(index),
        "removed": false,
    })
}

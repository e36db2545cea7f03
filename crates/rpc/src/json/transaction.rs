//! Transactions.

use super::{extend, fields, quantity};
use crate::{
    blocks::{Placed, effective_gas_price, sender},
    error::RpcError,
};
use alloy_primitives::U256;
use ashlar_primitives::rollup::{OPERATION_TYPE, Operation, UPGRADE_TYPE, Upgrade};
use ashlar_stf::rollup::{RollupTransaction, RollupTransactionKind};
use serde_json::{Map, Value, json};

/// A transaction in a block.
pub(crate) fn transaction(placed: &Placed<'_>) -> Result<Value, RpcError> {
    let mut all = content(placed.transaction)?;
    let price = effective_gas_price(placed.transaction, Some(placed.block.base_fee()));
    let place = json!({
        "blockHash": placed.block.hash(),
        "blockNumber": quantity(placed.block.number()),
        "transactionIndex": quantity(placed.index),
        "gasPrice": quantity(price),
    });
    extend(&mut all, place);
    Ok(Value::Object(all))
}

/// A transaction that waits.
pub(crate) fn pooled_transaction(transaction: &RollupTransaction) -> Result<Value, RpcError> {
    let mut all = content(transaction)?;
    let place = json!({
        "blockHash": null,
        "blockNumber": null,
        "transactionIndex": null,
        "gasPrice": quantity(effective_gas_price(transaction, None)),
    });
    extend(&mut all, place);
    Ok(Value::Object(all))
}

fn content(transaction: &RollupTransaction) -> Result<Map<String, Value>, RpcError> {
    let mut all = match &transaction.kind {
        RollupTransactionKind::Signed { transaction, .. } => fields(transaction)?,
        RollupTransactionKind::Operation(operation) => fields(&operation_fields(operation))?,
        RollupTransactionKind::Upgrade(upgrade) => fields(&upgrade_fields(upgrade))?,
    };
    let common = json!({
        "hash": transaction.hash,
        "from": sender(transaction),
        "type": quantity(transaction.type_byte()),
    });
    extend(&mut all, common);
    Ok(all)
}

fn operation_fields(operation: &Operation) -> Value {
    let Operation { chain_id, id, from: _, to, value, mint, gas_limit, gas_price: _, refund_recipient, data } =
        operation;
    let mut all = unsigned(*chain_id, OPERATION_TYPE);
    let own = json!({
        "id": quantity(id),
        "to": to,
        "value": quantity(value),
        "mint": quantity(mint),
        "gas": quantity(gas_limit),
        "refundRecipient": refund_recipient,
        "input": data,
    });
    extend(&mut all, own);
    Value::Object(all)
}

fn upgrade_fields(upgrade: &Upgrade) -> Value {
    let deployments = upgrade.deployments.iter();
    let deployments = deployments.map(|one| json!({ "address": one.address, "code": one.code }));
    let mut all = unsigned(upgrade.chain_id, UPGRADE_TYPE);
    let own = json!({
        "protocolVersion": quantity(upgrade.protocol_version),
        "to": upgrade.to,
        "value": quantity(U256::ZERO),
        "gas": quantity(upgrade.gas_limit),
        "deployments": deployments.collect::<Vec<_>>(),
        "input": upgrade.data,
    });
    extend(&mut all, own);
    Value::Object(all)
}

/// What clients expect of every transaction, of one that nobody signed.
fn unsigned(chain_id: u64, type_byte: u8) -> Map<String, Value> {
    let mut all = Map::new();
    let zero = quantity(0);
    let signature = json!({
        "chainId": quantity(chain_id),
        "type": quantity(type_byte),
        "nonce": zero,
        "v": zero,
        "r": zero,
        "s": zero,
        "yParity": zero,
    });
    extend(&mut all, signature);
    all
}

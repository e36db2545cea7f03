//! Messages to Ethereum, and what shows logs there (`specs/017-messages.md`).

use super::stage::Stage;
use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    batches::Shown,
    error::RpcError,
    eth::blocks::placed,
    json::quantity,
    methods::Methods,
};
use alloy_primitives::{Address, B256, Bytes, Log, U64, keccak256};
use alloy_sol_types::SolEvent;
use ashlar_primitives::rollup::{L2Log, MESSENGER};
use ashlar_settlement::abi::messenger::Messenger::L1MessageSent;
use ashlar_storage::{ChainRecords, TransactionPlace};
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Map, Value, json};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("ashlar_messageProof", Work::Execute, message_proof)
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) sender: Address,
    pub(super) bytes: Bytes,
}

/// Whether a log is a message, as the state transition sees it.
pub(super) fn is_message(log: &Log) -> bool {
    log.address == MESSENGER && log.topics().first() == Some(&L1MessageSent::SIGNATURE_HASH)
}

impl Message {
    /// The message that a log is. Every log of a block that looks like a message is one.
    pub(super) fn read(log: &Log) -> Result<Self, RpcError> {
        let event = L1MessageSent::decode_log(log).map_err(|_| RpcError::Internal)?;
        Ok(Self { sender: event.sender, bytes: event.data.message })
    }
}

fn message_proof(api: &Api, mut arguments: Arguments) -> Answer {
    let (hash, index): (B256, U64) = (arguments.required()?, arguments.required()?);
    arguments.end()?;
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    let Some(place) = api.node.store.transaction_place(&hash)? else { return Ok(Value::Null) };
    let message = placed(api, &hash, |placed| {
        let mut messages = placed.result.receipt.logs().iter().filter(|log| is_message(log));
        messages.nth(index).map(Message::read).transpose()
    })?;
    let Some(Message { sender, bytes }) = message.flatten() else { return Ok(Value::Null) };
    let message_hash = keccak256(&bytes);
    let shown = show(api, place, index, |transaction| L2Log::message(transaction, sender, message_hash))?;
    let mut answer = shown.unwrap_or_else(nowhere);
    answer.extend([("sender".to_owned(), json!(sender)), ("message".to_owned(), json!(bytes))]);
    Ok(Value::Object(answer))
}

/// What shows a log; `None` if it is in no batch yet.
pub(super) fn show(
    api: &Api,
    place: TransactionPlace,
    logs_before: usize,
    log: impl FnOnce(u16) -> L2Log,
) -> Result<Option<Map<String, Value>>, RpcError> {
    let Some(batch) = api.batches.of_block(&api.node.store, place.block)? else { return Ok(None) };
    let Shown { transaction_index, log_index, siblings } = batch.show(place, logs_before, log)?;
    let number = batch.record.number;
    let stage = Stage::of_batch(api, &api.node.settlement.progress(), number)?;
    Ok(Some(fields([
        ("transactionIndex", quantity(transaction_index)),
        ("status", json!(stage)),
        ("batch", quantity(number)),
        ("logIndex", quantity(log_index)),
        ("siblings", json!(siblings)),
    ])))
}

/// The same of a log that is in no batch.
fn nowhere() -> Map<String, Value> {
    fields([
        ("transactionIndex", Value::Null),
        ("status", json!(Stage::Pending)),
        ("batch", Value::Null),
        ("logIndex", Value::Null),
        ("siblings", Value::Null),
    ])
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

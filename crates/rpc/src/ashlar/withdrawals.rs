//! Withdrawals, as the bridge on the chain has told of them (`specs/021-bridge.md`).

use super::{
    message::{Message, is_message},
    stage::Stage,
};
use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    error::RpcError,
    json::quantity,
    methods::Methods,
    node::SettlementProgress,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, keccak256};
use alloy_sol_types::SolEvent;
use ashlar_settlement::{L2_ASSET_ROUTER, abi::l2_router::L2AssetRouter::WithdrawalRequested};
use ashlar_storage::{BatchRecord, ChainRecords, ResultRecord, blocks_of_withdrawals};
use jsonrpsee::core::RegisterMethodError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{ops::RangeInclusive, time::Instant};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("ashlar_withdrawals", Work::Execute, withdrawals)
}

/// Blocks that are searched.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Blocks {
    from_block: Option<BlockNumberOrTag>,
    to_block: Option<BlockNumberOrTag>,
}

fn withdrawals(api: &Api, mut arguments: Arguments) -> Answer {
    let sender: Address = arguments.required()?;
    let blocks: Blocks = arguments.optional()?.unwrap_or_default();
    arguments.end()?;
    let blocks = range(api, blocks)?;
    let mut search = Search { api, sender, settlement: api.node.settlement.progress(), batch: None };
    search.run(&blocks).map(Value::Array)
}

/// The blocks that are meant; all up to the last one where the first is not named.
fn range(api: &Api, blocks: Blocks) -> Result<RangeInclusive<u64>, RpcError> {
    let to = api.number(blocks.to_block.unwrap_or_default())?.min(api.head()?.header.number);
    let from = match blocks.from_block {
        Some(from) => api.number(from)?,
        None => 0,
    };
    if from > to && blocks.from_block.is_some() && blocks.to_block.is_some() {
        return Err(RpcError::Invalid("invalid block range params: fromBlock is above toBlock".to_owned()));
    }
    Ok(from..=to)
}

struct Search<'a> {
    api: &'a Api,
    sender: Address,
    settlement: SettlementProgress,
    /// The batch of the block that was searched last, if it is in one.
    batch: Option<BatchRecord>,
}

impl Search<'_> {
    /// The newest withdrawals first.
    fn run(&mut self, blocks: &RangeInclusive<u64>) -> Result<Vec<Value>, RpcError> {
        let limits = &self.api.limits;
        let deadline = Instant::now() + limits.query;
        // Each of these blocks has a withdrawal.
        let blocks = blocks_of_withdrawals(&self.api.node.store, &self.sender, blocks, limits.withdrawals)?;
        let mut found = Vec::new();
        for number in blocks {
            if Instant::now() > deadline {
                let text = "query takes too long: ask for fewer blocks at a time";
                return Err(RpcError::Limit(text.to_owned()));
            }
            self.search(number, &mut found)?;
            if found.len() >= limits.withdrawals {
                found.truncate(limits.withdrawals);
                break;
            }
        }
        Ok(found)
    }

    fn search(&mut self, number: u64, found: &mut Vec<Value>) -> Result<(), RpcError> {
        let Some(block) = self.api.block(number)? else { return Ok(()) };
        for result in block.record.results.iter().rev() {
            for (place, log) in result.receipt.logs().iter().enumerate().rev() {
                if log.address != L2_ASSET_ROUTER {
                    continue;
                }
                let event = WithdrawalRequested::decode_log(log).ok();
                if let Some(event) = event.filter(|event| event.sender == self.sender) {
                    found.push(self.withdrawal(number, result, place, &event)?);
                }
            }
        }
        Ok(())
    }

    fn withdrawal(
        &mut self,
        block: u64,
        result: &ResultRecord,
        place: usize,
        event: &WithdrawalRequested,
    ) -> Answer {
        let batch = self.batch_of(block)?.map(|batch| batch.number);
        let stage = match batch {
            Some(batch) => Stage::of_batch(self.api, &self.settlement, batch)?,
            None => Stage::Pending,
        };
        let waits = batch.filter(|_| !matches!(stage, Stage::Executed | Stage::Finalized));
        let left = waits.and_then(|batch| self.api.node.settlement.time_left(batch));
        Ok(json!({
            "transactionHash": result.hash,
            "index": quantity(message_index(result, place, event)?),
            "block": quantity(block),
            "assetId": event.assetId,
            "amount": quantity(event.amount),
            "receiver": event.receiver,
            "status": stage,
            "batch": batch.map(quantity),
            "secondsLeft": left.map(|left| quantity(left.as_secs())),
        }))
    }

    /// The batch that has this block. Blocks are asked for from the last one down.
    fn batch_of(&mut self, block: u64) -> Result<Option<&BatchRecord>, RpcError> {
        let has = |batch: &BatchRecord| (batch.output.first_block..=batch.output.last_block).contains(&block);
        if !self.batch.as_ref().is_some_and(has) {
            self.batch = self.api.node.store.batch_of_block(block)?;
        }
        Ok(self.batch.as_ref())
    }
}

/// Index, among the transaction's messages, of the one that this event tells of: the last one before it that is the bridge's and has
/// the hash.
fn message_index(
    result: &ResultRecord,
    place: usize,
    event: &WithdrawalRequested,
) -> Result<usize, RpcError> {
    let logs = result.receipt.logs().get(..place).unwrap_or_default();
    let messages: Vec<_> = logs.iter().filter(|log| is_message(log)).collect();
    for (index, log) in messages.iter().enumerate().rev() {
        let Message { sender, bytes } = Message::read(log)?;
        if sender == L2_ASSET_ROUTER && keccak256(&bytes) == event.messageHash {
            return Ok(index);
        }
    }
    Err(RpcError::Internal)
}

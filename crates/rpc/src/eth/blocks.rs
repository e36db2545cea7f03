//! Blocks, their transactions and receipts.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    blocks::{Block, Placed},
    error::RpcError,
    json::{self, quantity},
    methods::Methods,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, U64};
use ashlar_stf::rollup::RollupTransaction;
use ashlar_storage::ChainRecords;
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("eth_getBlockByNumber", Work::Read, block_by_number)?;
    methods.add("eth_getBlockByHash", Work::Read, block_by_hash)?;
    methods.add("eth_getBlockReceipts", Work::Read, block_receipts)?;
    methods.add("eth_getBlockTransactionCountByNumber", Work::Read, count_by_number)?;
    methods.add("eth_getBlockTransactionCountByHash", Work::Read, count_by_hash)?;
    methods.add("eth_getUncleCountByBlockNumber", Work::Read, uncles_by_number)?;
    methods.add("eth_getUncleCountByBlockHash", Work::Read, uncles_by_hash)?;
    methods.add("eth_getTransactionByHash", Work::Read, transaction_by_hash)?;
    methods.add("eth_getTransactionByBlockNumberAndIndex", Work::Read, transaction_by_number)?;
    methods.add("eth_getTransactionByBlockHashAndIndex", Work::Read, transaction_by_block_hash)?;
    methods.add("eth_getRawTransactionByHash", Work::Read, raw_transaction)?;
    methods.add("eth_getTransactionReceipt", Work::Read, receipt)
}

/// The block that this means, if it exists.
fn find(api: &Api, block: BlockId) -> Result<Option<Arc<Block>>, RpcError> {
    match api.existing_number(block)? {
        Some(number) => api.block(number),
        None => Ok(None),
    }
}

fn block_by_number(api: &Api, mut arguments: Arguments) -> Answer {
    let tag: BlockNumberOrTag = arguments.required()?;
    let has_transactions = arguments.optional()?.unwrap_or(false);
    arguments.end()?;
    if tag == BlockNumberOrTag::Pending {
        return json::pending_block(&api.pending_header()?);
    }
    block_json(api, tag.into(), has_transactions)
}

fn block_by_hash(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    let has_transactions = arguments.optional()?.unwrap_or(false);
    arguments.end()?;
    block_json(api, hash.into(), has_transactions)
}

fn block_json(api: &Api, block: BlockId, has_transactions: bool) -> Answer {
    match find(api, block)? {
        Some(block) => json::full_block(&block, has_transactions),
        None => Ok(Value::Null),
    }
}

fn block_receipts(api: &Api, mut arguments: Arguments) -> Answer {
    let block: BlockId = arguments.required()?;
    arguments.end()?;
    let Some(block) = find(api, block)? else { return Ok(Value::Null) };
    block.transactions().map(|placed| Ok(json::receipt(&placed?))).collect()
}

fn count_by_number(api: &Api, mut arguments: Arguments) -> Answer {
    let tag: BlockNumberOrTag = arguments.required()?;
    arguments.end()?;
    count(api, tag.into(), |block| block.record.transactions.len())
}

fn count_by_hash(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    arguments.end()?;
    count(api, hash.into(), |block| block.record.transactions.len())
}

fn uncles_by_number(api: &Api, mut arguments: Arguments) -> Answer {
    let tag: BlockNumberOrTag = arguments.required()?;
    arguments.end()?;
    count(api, tag.into(), |_| 0)
}

fn uncles_by_hash(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    arguments.end()?;
    count(api, hash.into(), |_| 0)
}

fn count(api: &Api, block: BlockId, of: fn(&Block) -> usize) -> Answer {
    Ok(find(api, block)?.map_or(Value::Null, |block| quantity(of(&block))))
}

/// What `read` makes of the transaction with this hash, if a block has it.
pub(crate) fn placed<T>(
    api: &Api,
    hash: &B256,
    read: impl FnOnce(&Placed<'_>) -> Result<T, RpcError>,
) -> Result<Option<T>, RpcError> {
    let Some(place) = api.node.store.transaction_place(hash)? else { return Ok(None) };
    let Some(block) = api.block(place.block)? else { return Ok(None) };
    let index = usize::try_from(place.index).unwrap_or(usize::MAX);
    block.transaction(index)?.map(|placed| read(&placed)).transpose()
}

fn transaction_by_hash(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    arguments.end()?;
    if let Some(found) = placed(api, &hash, json::transaction)? {
        return Ok(found);
    }
    let Some(pooled) = api.node.pool.get(&hash) else { return Ok(Value::Null) };
    let transaction = RollupTransaction::decode(&pooled.bytes).map_err(|_| RpcError::Internal)?;
    json::pooled_transaction(&transaction)
}

fn transaction_by_number(api: &Api, mut arguments: Arguments) -> Answer {
    let (tag, index): (BlockNumberOrTag, U64) = (arguments.required()?, arguments.required()?);
    arguments.end()?;
    transaction_at(api, tag.into(), index)
}

fn transaction_by_block_hash(api: &Api, mut arguments: Arguments) -> Answer {
    let (hash, index): (B256, U64) = (arguments.required()?, arguments.required()?);
    arguments.end()?;
    transaction_at(api, hash.into(), index)
}

fn transaction_at(api: &Api, block: BlockId, index: U64) -> Answer {
    let Some(block) = find(api, block)? else { return Ok(Value::Null) };
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    block.transaction(index)?.map_or(Ok(Value::Null), |placed| json::transaction(&placed))
}

fn raw_transaction(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    arguments.end()?;
    let in_block = placed(api, &hash, |placed| Ok(placed.bytes.clone()))?;
    let bytes = in_block.or_else(|| api.node.pool.get(&hash).map(|pooled| pooled.bytes));
    Ok(json!(bytes))
}

fn receipt(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    arguments.end()?;
    receipt_of(api, &hash)
}

/// The receipt of the transaction with this hash; null as long as no block has it.
pub(super) fn receipt_of(api: &Api, hash: &B256) -> Answer {
    Ok(placed(api, hash, |placed| Ok(json::receipt(placed)))?.unwrap_or(Value::Null))
}

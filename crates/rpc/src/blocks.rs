//! Blocks with their transactions decoded, kept in memory as far as there is room.

use crate::error::RpcError;
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, Bytes};
use ashlar_primitives::rollup::UPGRADER;
use ashlar_stf::rollup::{RollupTransaction, RollupTransactionKind};
use ashlar_storage::{BlockRecord, ChainRecords, Damaged, ResultRecord, Store, Table};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// A block, and its transactions as far as somebody asked for them.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) record: BlockRecord,
    decoded: Vec<OnceLock<RollupTransaction>>,
}

/// A transaction in a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'b> {
    pub(crate) block: &'b Block,
    pub(crate) index: usize,
    pub(crate) bytes: &'b Bytes,
    pub(crate) result: &'b ResultRecord,
    pub(crate) transaction: &'b RollupTransaction,
}

impl Block {
    pub(crate) fn new(record: BlockRecord) -> Self {
        let decoded = record.transactions.iter().map(|_| OnceLock::new()).collect();
        Self { record, decoded }
    }

    pub(crate) const fn number(&self) -> u64 {
        self.record.header.header.number
    }

    pub(crate) const fn hash(&self) -> B256 {
        self.record.header.hash
    }

    pub(crate) fn base_fee(&self) -> u64 {
        self.record.header.header.base_fee_per_gas.unwrap_or(0)
    }

    /// The transaction with this index.
    pub(crate) fn transaction(&self, index: usize) -> Result<Option<Placed<'_>>, RpcError> {
        let (Some(bytes), Some(result), Some(decoded)) =
            (self.record.transactions.get(index), self.record.results.get(index), self.decoded.get(index))
        else {
            return Ok(None);
        };
        let transaction = match decoded.get() {
            Some(transaction) => transaction,
            None => {
                let damaged = |_| self.damaged(index);
                let transaction = RollupTransaction::decode(bytes).map_err(damaged)?;
                decoded.get_or_init(|| transaction)
            }
        };
        Ok(Some(Placed { block: self, index, bytes, result, transaction }))
    }

    /// All transactions.
    pub(crate) fn transactions(&self) -> impl Iterator<Item = Result<Placed<'_>, RpcError>> {
        (0..self.record.transactions.len()).filter_map(|index| self.transaction(index).transpose())
    }

    /// Logs of the transactions before this one.
    pub(crate) fn logs_before(&self, index: usize) -> usize {
        self.record.results.iter().take(index).map(|result| result.receipt.logs().len()).sum()
    }

    fn damaged(&self, index: usize) -> RpcError {
        let record = format!("transaction {index} of block {}", self.number());
        RpcError::Chain(Damaged::new(Table::Blocks, record).into())
    }
}

/// Who a transaction is from.
pub(crate) const fn sender(transaction: &RollupTransaction) -> Address {
    match &transaction.kind {
        RollupTransactionKind::Signed { sender, .. } => *sender,
        RollupTransactionKind::Operation(operation) => operation.from,
        RollupTransactionKind::Upgrade(_) => UPGRADER,
    }
}

/// What a unit of a transaction's gas costs in a block with this base fee, wei.
pub(crate) fn effective_gas_price(transaction: &RollupTransaction, base_fee: Option<u64>) -> u128 {
    match &transaction.kind {
        RollupTransactionKind::Signed { transaction, .. } => transaction.effective_gas_price(base_fee),
        RollupTransactionKind::Operation(operation) => operation.gas_price,
        RollupTransactionKind::Upgrade(_) => 0,
    }
}

/// The blocks that were asked for last.
#[derive(Debug)]
pub(crate) struct BlockCache {
    blocks_max: usize,
    /// The newest is in front.
    blocks: Mutex<VecDeque<Arc<Block>>>,
}

impl BlockCache {
    pub(crate) const fn new(blocks_max: usize) -> Self {
        Self { blocks_max, blocks: Mutex::new(VecDeque::new()) }
    }

    /// The block with this number.
    pub(crate) fn get(&self, store: &dyn Store, number: u64) -> Result<Option<Arc<Block>>, RpcError> {
        if let Some(block) = self.find(number) {
            return Ok(Some(block));
        }
        let Some(record) = store.block(number)? else { return Ok(None) };
        let block = Arc::new(Block::new(record));
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.push_front(Arc::clone(&block));
        blocks.truncate(self.blocks_max);
        Ok(Some(block))
    }

    fn find(&self, number: u64) -> Option<Arc<Block>> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let position = blocks.iter().position(|block| block.number() == number)?;
        let block = blocks.remove(position)?;
        blocks.push_front(Arc::clone(&block));
        Some(block)
    }
}

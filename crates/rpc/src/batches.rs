//! Sealed batches, with what places and proofs of their logs are made of, kept in memory as far as there is room.

use crate::error::RpcError;
use alloy_primitives::B256;
use ashlar_primitives::rollup::{L2Log, LogTree, batch_root};
use ashlar_storage::{BatchRecord, ChainRecords, Damaged, Store, Table, TransactionPlace};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// A sealed batch.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) record: BatchRecord,
    /// For each block, the number of the batch's transactions before it.
    before: Vec<u64>,
    tree: LogTree,
}

/// Where a log is in its batch, and what shows it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) transaction_index: u16,
    pub(crate) log_index: usize,
    /// As contracts take them (`specs/017-messages.md`, "Proof of a log").
    pub(crate) siblings: Vec<B256>,
}

impl Batch {
    fn read(store: &dyn Store, record: BatchRecord) -> Result<Self, RpcError> {
        let damaged = || damaged(record.number);
        let (mut before, mut count) = (Vec::new(), 0u64);
        for number in record.output.first_block..=record.output.last_block {
            before.push(count);
            let block = store.block(number)?.ok_or_else(damaged)?;
            count = count.saturating_add(u64::try_from(block.transactions.len()).unwrap_or(u64::MAX));
        }
        let tree = LogTree::new(record.logs.iter().map(L2Log::leaf).collect());
        let tree = tree.filter(|tree| batch_root(&tree.root()) == record.output.batch_root);
        let tree = tree.ok_or_else(damaged)?;
        Ok(Self { record, before, tree })
    }

    fn has(&self, block: u64) -> bool {
        (self.record.output.first_block..=self.record.output.last_block).contains(&block)
    }

    /// What shows a log of the transaction at this place, of which so many logs of this transaction come before. The log is made
    /// of the transaction's index in the batch.
    pub(crate) fn show(
        &self,
        place: TransactionPlace,
        logs_before: usize,
        log: impl FnOnce(u16) -> L2Log,
    ) -> Result<Shown, RpcError> {
        self.find(place, logs_before, log).ok_or_else(|| damaged(self.record.number))
    }

    fn find(
        &self,
        place: TransactionPlace,
        logs_before: usize,
        log: impl FnOnce(u16) -> L2Log,
    ) -> Option<Shown> {
        let block = place.block.checked_sub(self.record.output.first_block)?;
        let before = self.before.get(usize::try_from(block).ok()?)?;
        let transaction_index = u16::try_from(before.checked_add(place.index)?).ok()?;
        let is_of_it = |log: &L2Log| log.transaction_index == transaction_index;
        let log_index = self.record.logs.iter().position(is_of_it)?.checked_add(logs_before)?;
        let is_the_log = self.record.logs.get(log_index) == Some(&log(transaction_index));
        let siblings = self.tree.proof(log_index).filter(|_| is_the_log)?;
        Some(Shown { transaction_index, log_index, siblings })
    }
}

fn damaged(number: u64) -> RpcError {
    RpcError::Chain(Damaged::new(Table::Batches, format!("batch {number}, or a block of it,")).into())
}

/// The batches that were asked for last.
#[derive(Debug)]
pub(crate) struct BatchCache {
    batches_max: usize,
    /// The newest is in front.
    batches: Mutex<VecDeque<Arc<Batch>>>,
}

impl BatchCache {
    pub(crate) const fn new(batches_max: usize) -> Self {
        Self { batches_max, batches: Mutex::new(VecDeque::new()) }
    }

    /// The batch that has this block, if it is sealed.
    pub(crate) fn of_block(&self, store: &dyn Store, block: u64) -> Result<Option<Arc<Batch>>, RpcError> {
        if let Some(batch) = self.find(block) {
            return Ok(Some(batch));
        }
        let Some(record) = store.batch_of_block(block)? else { return Ok(None) };
        let batch = Arc::new(Batch::read(store, record)?);
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.push_front(Arc::clone(&batch));
        batches.truncate(self.batches_max);
        Ok(Some(batch))
    }

    fn find(&self, block: u64) -> Option<Arc<Batch>> {
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let position = batches.iter().position(|batch| batch.has(block))?;
        let batch = batches.remove(position)?;
        batches.push_front(Arc::clone(&batch));
        Some(batch)
    }
}

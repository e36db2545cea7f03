//! What every method works with.

use crate::{
    arguments::Arguments,
    batches::BatchCache,
    blocks::{Block, BlockCache},
    error::RpcError,
    filters::Filters,
    limits::Limits,
    node::Node,
};
use alloy_consensus::Header;
use alloy_eips::{BlockId, BlockNumberOrTag};
use ashlar_stf::{Ancestors, SealedHeader, WitnessState, rollup::next_header};
use ashlar_storage::{ChainRecords, StoreSource};
use serde_json::Value;
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::Semaphore;

/// What a method answers.
pub(crate) type Answer = Result<Value, RpcError>;

/// A method: it blocks its thread.
pub(crate) type Method = fn(&Api, Arguments) -> Answer;

/// What a method does, as far as it decides how many may run at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Reads a bounded number of records.
    Read,
    /// Executes the EVM, or searches.
    Execute,
}

/// What every method works with.
pub(crate) struct Api {
    pub(crate) node: Node,
    pub(crate) limits: Limits,
    pub(crate) filters: Filters,
    /// Turns to wait for a transaction's receipt.
    pub(crate) waiters: Arc<Semaphore>,
    blocks: BlockCache,
    pub(crate) batches: BatchCache,
    reads: Arc<Semaphore>,
    executions: Arc<Semaphore>,
}

impl Api {
    pub(crate) fn new(node: Node, limits: Limits) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.clamp(1, Semaphore::MAX_PERMITS)));
        Self {
            node,
            limits,
            filters: Filters::new(&limits),
            waiters: semaphore(limits.send_waiters),
            blocks: BlockCache::new(limits.cached_blocks),
            batches: BatchCache::new(limits.cached_batches),
            reads: semaphore(limits.reads),
            executions: semaphore(limits.executions),
        }
    }

    /// Runs work on a thread that may block, when it is its turn.
    pub(crate) async fn run(
        self: Arc<Self>,
        work: Work,
        answer: impl FnOnce(&Self) -> Answer + Send + 'static,
    ) -> Answer {
        let turns = match work {
            Work::Read => Arc::clone(&self.reads),
            Work::Execute => Arc::clone(&self.executions),
        };
        let turn = tokio::time::timeout(self.limits.wait, turns.acquire_owned()).await;
        let turn = turn.map_err(|_| RpcError::Busy)?.map_err(|_| RpcError::Internal)?;
        let running = tokio::task::spawn_blocking(move || {
            let answer = answer(&self);
            drop(turn);
            answer
        });
        running.await.map_err(|_| RpcError::Internal)?
    }

    /// The last block's header.
    pub(crate) fn head(&self) -> Result<SealedHeader, RpcError> {
        self.node.store.head()?.ok_or(RpcError::UnknownBlock)
    }

    /// Number of the block that this means; the last one's for the one that is not made yet. It may not exist.
    pub(crate) fn number(&self, tag: BlockNumberOrTag) -> Result<u64, RpcError> {
        let head = || Ok(self.head()?.header.number);
        match tag {
            BlockNumberOrTag::Latest | BlockNumberOrTag::Pending => head(),
            BlockNumberOrTag::Safe => Ok(self.node.settlement.committed_block()),
            BlockNumberOrTag::Finalized => Ok(self.node.settlement.finalized_block()),
            BlockNumberOrTag::Earliest => Ok(0),
            BlockNumberOrTag::Number(number) => Ok(number),
        }
    }

    /// Number of the block that this means, `None` if there is no such block.
    pub(crate) fn existing_number(&self, block: BlockId) -> Result<Option<u64>, RpcError> {
        match block {
            BlockId::Hash(hash) => Ok(self.node.store.block_number(&hash.block_hash)?),
            BlockId::Number(tag) => {
                let number = self.number(tag)?;
                Ok((number <= self.head()?.header.number).then_some(number))
            }
        }
    }

    /// Header of the block that this means.
    pub(crate) fn header(&self, block: BlockId) -> Result<SealedHeader, RpcError> {
        let number = self.existing_number(block)?.ok_or(RpcError::UnknownBlock)?;
        self.node.store.header(number)?.ok_or(RpcError::UnknownBlock)
    }

    /// The block with this number.
    pub(crate) fn block(&self, number: u64) -> Result<Option<Arc<Block>>, RpcError> {
        self.blocks.get(&self.node.store, number)
    }

    /// Header of the block that is not made yet, as far as it is known.
    pub(crate) fn pending_header(&self) -> Result<Header, RpcError> {
        let head = self.head()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let Header { beneficiary, timestamp, state_root, .. } = head.header;
        let header = next_header(&self.node.config, &head, beneficiary, now.max(timestamp))?;
        Ok(Header { state_root, ..header })
    }

    /// What `read` finds in the state after a block.
    pub(crate) fn with_state<T>(
        &self,
        block: &SealedHeader,
        read: impl FnOnce(&mut WitnessState<'_>) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        let source = StoreSource::new(&self.node.store);
        let mut state = WitnessState::over(Ancestors::of(block.clone()), &source);
        let found = read(&mut state);
        // A node that the store failed to give seems to be missing.
        match source.failure() {
            Some(failure) => Err(failure.into()),
            None => found,
        }
    }
}

//! The sequencer: orders transactions into blocks.

use crate::stop::Stop;
use alloy_primitives::{Address, B256, Bytes};
use ashlar_batcher::BlockBudget;
use ashlar_ethereum::OperationsLock;
use ashlar_mempool::{Changed, JournalError, Mempool};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_settlement::withdrawers;
use ashlar_stf::{
    BlockError, StateError, TransactionError,
    rollup::{
        ChainState, Refusal, RollupBlock, RollupBlockBuilder, RollupTransaction, base_fee, next_excess,
    },
};
use ashlar_storage::{
    BlockRecord, Changes, Footprint, OperationRecord, OperationRecords, OperationsError, StateDb,
    StateDbError, Store, StoreError, put_operations_included, put_withdrawals,
};
use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use thiserror::Error;
use tracing::{debug, info};

/// Most operations that are read for one block.
const OPERATIONS_READ: u64 = 256;

/// Why the sequencer cannot go on.
#[derive(Debug, Error)]
pub enum SequencerError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateDbError),
    /// The queue of operations cannot be read.
    #[error(transparent)]
    Operations(#[from] OperationsError),
    /// The pool failed.
    #[error("the pool of transactions: {0}")]
    Pool(#[from] JournalError),
    /// A block cannot be made.
    #[error("making block {number}: {reason}")]
    Block {
        /// Its number.
        number: u64,
        /// Why.
        reason: BlockError,
    },
    /// A priority operation that Ethereum accepted is refused. It is next in the queue, so the chain stands until the cause is found.
    #[error("priority operation {id} is refused, which must not happen: {reason}")]
    Operation {
        /// Its place in the queue.
        id: u64,
        /// Why.
        reason: TransactionError,
    },
    /// The clock of this machine is before 1970.
    #[error("the clock of this machine is before 1970: set it")]
    Clock,
}

/// How blocks are made.
#[derive(Clone, Copy, Debug)]
pub struct SequencerSettings {
    /// Receives the fees.
    pub beneficiary: Address,
    /// Shortest time from one block to the next.
    pub block_time: Duration,
}

/// Where the time goes in which blocks are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockTimes {
    /// Choosing and executing transactions.
    pub execution: Duration,
    /// Ending blocks: tries, roots of lists, header.
    pub ending: Duration,
    /// Records, indices, and the durable write.
    pub writing: Duration,
    /// Telling the pool: of base fees, and of what blocks changed.
    pub pool: Duration,
}

/// Sees each block after it is written.
pub type OnBlock = Box<dyn FnMut(&Arc<BlockRecord>) + Send>;

/// Makes blocks of what the pool and Ethereum's queue have.
pub struct Sequencer<S> {
    config: RollupConfig,
    settings: SequencerSettings,
    state: StateDb<Arc<S>>,
    pool: Mempool,
    /// Held while operations are taken, so that the watcher does not take them back meanwhile.
    lock: OperationsLock,
    on_block: OnBlock,
    times: BlockTimes,
}

/// A block that is made, with what it is made of.
struct Made {
    block: RollupBlock,
    transactions: Vec<Bytes>,
    operations: u64,
}

impl<S: Store> Sequencer<S> {
    /// Goes on after the last block of the state.
    pub fn new(
        config: RollupConfig,
        settings: SequencerSettings,
        state: StateDb<Arc<S>>,
        pool: Mempool,
        lock: OperationsLock,
        on_block: OnBlock,
    ) -> Self {
        let times = BlockTimes::default();
        Self { config, settings, state, pool, lock, on_block, times }
    }

    /// Where the time of all steps has gone.
    pub const fn times(&self) -> BlockTimes {
        self.times
    }

    /// Makes blocks until it is told to stop.
    pub fn run(mut self, stop: &Stop) -> Result<(), SequencerError> {
        while !stop.is_ordered() {
            let begun = Instant::now();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| SequencerError::Clock)?;
            self.step(now.as_secs())?;
            let rest = self.settings.block_time.saturating_sub(begun.elapsed());
            if stop.wait(rest) {
                break;
            }
        }
        info!("the sequencer has stopped; every block is written");
        Ok(())
    }

    /// Makes the next block, if there is something for it. When it returns, the block survives a crash.
    pub fn step(&mut self, now: u64) -> Result<Option<Arc<BlockRecord>>, SequencerError> {
        let lock = Arc::clone(&self.lock);
        let _taking = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let operations = self.waiting_operations()?;
        if operations.is_empty() {
            if self.pool.is_empty() {
                return Ok(None);
            }
            let base_fee = self.next_base_fee(now);
            timed(&mut self.times.pool, || self.pool.set_base_fee(base_fee));
            if self.pool.counts().0 == 0 {
                return Ok(None);
            }
        }
        match self.make(now, &operations)? {
            Some(made) => self.write(made).map(Some),
            None => Ok(None),
        }
    }

    /// Operations that Ethereum has and no block has, the first of them.
    fn waiting_operations(&self) -> Result<Vec<OperationRecord>, SequencerError> {
        let store = self.state.store();
        let (next, count) = (store.operations_included()?, store.operations_count()?);
        Ok(store.operations(next..count.min(next.saturating_add(OPERATIONS_READ)))?)
    }

    /// Base fee of a block that is made now.
    fn next_base_fee(&self, now: u64) -> u64 {
        let parent = &self.state.parent().header;
        // A header of this chain states its excess gas; another one would fail the block.
        let excess = next_excess(&self.config, parent, now.max(parent.timestamp)).unwrap_or(0);
        base_fee(&self.config, excess)
    }

    fn make(&mut self, now: u64, operations: &[OperationRecord]) -> Result<Option<Made>, SequencerError> {
        let parent = &self.state.parent().header;
        let (number, timestamp) = (parent.number.saturating_add(1), now.max(parent.timestamp));
        let until = Instant::now() + self.settings.block_time;
        let made = Draft::new(&self.config, &mut self.state, self.settings.beneficiary, timestamp)
            .and_then(|draft| draft.fill(operations, &self.pool, until, &mut self.times));
        made.map_err(|fault| match fault {
            Fault::Block(BlockError::State(StateError::Database)) => match self.state.take_failure() {
                Some(failure) => failure.into(),
                None => SequencerError::Block { number, reason: BlockError::State(StateError::Database) },
            },
            Fault::Block(reason) => SequencerError::Block { number, reason },
            Fault::Operation { id, reason } => SequencerError::Operation { id, reason },
        })
    }

    /// Writes a block, with all that follows from it, and tells of it.
    fn write(&mut self, made: Made) -> Result<Arc<BlockRecord>, SequencerError> {
        let Made { block, transactions, operations } = made;
        let begun = Instant::now();
        let record = Arc::new(BlockRecord::new(&block, transactions));
        let mut changes = Changes::default();
        record.put(&mut changes);
        let number = record.header.header.number;
        Footprint::of(&block).put(number, &mut changes);
        let logs = record.results.iter().flat_map(|result| result.receipt.logs());
        put_withdrawals(&mut changes, number, withdrawers(logs));
        let included = self.state.store().operations_included()?.saturating_add(operations);
        put_operations_included(&mut changes, included);
        let hashes: Vec<B256> = record.results.iter().map(|result| result.hash).collect();
        changes.append(self.pool.block_changes(&hashes)?);
        self.state.write(changes)?;
        self.times.writing += begun.elapsed();
        let base_fee = self.next_base_fee(record.header.header.timestamp);
        timed(&mut self.times.pool, || {
            let changed: Vec<_> = block.changes.iter().map(Changed::from).collect();
            self.pool.on_block(&hashes, &changed, base_fee)
        })?;
        (self.on_block)(&record);
        Ok(record)
    }
}

/// Does something, and adds the time that it takes.
fn timed<T>(sum: &mut Duration, act: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = act();
    *sum += begun.elapsed();
    result
}

/// Why a block is not made.
enum Fault {
    Block(BlockError),
    Operation { id: u64, reason: TransactionError },
}

impl From<BlockError> for Fault {
    fn from(error: BlockError) -> Self {
        Self::Block(error)
    }
}

/// A block that is being made.
struct Draft<'s, S: Store> {
    builder: RollupBlockBuilder<'s, StateDb<S>>,
    budget: BlockBudget,
    transactions: Vec<Bytes>,
    operations: u64,
}

impl<'s, S: Store> Draft<'s, S> {
    fn new(
        config: &RollupConfig,
        state: &'s mut StateDb<S>,
        beneficiary: Address,
        timestamp: u64,
    ) -> Result<Self, Fault> {
        let builder = RollupBlockBuilder::new(config, state, beneficiary, timestamp)?;
        Ok(Self { builder, budget: BlockBudget::new(config), transactions: Vec::new(), operations: 0 })
    }

    /// Takes what has room: first what Ethereum asks for, in order, then what pays most.
    fn fill(
        mut self,
        operations: &[OperationRecord],
        pool: &Mempool,
        until: Instant,
        times: &mut BlockTimes,
    ) -> Result<Option<Made>, Fault> {
        timed(&mut times.execution, || {
            self.take_operations(operations)?;
            self.take_pooled(pool, until)
        })?;
        if self.transactions.is_empty() {
            return Ok(None);
        }
        let Self { builder, transactions, operations, .. } = self;
        let block = timed(&mut times.ending, || builder.finish())?;
        Ok(Some(Made { block, transactions, operations }))
    }

    fn take_operations(&mut self, operations: &[OperationRecord]) -> Result<(), Fault> {
        for OperationRecord { operation, .. } in operations {
            if !self.budget.has_room_for_operation() {
                break;
            }
            let bytes = Bytes::from(operation.encode());
            let refused = |reason| Fault::Operation { id: operation.id, reason };
            match self.push(&RollupTransaction::decode(&bytes).map_err(refused)?, bytes) {
                Ok(()) => self.operations = self.operations.saturating_add(1),
                // It is the first of the next block.
                Err(Refusal::Transaction(TransactionError::GasLeft { .. }))
                    if !self.transactions.is_empty() =>
                {
                    break;
                }
                Err(Refusal::Transaction(reason)) => return Err(refused(reason)),
                Err(Refusal::Block(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn take_pooled(&mut self, pool: &Mempool, until: Instant) -> Result<(), Fault> {
        let base_fee = self.builder.header().base_fee_per_gas.unwrap_or(0);
        let gas_limit = self.builder.header().gas_limit;
        let mut best = pool.best(base_fee);
        while self.budget.has_room() && Instant::now() < until {
            let Some(pooled) = best.next() else { break };
            // The pool has recovered its sender.
            match self.push(&pooled.transaction, pooled.bytes.clone()) {
                Ok(()) => {}
                // Smaller ones of others may have room; it waits.
                Err(Refusal::Transaction(TransactionError::GasLeft { limit, .. })) if limit <= gas_limit => {
                    best.skip_sender();
                }
                Err(Refusal::Transaction(reason)) => {
                    debug!(hash = %pooled.hash(), %reason, "a transaction of the pool is refused");
                    best.skip_sender();
                    pool.refuse(&pooled.hash(), reason.to_string());
                }
                Err(Refusal::Block(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn push(&mut self, transaction: &RollupTransaction, bytes: Bytes) -> Result<(), Refusal> {
        let result = self.builder.push(transaction, &bytes)?;
        self.budget.take(result);
        self.transactions.push(bytes);
        Ok(())
    }
}

//! Groups blocks into batches.

use ashlar_primitives::rollup::{OPERATION_TYPE, Operation, RollupConfig};
use ashlar_storage::{
    BatchRecord, BlockRecord, ChainError, ChainRecords, Changes, Footprint, OperationRecords,
    OperationsError, Store, StoreError,
};
use std::fmt::{self, Display, Formatter};
use thiserror::Error;

use crate::{
    data::{DataPolicy, Prices},
    limits::{BatchLimits, BatchUse, Limit, begins_with_upgrade},
    make::{MadeBatch, MakeError, make_batch},
    pubdata::OpenPubdata,
};

/// Most blocks that one step reads.
const BLOCKS_PER_STEP: usize = 256;

/// When batches are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealSettings {
    /// Age of a batch's first block at which it is sealed, seconds.
    pub max_age: u64,
    /// Proving cost of a batch above which no block is added, cycle equivalents; never above the limit of the configuration. What is
    /// sealed waits for the whole proof, so this bounds how long.
    pub max_cost: u64,
    /// Time before the deadline of a batch's first priority operation at which it is sealed, seconds: what proving and settling
    /// may take.
    pub urgent: u64,
    /// Where pubdata go.
    pub data: DataPolicy,
}

impl Default for SealSettings {
    /// A minute; as much as the configuration allows; six hours; whatever is cheaper.
    fn default() -> Self {
        Self { max_age: 60, max_cost: u64::MAX, urgent: 6 * 3_600, data: DataPolicy::default() }
    }
}

/// Why a batch ends where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealReason {
    /// The next block would pass a limit.
    Full(Limit),
    /// The next block has an upgrade, which must be the first transaction of a batch.
    Upgrade,
    /// The first block is old enough.
    Age,
    /// The deadline of a priority operation is near.
    Deadline,
}

impl Display for SealReason {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(limit) => write!(out, "no room for more {limit}"),
            Self::Upgrade => out.write_str("an upgrade is next"),
            Self::Age => out.write_str("its age"),
            Self::Deadline => out.write_str("a priority operation's deadline"),
        }
    }
}

/// Why no batch is sealed.
#[derive(Debug, Error)]
pub enum SealError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record of the chain cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// An operation cannot be read.
    #[error(transparent)]
    Operations(#[from] OperationsError),
    /// A batch cannot be made.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// A block alone is more than a batch may have. It must not have been made.
    #[error(
        "block {number} alone does not fit into a batch, so the chain cannot be settled from here on: {reason}"
    )]
    BlockTooLarge {
        /// Its number.
        number: u64,
        /// Why.
        reason: MakeError,
    },
    /// The operations of the batch do not follow those of the batch before.
    #[error("batch {batch} begins with priority operation {found}, and {expected} is next")]
    OperationOrder {
        /// Number of the batch.
        batch: u64,
        /// The operation that Ethereum expects.
        expected: u64,
        /// The one that stands there.
        found: u64,
    },
    /// The last batch that is sealed is not there.
    #[error("batch {0} is not in the database")]
    NoBatch(u64),
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealStep {
    /// There are no more blocks, and it is not time to seal those that there are.
    Waiting,
    /// Blocks were read, and there may be more: the next step need not wait.
    Reading,
    /// A batch was sealed, and is written.
    Sealed {
        /// The batch.
        batch: Box<BatchRecord>,
        /// Why it ends there.
        reason: SealReason,
    },
}

/// Seals batches of the blocks in a store, whose only writer of batches it is. What it knows beside the store is how much of the open
/// batch it has read.
#[derive(Debug)]
pub struct Sealer<S> {
    store: S,
    config: RollupConfig,
    settings: SealSettings,
    limits: BatchLimits,
    /// Number of the last batch, and of priority operations up to its end.
    sealed: (u64, u64),
    open: OpenBatch,
}

/// Blocks that were read and are in no batch.
#[derive(Debug)]
struct OpenBatch {
    /// Number of the first.
    first: u64,
    /// Number behind the last.
    next: u64,
    used: BatchUse,
    pubdata: OpenPubdata,
    /// Timestamp of the first.
    since: Option<u64>,
    /// Deadline of the first operation.
    deadline: Option<u64>,
}

impl OpenBatch {
    /// An empty one that begins with this block.
    fn at(first: u64) -> Self {
        let (used, pubdata) = (BatchUse::default(), OpenPubdata::default());
        Self { first, next: first, used, pubdata, since: None, deadline: None }
    }

    /// What the batch would use with another block.
    fn used_with(&self, block: &BlockRecord, footprint: Option<&Footprint>) -> BatchUse {
        let mut added = BatchUse::of(block);
        if let Some(footprint) = footprint {
            added.pubdata = self.pubdata.growth(footprint);
        }
        self.used.and(&added)
    }
}

impl<S: Store> Sealer<S> {
    /// Goes on after the last batch of the store.
    pub fn open(store: S, config: RollupConfig, settings: SealSettings) -> Result<Self, SealError> {
        let number = store.last_batch()?;
        let (mut operations, mut first) = (0, 1);
        if number > 0 {
            let last = store.batch(number)?.ok_or(SealError::NoBatch(number))?;
            operations = last.operations_before.saturating_add(last.output.operations);
            first = last.output.last_block.saturating_add(1);
        }
        let limits = BatchLimits::new(&config).with_cost_of_at_most(settings.max_cost);
        let (sealed, open) = ((number, operations), OpenBatch::at(first));
        Ok(Self { store, config, settings, limits, sealed, open })
    }

    /// Reads blocks that are new, and seals a batch if it is time. `now` in seconds since the Unix epoch. When it returns a batch, that
    /// is written.
    pub fn step(&mut self, now: u64, prices: &Prices) -> Result<SealStep, SealError> {
        for _ in 0..BLOCKS_PER_STEP {
            let Some(block) = self.store.block(self.open.next)? else {
                return match self.reason_of_time(now) {
                    Some(reason) => self.seal(reason, now, prices),
                    None => Ok(SealStep::Waiting),
                };
            };
            let footprint = Footprint::read(&self.store, self.open.next)?;
            let used = self.open.used_with(&block, footprint.as_ref());
            if let Some(reason) = self.reason_before(&block, &used) {
                return self.seal(reason, now, prices);
            }
            self.append(&block, footprint.as_ref(), used)?;
        }
        Ok(SealStep::Reading)
    }

    /// Why the open batch has to end before a block, with which it would use this.
    fn reason_before(&self, block: &BlockRecord, used: &BatchUse) -> Option<SealReason> {
        // A block alone is a batch, whatever its bounds say: they are above what it takes.
        if self.open.used.blocks == 0 {
            return None;
        }
        if begins_with_upgrade(block) {
            return Some(SealReason::Upgrade);
        }
        self.limits.passed(used).map(SealReason::Full)
    }

    fn reason_of_time(&self, now: u64) -> Option<SealReason> {
        let since = self.open.since?;
        let is_urgent = |deadline: u64| deadline <= now.saturating_add(self.settings.urgent);
        if self.open.deadline.is_some_and(is_urgent) {
            return Some(SealReason::Deadline);
        }
        (now.saturating_sub(since) >= self.settings.max_age).then_some(SealReason::Age)
    }

    fn append(
        &mut self,
        block: &BlockRecord,
        footprint: Option<&Footprint>,
        used: BatchUse,
    ) -> Result<(), SealError> {
        let deadline = match self.open.deadline {
            Some(deadline) => Some(deadline),
            None => self.first_deadline(block)?,
        };
        let open = &mut self.open;
        open.since.get_or_insert(block.header.header.timestamp);
        if let Some(footprint) = footprint {
            open.pubdata.add(footprint);
        }
        (open.deadline, open.used, open.next) = (deadline, used, open.next.saturating_add(1));
        Ok(())
    }

    /// Deadline of a block's first operation. None if Ethereum took the operation back: settling will say so.
    fn first_deadline(&self, block: &BlockRecord) -> Result<Option<u64>, SealError> {
        let operation = block.transactions.iter().find(|bytes| bytes.first() == Some(&OPERATION_TYPE));
        let Some(operation) = operation.and_then(|bytes| Operation::decode(bytes).ok()) else {
            return Ok(None);
        };
        Ok(self.store.operation(operation.id)?.map(|record| record.deadline))
    }

    /// Makes a batch of the open blocks, or of the first of them, should the bounds have been wrong, and writes it.
    fn seal(&mut self, reason: SealReason, now: u64, prices: &Prices) -> Result<SealStep, SealError> {
        let made = self.make(prices)?;
        let (number, operations_before) = (self.sealed.0.saturating_add(1), self.sealed.1);
        let MadeBatch { input, batch } = made;
        let output = batch.output;
        if output.operations > 0 && output.first_operation != operations_before {
            let (expected, found) = (operations_before, output.first_operation);
            return Err(SealError::OperationOrder { batch: number, expected, found });
        }
        let record = BatchRecord {
            number,
            output,
            pubdata: batch.pubdata.into(),
            versioned_hashes: input.versioned_hashes,
            logs: batch.logs,
            operations_before,
            cost: batch.cost,
            sealed_at: now,
        };
        let mut changes = Changes::default();
        record.put(&mut changes);
        for block in output.first_block..=output.last_block {
            Footprint::remove(block, &mut changes);
        }
        self.store.write(changes)?;
        self.sealed = (number, operations_before.saturating_add(output.operations));
        self.open = OpenBatch::at(output.last_block.saturating_add(1));
        Ok(SealStep::Sealed { batch: Box::new(record), reason })
    }

    fn make(&self, prices: &Prices) -> Result<MadeBatch, SealError> {
        let first = self.open.first;
        let mut last = self.open.next.saturating_sub(1);
        let choose = |pubdata: &[u8], operations| self.settings.data.choose(pubdata, operations, prices);
        loop {
            match make_batch(&self.store, &self.config, first..=last, choose) {
                Err(error) if error.is_too_large() && last > first => last = first + (last - first) / 2,
                Err(reason) if reason.is_too_large() => {
                    return Err(SealError::BlockTooLarge { number: first, reason });
                }
                made => return Ok(made?),
            }
        }
    }
}

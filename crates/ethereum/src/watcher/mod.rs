//! Reads what Ethereum asks of the chain, and how far it is settled.

mod cursor;
mod read;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use alloy_primitives::{Address, B256, Bytes, U64, U128};
use ashlar_settlement::abi::chain::RollupChain::{self as Chain, ChainProgress};
use ashlar_storage::{Changes, OperationRecord, OperationRecords, OperationsError, Store};
use serde_json::{Value, json};
use thiserror::Error;

use crate::{
    chain::{BlockAt, CallError, Header, contract_call, contract_result},
    client::{Call, Class, Client, ClientError, RpcError},
    records::RecordError,
    status::{Away, L1View, PendingUpgrade, Settlement, SharedStatus},
};
use cursor::{Cursor, Point};

/// Longest wait between two tries while Ethereum does not answer.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// What is watched, and how.
#[derive(Clone, Debug)]
pub struct WatcherSettings {
    /// EIP-155 id of the Ethereum chain.
    pub l1_chain_id: u64,
    /// EIP-155 id of the rollup.
    pub chain_id: u64,
    /// The rollup's contract.
    pub chain: Address,
    /// The first block that can have an operation: that of the contract's creation, or one before.
    pub first_block: u64,
    /// How many blocks have to follow one before it is read; 0 where no block is ever taken back.
    pub confirmations: u64,
    /// Most blocks of one range, 1 or more.
    pub range_blocks_max: u64,
    /// Pause between two looks.
    pub interval: Duration,
}

/// Held by whoever puts operations into a block, from reading them until the block is written, so that they are not taken back in
/// between. The watcher holds it while it takes back.
pub type OperationsLock = Arc<Mutex<()>>;

/// Reads priority operations into the store.
pub struct Watcher<S> {
    client: Client,
    store: S,
    settings: WatcherSettings,
    status: SharedStatus,
    lock: OperationsLock,
    /// Most blocks of the next range.
    range_blocks: u64,
    /// Temporary errors since the last success.
    failures: u32,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatcherStep {
    /// Nothing new is old enough.
    Idle,
    /// The node has fewer blocks than were read, and none of them is another one.
    Behind,
    /// Blocks were read.
    Read {
        /// The last one.
        block: u64,
        /// Operations in them.
        operations: usize,
        /// Whether more can be read now.
        more: bool,
    },
    /// Ethereum has other blocks now; what was read of the old ones is removed, or read again.
    Rewound {
        /// The first block that is another one.
        block: u64,
        /// Operations that are gone, or read again.
        operations: u64,
    },
}

/// Why Ethereum is not read.
#[derive(Debug, Error)]
pub enum WatcherError {
    /// The node does not answer, or refuses.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The chain's contract does not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The store failed, or has a damaged record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The operations of the store cannot be read.
    #[error(transparent)]
    Operations(#[from] OperationsError),
    /// The node is one of another network.
    #[error("the node is of the chain {is}, and the rollup is on {expected}: name a node of that one")]
    OtherEthereum {
        /// The node's.
        is: u64,
        /// The rollup's.
        expected: u64,
    },
    /// The store is of another rollup.
    #[error("the database is that of the rollup {chain} on chain {l1_chain_id}: name another folder")]
    OtherStore {
        /// Id of its Ethereum.
        l1_chain_id: u64,
        /// Its contract.
        chain: Address,
    },
    /// The blocks changed while they were read.
    #[error("Ethereum's block {block} changed while it was read, or the node does not have it yet")]
    Moved {
        /// Number of the block.
        block: u64,
    },
    /// The node has no state after a block, which may be none of the chain any more.
    #[error("the node does not give the contract's state after Ethereum's block {block}: {error}")]
    State {
        /// Number of the block.
        block: u64,
        /// What the node says.
        error: RpcError,
    },
    /// Logs are missing.
    #[error(
        "after Ethereum's block {block} the contract has {has} operations, and the node gives {read}: if it stays so, take \
         another node"
    )]
    Incomplete {
        /// Number of the block.
        block: u64,
        /// By the contract.
        has: u64,
        /// By the logs.
        read: u64,
    },
    /// The node says what no contract can have said.
    #[error("the node gives {what}, in block {block}, transaction {transaction}: take another node")]
    Untrue {
        /// What is wrong.
        what: &'static str,
        /// Number of the block.
        block: u64,
        /// The transaction.
        transaction: B256,
    },
    /// Ethereum has taken back an operation that the rollup has executed.
    #[error(
        "Ethereum's blocks from {block} on are others now, and they do not have the operation {operation}, which is in a block \
         of this rollup. If Ethereum includes it again unchanged, a new start goes on. Otherwise take back this rollup's blocks \
         to before it. More confirmations make this unlikely"
    )]
    Undone {
        /// Id of the operation.
        operation: u64,
        /// Number of the first block that is another one.
        block: u64,
    },
    /// Ethereum has taken back more blocks than are remembered.
    #[error(
        "none of the last blocks that were read, from {from} to {to}, is one of Ethereum any more: is the node of the same \
         network as before?"
    )]
    TooDeep {
        /// Number of the first block that is remembered.
        from: u64,
        /// Number of the last.
        to: u64,
    },
}

impl WatcherError {
    /// What to do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Client(error) | Self::Call(CallError::Client(error)) => error.class_of_a_moment(),
            Self::Call(error) => error.class(),
            Self::Moved { .. } | Self::State { .. } | Self::Incomplete { .. } => Class::Temporary,
            _ => Class::Permanent,
        }
    }
}

/// The blocks between which a step works.
struct Heads {
    head: Header,
    finalized: Option<Header>,
}

impl<S: Store> Watcher<S> {
    /// A watcher that goes on where the store says.
    pub fn new(client: Client, store: S, settings: WatcherSettings) -> Self {
        let range_blocks = settings.range_blocks_max.max(1);
        let (status, lock) = Default::default();
        Self { client, store, settings, status, lock, range_blocks, failures: 0 }
    }

    /// What it knows, for others.
    pub fn status(&self) -> SharedStatus {
        self.status.clone()
    }

    /// See [`OperationsLock`].
    pub fn operations_lock(&self) -> OperationsLock {
        self.lock.clone()
    }

    /// Watches until `wait` says that it should stop: it is given how long to wait, and returns whether to stop. Returns an
    /// error that does not pass by.
    pub fn run(mut self, mut wait: impl FnMut(Duration) -> bool) -> Result<(), WatcherError> {
        loop {
            let pause = self.look(SystemTime::now())?;
            if wait(pause) {
                return Ok(());
            }
        }
    }

    /// A step whose temporary errors become the status; how long to wait before the next one.
    pub fn look(&mut self, now: SystemTime) -> Result<Duration, WatcherError> {
        match self.step() {
            Ok(step) => {
                self.failures = 0;
                self.note_back(now);
                let more = matches!(step, WatcherStep::Read { more: true, .. } | WatcherStep::Rewound { .. });
                Ok(if more { Duration::ZERO } else { self.settings.interval })
            }
            Err(error) if error.class() == Class::Temporary => {
                self.note_away(now, &error);
                self.failures = self.failures.saturating_add(1);
                let factor = 1u32.checked_shl(self.failures.min(16)).unwrap_or(u32::MAX);
                Ok(self.settings.interval.saturating_mul(factor).min(BACKOFF_MAX.max(self.settings.interval)))
            }
            Err(error) => Err(error),
        }
    }

    /// Looks once: at the settlement, then at the next blocks.
    pub fn step(&mut self) -> Result<WatcherStep, WatcherError> {
        let heads = self.heads()?;
        let cursor = Cursor::load(&self.store, &self.settings)?;
        self.publish(&heads, &cursor)?;
        let head = &heads.head;
        if let Some(newest) = cursor.points.last() {
            let Some(point) = cursor.point_up_to(head.number) else { return Ok(WatcherStep::Behind) };
            if !self.is_in_chain(point)? {
                return self.rewind(&cursor, head);
            }
            if point != newest {
                return Ok(WatcherStep::Behind);
            }
        }
        let Some(target) = self.target(head).filter(|target| *target >= cursor.next_block) else {
            return Ok(WatcherStep::Idle);
        };
        let range = self.read_range(&cursor, target, head)?;
        let mut changes = Changes::default();
        self.write(&mut changes, &range);
        self.store.write(changes).map_err(RecordError::from)?;
        let block = range.cursor.next_block.saturating_sub(1);
        self.note_cursor(&range.cursor);
        Ok(WatcherStep::Read { block, operations: range.operations.len(), more: block < target })
    }

    /// The newest block that is old enough.
    fn target(&self, head: &Header) -> Option<u64> {
        head.number.checked_sub(self.settings.confirmations)
    }

    fn heads(&self) -> Result<Heads, WatcherError> {
        let chain_id = Call::new("eth_chainId", json!([]));
        let calls = [chain_id, BlockAt::Latest.header_call(), BlockAt::Finalized.header_call()];
        let mut results = self.client.call_each(&calls)?.into_iter();
        let mut next = || results.next().unwrap_or(Ok(Value::Null));
        let (chain_id, head, finalized) = (next()?, next()?, next());
        let absent = |method| ClientError::Absent { method };
        let is: Option<U64> = self.client.result("eth_chainId", chain_id)?;
        let is: u64 = is.ok_or(absent("eth_chainId"))?.to();
        let expected = self.settings.l1_chain_id;
        if is != expected {
            return Err(WatcherError::OtherEthereum { is, expected });
        }
        let head = self.client.result("eth_getBlockByNumber", head)?.ok_or(absent("eth_getBlockByNumber"))?;
        // A young network has no final block, and some nodes say so by an error.
        let finalized = match finalized {
            Ok(finalized) => self.client.result("eth_getBlockByNumber", finalized)?,
            Err(ClientError::Refused { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Heads { head, finalized })
    }

    /// Reads the settlement after the newest block, and tells everybody.
    fn publish(&self, heads: &Heads, cursor: &Cursor) -> Result<(), WatcherError> {
        let (chain, at) = (self.settings.chain, BlockAt::Hash(heads.head.hash));
        let mut calls = vec![
            contract_call(chain, &Chain::progressCall {}, at),
            contract_call(chain, &Chain::gasPriceCall {}, at),
            contract_call(chain, &Chain::pausedUntilCall {}, at),
            contract_call(chain, &Chain::pendingUpgradeCall {}, at),
            Call::new("eth_blobBaseFee", json!([])),
        ];
        let finalized = heads.finalized.map(|header| BlockAt::Hash(header.hash));
        calls.extend(finalized.map(|at| contract_call(chain, &Chain::progressCall {}, at)));
        let mut results = self.client.call_each(&calls)?.into_iter();
        let block = heads.head.number;
        let mut bytes = || self.state(results.next().unwrap_or(Ok(Value::Null)), block);
        let progress = contract_result::<Chain::progressCall>(chain, &bytes()?)?;
        let operation_gas_price = contract_result::<Chain::gasPriceCall>(chain, &bytes()?)?;
        let paused_until = contract_result::<Chain::pausedUntilCall>(chain, &bytes()?)?;
        let upgrade = contract_result::<Chain::pendingUpgradeCall>(chain, &bytes()?)?;
        let blob_base_fee: Option<U128> = match results.next() {
            Some(Ok(fee)) => self.client.result("eth_blobBaseFee", fee)?,
            _ => None,
        };
        // Nodes may have forgotten the state that far back, and the chain may be younger.
        let finalized = results.next().and_then(|result| self.state(result, block).ok());
        let finalized =
            finalized.and_then(|bytes| contract_result::<Chain::progressCall>(chain, &bytes).ok());
        self.status.change(|status| {
            let before = status.view.as_ref().and_then(|view| view.executed_finalized);
            status.view = Some(L1View {
                head: heads.head,
                finalized_head: heads.finalized,
                blob_base_fee: blob_base_fee.map(|fee| fee.to()),
                settlement: Settlement::from(progress),
                executed_finalized: finalized.map(|progress| progress.executed).or(before),
                operation_gas_price,
                paused_until,
                pending_upgrade: (!upgrade.upgradeHash.is_zero())
                    .then_some(PendingUpgrade { hash: upgrade.upgradeHash, batch: upgrade.batch }),
            });
            (status.next_block, status.operations_read) = (cursor.next_block, cursor.next_operation);
        });
        Ok(())
    }

    /// What a call on the state after a block returned.
    fn state(&self, result: Result<Value, ClientError>, block: u64) -> Result<Bytes, WatcherError> {
        match result {
            Ok(bytes) => Ok(self
                .client
                .result("eth_call", bytes)?
                .ok_or(ClientError::Absent { method: "eth_call" })?),
            Err(ClientError::Refused { error, .. }) => Err(WatcherError::State { block, error }),
            Err(error) => Err(error.into()),
        }
    }

    fn is_in_chain(&self, point: &Point) -> Result<bool, WatcherError> {
        let header = self.client.header(BlockAt::Number(point.number))?;
        Ok(header.ok_or(WatcherError::Moved { block: point.number })?.hash == point.hash)
    }

    /// Goes back to the newest block that is still one of Ethereum, and removes the operations after it. Those that are in a
    /// block of the rollup must be there again, unchanged.
    fn rewind(&mut self, cursor: &Cursor, head: &Header) -> Result<WatcherStep, WatcherError> {
        let lock = self.lock.clone();
        let _guard: MutexGuard<'_, ()> = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let common = self.common_point(cursor, head)?;
        let back = cursor.back_to(common, self.settings.first_block);
        let (block, first) = (back.next_block, back.next_operation);
        let mut changes = Changes::default();
        for id in first..cursor.next_operation {
            OperationRecord::remove(id, &mut changes);
        }
        let included = self.store.operations_included()?;
        if included > first {
            let range = self.read_included(&back, head, included)?;
            self.write(&mut changes, &range);
        } else {
            back.save(&mut changes);
            self.note_cursor(&back);
        }
        self.store.write(changes).map_err(RecordError::from)?;
        let operations = cursor.next_operation - first;
        tracing::warn!(block, operations, "Ethereum has other blocks now");
        Ok(WatcherStep::Rewound { block, operations })
    }

    /// The newest point that is still a block of Ethereum; `None` if there is none, and all are remembered.
    fn common_point(&self, cursor: &Cursor, head: &Header) -> Result<Option<Point>, WatcherError> {
        let points = cursor.points.iter().filter(|point| point.number <= head.number);
        let points: Vec<Point> = points.copied().collect();
        let calls: Vec<Call> =
            points.iter().map(|point| BlockAt::Number(point.number).header_call()).collect();
        let mut common = None;
        for (point, result) in points.iter().zip(self.client.call_all(&calls)?) {
            let header: Option<Header> = self.client.result("eth_getBlockByNumber", result)?;
            if header.is_some_and(|header| header.hash == point.hash) {
                common = Some(*point);
            }
        }
        match (common, cursor.points.first(), cursor.points.last()) {
            (None, Some(first), Some(last)) if cursor.truncated => {
                Err(WatcherError::TooDeep { from: first.number, to: last.number })
            }
            _ => Ok(common),
        }
    }

    /// Reads the new blocks up to all operations that the rollup has executed; an error if one is not there.
    fn read_included(
        &mut self,
        back: &Cursor,
        head: &Header,
        included: u64,
    ) -> Result<read::Range, WatcherError> {
        let (block, mut range) =
            (back.next_block, read::Range { cursor: back.clone(), operations: Vec::new() });
        while let Some(target) = self.target(head).filter(|target| *target >= range.cursor.next_block) {
            let more = self.read_range(&range.cursor, target, head)?;
            range.operations.extend(more.operations);
            range.cursor = more.cursor;
        }
        for operation in back.next_operation..included {
            let old = self.store.operation(operation)?;
            let new = range.operations.iter().find(|record| record.operation.id == operation);
            let same = old.zip(new).is_some_and(|(old, new)| old.operation == new.operation);
            if !same {
                return Err(WatcherError::Undone { operation, block });
            }
        }
        Ok(range)
    }

    fn write(&self, changes: &mut Changes, range: &read::Range) {
        for record in &range.operations {
            record.put(changes);
        }
        range.cursor.save(changes);
    }

    fn note_cursor(&self, cursor: &Cursor) {
        self.status.change(|status| {
            (status.next_block, status.operations_read) = (cursor.next_block, cursor.next_operation);
        });
    }

    /// Says once that Ethereum does not answer.
    fn note_away(&self, now: SystemTime, error: &WatcherError) {
        self.status.change(|status| {
            let since = status.away.as_ref().map(|away| away.since);
            if since.is_none() {
                tracing::warn!(%error, "Ethereum does not answer; trying again");
            }
            status.away = Some(Away { since: since.unwrap_or(now), error: error.to_string() });
        });
    }

    fn note_back(&self, now: SystemTime) {
        self.status.change(|status| {
            status.last_seen = Some(now);
            if let Some(Away { since, .. }) = status.away.take() {
                let seconds = now.duration_since(since).unwrap_or_default().as_secs();
                tracing::info!(seconds, "Ethereum answers again");
            }
        });
    }
}

impl From<ChainProgress> for Settlement {
    fn from(progress: ChainProgress) -> Self {
        Self {
            committed: progress.committed,
            proven: progress.proven,
            executed: progress.executed,
            operations: progress.operations,
            executed_operations: progress.executedOperations,
            next_deadline: progress.nextDeadline,
        }
    }
}

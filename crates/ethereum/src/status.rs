//! What is known of Ethereum, for all parts of a node.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use alloy_primitives::B256;

use crate::chain::Header;

/// What the watcher knows. Its copies are one.
#[derive(Clone, Debug, Default)]
pub struct SharedStatus(Arc<RwLock<L1Status>>);

/// What the watcher knows.
#[derive(Clone, Debug, Default)]
pub struct L1Status {
    /// What Ethereum said last; `None` before it said anything.
    pub view: Option<L1View>,
    /// When Ethereum answered last; `None` before it did.
    pub last_seen: Option<SystemTime>,
    /// Set while Ethereum does not answer.
    pub away: Option<Away>,
    /// The first block of Ethereum that is not read yet.
    pub next_block: u64,
    /// Number of priority operations that are read.
    pub operations_read: u64,
}

/// Ethereum does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// Since when.
    pub since: SystemTime,
    /// The last error.
    pub error: String,
}

/// Ethereum, and the chain's contract on it, after its newest block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct L1View {
    /// The newest block.
    pub head: Header,
    /// The newest final one; `None` if the node knows none.
    pub finalized_head: Option<Header>,
    /// Price of blobs, wei per gas; `None` if the node does not say.
    pub blob_base_fee: Option<u128>,
    /// The settlement.
    pub settlement: Settlement,
    /// The last executed batch after the final block; `None` before anything is known of it.
    pub executed_finalized: Option<u64>,
    /// Price of priority operations, wei per gas of the chain.
    pub operation_gas_price: u128,
    /// Until when the settlement is paused: Ethereum's time, seconds; in the past if it is not.
    pub paused_until: u64,
    /// The upgrade that the next batch has to have; `None` if there is none.
    pub pending_upgrade: Option<PendingUpgrade>,
}

/// How far a chain is settled. Batches are counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The last committed batch.
    pub committed: u64,
    /// The last proven batch.
    pub proven: u64,
    /// The last executed batch.
    pub executed: u64,
    /// Number of priority operations that were ever asked for.
    pub operations: u64,
    /// Number of those that are executed.
    pub executed_operations: u64,
    /// Until when the next operation has to be executed: Ethereum's time, seconds.
    pub next_deadline: u64,
}

/// An upgrade transaction in force that is not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingUpgrade {
    /// Its hash.
    pub hash: B256,
    /// The committed batch that has it; 0 if none has.
    pub batch: u64,
}

impl L1View {
    /// Whether commit, prove and execute are paused at Ethereum's time.
    pub const fn is_paused(&self) -> bool {
        self.head.timestamp < self.paused_until
    }
}

impl SharedStatus {
    /// What is known now.
    pub fn get(&self) -> L1Status {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A value is replaced as a whole, so one that was left by a thread that died is good, too.
    pub(crate) fn change(&self, change: impl FnOnce(&mut L1Status)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

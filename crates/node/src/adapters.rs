//! The node's parts as the JSON-RPC server sees them.

use alloy_primitives::{Address, B256, Bytes};
use ashlar_batcher::{JobQueue, OpenJob, Progress};
use ashlar_ethereum::{L1Status, SharedStatus};
use ashlar_mempool::{AccountState, Accounts, Code, Content, Mempool, Rejection, Status};
use ashlar_rpc::{
    ContractProgress, Pool, PoolContent, PoolState, PoolStatus, PooledTransaction, Proving, ProvingJob,
    Refused, Settlement, SettlementProgress,
};
use ashlar_storage::{ChainRecords, StateDbError, Store, read_account, read_code};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{proofs::Proofs, settler::SettlerStatus};

/// Accounts after the last block that is written.
pub(crate) struct StoredAccounts<S>(pub(crate) Arc<S>);

impl<S: Store> Accounts for StoredAccounts<S> {
    fn account(&self, address: &Address) -> Result<AccountState, StateDbError> {
        let Some(record) = read_account(&self.0, address)? else { return Ok(AccountState::default()) };
        let code = read_code(&self.0, &record.code_hash)?;
        Ok(AccountState {
            nonce: record.nonce,
            balance: record.balance,
            code: code.map_or(Code::None, |code| Code::of(&code)),
        })
    }
}

/// The pool, as users reach it.
pub(crate) struct SharedPool<S> {
    pub(crate) pool: Mempool,
    pub(crate) accounts: StoredAccounts<S>,
}

impl<S: Store> Pool for SharedPool<S> {
    fn add(&self, bytes: Bytes) -> Result<B256, Refused> {
        // -32000 is what Ethereum's clients answer, and the text is what tools look at.
        let refused = |reason: Rejection| Refused { code: -32_000, message: reason.to_string() };
        self.pool.add(bytes, &self.accounts).map_err(refused)
    }

    fn get(&self, hash: &B256) -> Option<PooledTransaction> {
        self.pool.get(hash).map(|pooled| of(&pooled))
    }

    fn state(&self, hash: &B256) -> PoolState {
        match self.pool.status(hash) {
            Status::Pending => PoolState::Pending,
            Status::Queued => PoolState::Queued,
            Status::Rejected { reason, .. } => PoolState::Rejected { reason },
            Status::Unknown => PoolState::Unknown,
        }
    }

    fn pending_nonce(&self, address: &Address) -> Option<u64> {
        self.pool.pending_nonce(address)
    }

    fn status(&self) -> PoolStatus {
        let (pending, queued) = self.pool.counts();
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        PoolStatus { pending: number(pending), queued: number(queued) }
    }

    fn content(&self, sender: Option<&Address>, limit: usize) -> PoolContent {
        let Content { pending, queued } = match sender {
            Some(sender) => self.pool.content_of(sender),
            None => self.pool.content(limit),
        };
        PoolContent {
            pending: pending.values().flatten().map(|pooled| of(pooled)).collect(),
            queued: queued.values().flatten().map(|pooled| of(pooled)).collect(),
        }
    }
}

fn of(pooled: &ashlar_mempool::PooledTransaction) -> PooledTransaction {
    PooledTransaction { bytes: pooled.bytes.clone(), sender: pooled.sender }
}

/// How far Ethereum has the chain, as the watcher saw it, and how far proofs are.
pub(crate) struct Settled<S> {
    pub(crate) store: Arc<S>,
    pub(crate) ethereum: SharedStatus,
    pub(crate) queue: Arc<JobQueue<Arc<S>>>,
    pub(crate) proofs: Proofs,
    pub(crate) settling: SettlerStatus,
}

impl<S: Store> Settled<S> {
    /// The last block of a batch; the genesis block if there is none, or if it cannot be read: then less is called safe than is.
    fn last_block(&self, batch: u64) -> u64 {
        self.store.batch(batch).ok().flatten().map_or(0, |batch| batch.output.last_block)
    }
}

impl<S: Store> Settlement for Settled<S> {
    fn committed_block(&self) -> u64 {
        self.ethereum.get().view.map_or(0, |view| self.last_block(view.settlement.committed))
    }

    fn finalized_block(&self) -> u64 {
        self.ethereum.get().view.map_or(0, |view| self.last_block(view.executed_finalized.unwrap_or(0)))
    }

    fn progress(&self) -> SettlementProgress {
        let L1Status { view, last_seen, away, .. } = self.ethereum.get();
        let contract = view.as_ref().map(|view| ContractProgress {
            committed: view.settlement.committed,
            executed: view.settlement.executed,
            finalized: view.executed_finalized,
            operations: view.settlement.operations,
        });
        SettlementProgress {
            // A count that cannot be read is said to be none; who needs it fails with the reason.
            proven: self.queue.proven().unwrap_or(0),
            contract,
            l1_head: view.map(|view| view.head.number),
            l1_seen: last_seen,
            l1_error: away.map(|away| away.error),
            l1_held: self.settling.held(),
        }
    }

    fn proving(&self) -> Option<Proving> {
        let Progress { batch, phase, done, total, left } = self.proofs.current()?;
        Some(Proving { batch, phase: phase.to_string(), done, total, left })
    }

    fn jobs(&self) -> Vec<ProvingJob> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        // What cannot be read is not shown; who takes jobs fails with the reason.
        let jobs = self.queue.open_jobs(now).unwrap_or_default().into_iter();
        jobs.map(|OpenJob { batch, worker, failures }| ProvingJob { batch, worker, failures }).collect()
    }

    fn time_left(&self, batch: u64) -> Option<Duration> {
        if self.queue.proven().is_ok_and(|proven| batch <= proven) {
            return Some(Proofs::settle_time());
        }
        self.proofs.time_left(batch, |batch| Some(self.store.batch(batch).ok()??.cost))
    }
}

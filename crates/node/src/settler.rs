//! Settles proven batches on Ethereum, one after the other.

use crate::{held::Obstacle, stop::Stop};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use ashlar_batcher::{SettleError, extend_operation_tree, settle_call};
use ashlar_blobs::BlobError;
use ashlar_ethereum::{Class, Intent, L1View, Outcome, Progress, Sender, SenderError, SharedStatus};
use ashlar_settlement::OperationTree;
use ashlar_storage::{ChainError, ChainRecords, Store};
use ashlar_verifier::ProgramKey;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use thiserror::Error;
use tracing::{info, warn};

/// Longest pause after errors that pass by, and after refusals.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Why nothing is settled any more.
#[derive(Debug, Error)]
pub enum SettlerError {
    /// A record cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The call cannot be made.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The sender cannot go on.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The blobs cannot be made.
    #[error(transparent)]
    Blobs(#[from] BlobError),
}

impl SettlerError {
    fn class(&self) -> Class {
        match self {
            Self::Sender(error) => error.class(),
            _ => Class::Permanent,
        }
    }
}

/// What the settler does, for others. Copies are one.
#[derive(Clone, Debug, Default)]
pub struct SettlerStatus(Arc<Mutex<Said>>);

#[derive(Clone, Debug, Default)]
struct Said {
    progress: Option<Progress>,
    obstacle: Option<Obstacle>,
}

impl SettlerStatus {
    /// What the sender said last; `None` before it said anything.
    pub fn get(&self) -> Option<Progress> {
        self.said().progress.clone()
    }

    /// What keeps a proven batch from being settled, in words; `None` if nothing does.
    pub fn held(&self) -> Option<String> {
        self.said().obstacle.as_ref().map(Obstacle::to_string)
    }

    fn set(&self, progress: &Progress) {
        self.said().progress = Some(progress.clone());
    }

    /// Logs an obstacle once, and once that it is gone.
    fn hold(&self, obstacle: Option<Obstacle>) {
        let before = std::mem::replace(&mut self.said().obstacle, obstacle.clone());
        match (before, obstacle) {
            (Some(before), Some(now)) if before.is_like(&now) => {}
            (_, Some(now)) => warn!(reason = %now, "settling is held back"),
            (Some(_), None) => info!("settling is not held back any more"),
            (None, None) => {}
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Settles proven batches. What is to be done follows from what Ethereum has, and nothing else is remembered: whatever Ethereum
/// takes back is settled again.
pub struct Settler<S> {
    store: Arc<S>,
    sender: Sender<Arc<S>>,
    /// What Ethereum has.
    ethereum: SharedStatus,
    chain: Address,
    program: ProgramKey,
    operations: OperationTree,
    status: SettlerStatus,
    pause: Duration,
}

impl<S: Store> Settler<S> {
    /// Settles on the contract of `chain`, as the watcher's status says, with proofs of the guest with this key. What it does is in
    /// `status`.
    pub fn new(
        store: Arc<S>,
        sender: Sender<Arc<S>>,
        ethereum: SharedStatus,
        chain: Address,
        program: ProgramKey,
        pause: Duration,
        status: SettlerStatus,
    ) -> Self {
        let operations = OperationTree::default();
        Self { store, sender, ethereum, chain, program, operations, status, pause }
    }

    /// Settles until it is told to stop.
    pub fn run(mut self, stop: &Stop) -> Result<(), SettlerError> {
        let mut failures = 0u32;
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let is_in_vain = match self.step(now) {
                Ok(progress) => {
                    self.status.set(&progress);
                    // The call, and the cells of its blobs, are made anew each time.
                    matches!(progress, Progress::Done(Outcome::Refused { .. }))
                }
                Err(error) if error.class() == Class::Temporary => {
                    if failures == 0 {
                        warn!(%error, "nothing can be settled now; it is tried again");
                    }
                    true
                }
                Err(error) => return Err(error),
            };
            failures = if is_in_vain { failures.saturating_add(1) } else { 0 };
            if stop.wait(self.pause_after(failures)) {
                return Ok(());
            }
        }
    }

    /// Pause after so many steps in vain.
    fn pause_after(&self, failures: u32) -> Duration {
        match failures {
            0 => self.pause,
            _ => self.pause.saturating_mul(1 << failures.min(10)).min(BACKOFF_MAX),
        }
    }

    /// Looks after the transaction that waits, or sends the next one.
    pub fn step(&mut self, now: Duration) -> Result<Progress, SettlerError> {
        let progress = match self.sender.in_flight()? {
            Some(_) => self.sender.step(now)?,
            None => match self.next_batch()? {
                Some(batch) => self.settle(batch, now)?,
                None => Progress::Idle,
            },
        };
        if let Progress::Done(outcome) = &progress {
            tell(outcome);
        }
        // While Ethereum does not answer, what was in the way is so still; its status says the rest.
        if self.ethereum.get().away.is_none() {
            let obstacle = match Obstacle::of(&progress) {
                None if progress == Progress::Idle => self.pause_of_contract()?,
                obstacle => obstacle,
            };
            self.status.hold(obstacle);
        }
        Ok(progress)
    }

    /// The pause of the contract, if a batch waits for its end.
    fn pause_of_contract(&self) -> Result<Option<Obstacle>, SettlerError> {
        let Some(view) = self.ethereum.get().view.filter(L1View::is_paused) else { return Ok(None) };
        let waits = self.store.proof(view.settlement.executed.saturating_add(1))?.is_some();
        Ok(waits.then_some(Obstacle::Paused(view.paused_until)))
    }

    /// The batch that Ethereum is to have next, if it is proven.
    fn next_batch(&self) -> Result<Option<u64>, SettlerError> {
        let status = self.ethereum.get();
        let Some(view) = status.view.filter(|view| status.away.is_none() && !view.is_paused()) else {
            return Ok(None);
        };
        let batch = view.settlement.executed.saturating_add(1);
        Ok(self.store.proof(batch)?.map(|_| batch))
    }

    fn settle(&mut self, batch: u64, now: Duration) -> Result<Progress, SettlerError> {
        let settled = self.settle_call(batch).or_else(|error| match error {
            // Ethereum took operations back since the tree was begun.
            SettleError::OtherOperations(_) | SettleError::Queue(_) => {
                self.operations = OperationTree::default();
                self.settle_call(batch)
            }
            error => Err(error),
        })?;
        let data = settled.call.abi_encode().into();
        let intent = Intent {
            key: format!("settle batch {batch}").into_bytes(),
            to: self.chain,
            data,
            value: U256::ZERO,
            gas_limit: None,
            sidecar: settled.into_sidecar()?,
        };
        Ok(self.sender.send(intent, now)?)
    }

    fn settle_call(&mut self, batch: u64) -> Result<ashlar_batcher::Settlement, SettleError> {
        extend_operation_tree(&self.store, &mut self.operations)?;
        settle_call(&self.store, batch, &self.operations, self.program)
    }
}

fn tell(outcome: &Outcome) {
    let name = |key: &[u8]| String::from_utf8_lossy(key).into_owned();
    match outcome {
        Outcome::Confirmed { key, receipt } => {
            info!(what = name(key), transaction = %receipt.transaction_hash, gas = receipt.gas_used(), "Ethereum has it");
        }
        Outcome::Reverted { key, hash, reason } => {
            warn!(what = name(key), transaction = %hash, reason, "the transaction failed; it is tried again");
        }
        // It is held back, which is told once.
        Outcome::Refused { .. } => {}
        Outcome::Foreign { key, nonce } => {
            warn!(
                what = name(key),
                nonce, "another program used this account's nonce; the account must be this node's alone"
            );
        }
    }
}

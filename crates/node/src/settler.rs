//! Settles proven batches on Ethereum, one after the other.

use crate::stop::Stop;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use ashlar_batcher::{SettleError, extend_operation_tree, settle_call};
use ashlar_blobs::BlobError;
use ashlar_ethereum::{Class, Intent, Outcome, Progress, Sender, SenderError, SharedStatus};
use ashlar_settlement::OperationTree;
use ashlar_storage::{ChainError, ChainRecords, Store};
use ashlar_verifier::ProgramKey;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use thiserror::Error;
use tracing::{info, warn};

/// Longest pause after errors that pass by.
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
pub struct SettlerStatus(Arc<Mutex<Option<Progress>>>);

impl SettlerStatus {
    /// What the sender said last; `None` before it said anything.
    pub fn get(&self) -> Option<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, progress: &Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress.clone());
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
    /// Settles on the contract of `chain`, as the watcher's status says, with proofs of the guest with this key.
    pub fn new(
        store: Arc<S>,
        sender: Sender<Arc<S>>,
        ethereum: SharedStatus,
        chain: Address,
        program: ProgramKey,
        pause: Duration,
    ) -> Self {
        let (operations, status) = Default::default();
        Self { store, sender, ethereum, chain, program, operations, status, pause }
    }

    /// What it does, for others.
    pub fn status(&self) -> SettlerStatus {
        self.status.clone()
    }

    /// Settles until it is told to stop.
    pub fn run(mut self, stop: &Stop) -> Result<(), SettlerError> {
        let mut failures = 0u32;
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let pause = match self.step(now) {
                Ok(progress) => {
                    failures = 0;
                    self.status.set(&progress);
                    self.pause
                }
                Err(error) if error.class() == Class::Temporary => {
                    if failures == 0 {
                        warn!(%error, "nothing can be settled now; it is tried again");
                    }
                    failures = failures.saturating_add(1);
                    self.pause.saturating_mul(1 << failures.min(10)).min(BACKOFF_MAX)
                }
                Err(error) => return Err(error),
            };
            if stop.wait(pause) {
                return Ok(());
            }
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
        Ok(progress)
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
        Outcome::Refused { key, reason } => {
            warn!(what = name(key), reason, "the contract refuses it now; it is tried again");
        }
        Outcome::Foreign { key, nonce } => {
            warn!(
                what = name(key),
                nonce, "another program used this account's nonce; the account must be this node's alone"
            );
        }
    }
}

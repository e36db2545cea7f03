//! Where a worker's jobs come from.

use ashlar_primitives::rollup::RollupConfig;
use ashlar_storage::{ChainRecords, Store};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use thiserror::Error;

use crate::{
    jobs::{Finish, Job, JobError, JobQueue},
    make::{MakeError, batch_input},
};

/// A job with the batch's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The job.
    pub job: Job,
    /// The encoded input (`specs/023-settlement.md`, "Batch input, version 2").
    pub input: Vec<u8>,
}

/// Why jobs cannot be had.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The queue failed.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The input cannot be made.
    #[error("the input of batch {batch} cannot be made: {reason}")]
    Input {
        /// The batch.
        batch: u64,
        /// Why.
        reason: MakeError,
    },
    /// The queue is in another process, which cannot be asked. It may be there again later.
    #[error("asking for jobs: {0}")]
    Remote(String),
    /// The queue is in another process, whose token is another.
    #[error("the node refuses the token")]
    Token,
    /// The clock of this machine is before 1970.
    #[error("the clock of this machine is before 1970: set it")]
    Clock,
}

/// What a worker asks for.
pub trait JobSource {
    /// A job for this worker, if there is one.
    fn take(&self, worker: &str) -> Result<Option<Order>, SourceError>;

    /// The worker is still at it.
    fn renew(&self, worker: &str, job: &Job) -> Result<(), SourceError>;

    /// The worker gives it back.
    fn release(&self, worker: &str, job: &Job) -> Result<(), SourceError>;

    /// The worker could not do it.
    fn fail(&self, worker: &str, job: &Job, reason: &str) -> Result<(), SourceError>;

    /// The worker has a proof.
    fn finish(&self, worker: &str, job: &Job, proof: &[u8]) -> Result<Finish, SourceError>;
}

/// Jobs of a queue in this process, by this machine's clock.
pub struct LocalJobs<S> {
    queue: Arc<JobQueue<S>>,
    store: S,
    config: RollupConfig,
}

impl<S: Store> LocalJobs<S> {
    /// Of the queue over this store.
    pub const fn new(queue: Arc<JobQueue<S>>, store: S, config: RollupConfig) -> Self {
        Self { queue, store, config }
    }
}

impl<S: Store> JobSource for LocalJobs<S> {
    fn take(&self, worker: &str) -> Result<Option<Order>, SourceError> {
        let Some(job) = self.queue.take(worker, now()?)? else { return Ok(None) };
        let batch = job.key.batch;
        let record = self.store.batch(batch).map_err(JobError::from)?.ok_or(JobError::NoBatch(batch))?;
        let input = batch_input(&self.store, &self.config, &record);
        let input = input.and_then(|input| Ok(input.borrow().encode()?));
        match input {
            Ok(input) => Ok(Some(Order { job, input })),
            Err(reason) => {
                // Without an input nobody can prove it: that is for whoever runs the queue.
                self.queue.fail(worker, job.key, job.lease, &reason.to_string(), now()?)?;
                Err(SourceError::Input { batch, reason })
            }
        }
    }

    fn renew(&self, worker: &str, job: &Job) -> Result<(), SourceError> {
        self.queue.renew(worker, job.key, job.lease, now()?)?;
        Ok(())
    }

    fn release(&self, worker: &str, job: &Job) -> Result<(), SourceError> {
        Ok(self.queue.release(worker, job.key, job.lease, now()?)?)
    }

    fn fail(&self, worker: &str, job: &Job, reason: &str) -> Result<(), SourceError> {
        Ok(self.queue.fail(worker, job.key, job.lease, reason, now()?)?)
    }

    fn finish(&self, worker: &str, job: &Job, proof: &[u8]) -> Result<Finish, SourceError> {
        Ok(self.queue.finish(worker, job.key, proof, now()?)?)
    }
}

/// Seconds since the Unix epoch.
fn now() -> Result<u64, SourceError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| SourceError::Clock)?;
    Ok(since.as_secs())
}

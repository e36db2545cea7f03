//! Who proves which batch.

mod record;

#[cfg(test)]
mod tests;

pub use record::Failure;

use alloy_primitives::B256;
use ashlar_primitives::rollup::RollupOutput;
use ashlar_storage::{ChainError, ChainRecords, Changes, Damaged, Store, StoreError, Table};
use record::JobRecord;
use std::{
    ops::RangeInclusive,
    sync::{Mutex, MutexGuard, PoisonError},
};
use thiserror::Error;

use crate::guest::{DamagedGuest, ProofVerifier};

/// Name of the value that has the number of the last batch up to which all are proven.
const PROVEN: &[u8] = b"proven_batches";

/// Most bytes of a worker's name.
const NAME_BYTES_MAX: usize = 64;

/// How jobs are given out. Times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobSettings {
    /// How long a worker has a job without saying that it is still at it.
    pub lease: u64,
    /// Failures of a worker at a job after which it has to leave that to others.
    pub failures_max: u64,
    /// For how long.
    pub pause: u64,
    /// Batches that are proven at once, from the first one that is not.
    pub ahead: u64,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self { lease: 600, failures_max: 3, pause: 600, ahead: 64 }
    }
}

/// Which job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobKey {
    /// Number of the batch.
    pub batch: u64,
    /// Protocol version: another one has another program.
    pub version: u32,
}

impl JobKey {
    fn bytes(self) -> Vec<u8> {
        [self.batch.to_be_bytes().as_slice(), &self.version.to_be_bytes()].concat()
    }
}

/// A batch to be proven, leased to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub key: JobKey,
    /// Number of the lease. Another worker's has another one.
    pub lease: u64,
    /// Until when, seconds since the Unix epoch.
    pub expires: u64,
    /// What is to be proven of the batch.
    pub output: RollupOutput,
}

/// How it is with the proof of a batch that somebody has been at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenJob {
    /// Number of the batch.
    pub batch: u64,
    /// Who is at it now.
    pub worker: Option<String>,
    /// How often workers failed at it, as far as that is remembered.
    pub failures: u64,
}

/// What became of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It is good, and kept.
    Stored,
    /// The batch was proven before; this proof was not looked at.
    Known,
    /// It is no proof of the batch.
    Refused {
        /// Why.
        reason: String,
    },
}

/// Why a job is not given out or taken back.
#[derive(Debug, Error)]
pub enum JobError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record of the chain cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A record of a job does not decode.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// There is no such batch.
    #[error("batch {0} is not in the database")]
    NoBatch(u64),
    /// The job is of another protocol version than is proven here.
    #[error("the job is of protocol version {found}, and batches of version {expected} are proven here")]
    Version {
        /// Of the job.
        found: u32,
        /// Of the queue.
        expected: u32,
    },
    /// The worker does not have the job, any more.
    #[error("the lease of batch {0} has ended, and the job may be another worker's")]
    Lost(u64),
    /// A name that a worker cannot have.
    #[error("a worker's name has 1 to 64 letters, digits, dots, hyphens or underscores")]
    Name,
}

/// Judges a proof of the output with this hash.
type Judge = dyn Fn(&B256, &[u8]) -> Result<(), String> + Send + Sync;

/// The batches that are to be proven, lowest first, each by one worker at a time. Whatever a worker says, a proof is kept only if it
/// verifies. One queue over a store; time is an argument, in seconds since the Unix epoch.
pub struct JobQueue<S> {
    store: S,
    version: u32,
    settings: JobSettings,
    judge: Box<Judge>,
    /// Held from reading a record to writing it.
    writer: Mutex<()>,
}

impl<S: Store> JobQueue<S> {
    /// The queue of a store's batches, for a chain of this protocol version.
    pub fn new(store: S, version: u32, settings: JobSettings) -> Result<Self, DamagedGuest> {
        let verifier = ProofVerifier::of_batches()?;
        let judge = move |output: &B256, proof: &[u8]| {
            verifier.verify(output, proof).map_err(|refused| refused.to_string())
        };
        Ok(Self { store, version, settings, judge: Box::new(judge), writer: Mutex::new(()) })
    }

    /// Leases the lowest batch that is not proven and that nobody is at. A worker that has one gets that again, as one that was
    /// started again does: names must differ.
    pub fn take(&self, worker: &str, now: u64) -> Result<Option<Job>, JobError> {
        check_name(worker)?;
        let _writing = self.writing();
        let mut free = None;
        for batch in self.given_out()? {
            let key = JobKey { batch, version: self.version };
            if self.store.proof(batch)?.is_some() {
                continue;
            }
            let record = JobRecord::read(&self.store, key)?;
            if record.is_leased(now) && record.owner == worker {
                return self.lease(key, JobRecord { expires: self.expiry(now), ..record }).map(Some);
            }
            let JobSettings { failures_max, pause, .. } = self.settings;
            if free.is_none() && !record.is_leased(now) && !record.bars(worker, now, failures_max, pause) {
                free = Some((key, record));
            }
        }
        let Some((key, record)) = free else { return Ok(None) };
        let (lease, expires) = (record.lease.saturating_add(1), self.expiry(now));
        self.lease(key, JobRecord { lease, owner: worker.to_owned(), expires, ..record }).map(Some)
    }

    fn lease(&self, key: JobKey, record: JobRecord) -> Result<Job, JobError> {
        let batch = self.store.batch(key.batch)?.ok_or(JobError::NoBatch(key.batch))?;
        self.write(key, &record)?;
        Ok(Job { key, lease: record.lease, expires: record.expires, output: batch.output })
    }

    /// A worker is still at a job; until when it has it now.
    pub fn renew(&self, worker: &str, job: JobKey, lease: u64, now: u64) -> Result<u64, JobError> {
        let _writing = self.writing();
        let record = self.held(worker, job, lease, now)?;
        let expires = self.expiry(now);
        self.write(job, &JobRecord { expires, ..record })?;
        Ok(expires)
    }

    /// A worker gives a job back without a reason, to be taken by anybody.
    pub fn release(&self, worker: &str, job: JobKey, lease: u64, now: u64) -> Result<(), JobError> {
        let _writing = self.writing();
        let record = self.held(worker, job, lease, now)?;
        self.write(job, &JobRecord { expires: 0, ..record })
    }

    /// A worker could not prove a batch.
    pub fn fail(
        &self,
        worker: &str,
        job: JobKey,
        lease: u64,
        reason: &str,
        now: u64,
    ) -> Result<(), JobError> {
        let _writing = self.writing();
        let mut record = self.held(worker, job, lease, now)?;
        record.failed(worker, reason, now, self.settings.pause);
        self.write(job, &JobRecord { expires: 0, ..record })
    }

    /// A worker's proof, from whoever it comes: also one that comes late counts if it is good and the first. One that is not counts as
    /// a failure of the worker, and its lease ends.
    pub fn finish(&self, worker: &str, job: JobKey, proof: &[u8], now: u64) -> Result<Finish, JobError> {
        check_name(worker)?;
        self.check_version(job)?;
        let batch = self.store.batch(job.batch)?.ok_or(JobError::NoBatch(job.batch))?;
        if self.store.proof(job.batch)?.is_some() {
            return Ok(Finish::Known);
        }
        // Nobody waits while it is verified.
        let judged = (self.judge)(&batch.output.hash(), proof);
        let _writing = self.writing();
        if self.store.proof(job.batch)?.is_some() {
            return Ok(Finish::Known);
        }
        let Err(reason) = judged else {
            self.keep(job, proof)?;
            return Ok(Finish::Stored);
        };
        let mut record = JobRecord::read(&self.store, job)?;
        record.failed(worker, &reason, now, self.settings.pause);
        if record.owner == worker {
            record.expires = 0;
        }
        self.write(job, &record)?;
        Ok(Finish::Refused { reason })
    }

    /// Writes a proof that is good, ends the job, and counts on.
    fn keep(&self, job: JobKey, proof: &[u8]) -> Result<(), JobError> {
        let mut proven = self.proven()?;
        while proven.saturating_add(1) == job.batch || self.store.proof(proven.saturating_add(1))?.is_some() {
            proven = proven.saturating_add(1);
        }
        let mut changes = Changes::default();
        changes.put(Table::Proofs, job.batch.to_be_bytes(), proof);
        changes.remove(Table::Jobs, job.bytes());
        changes.put(Table::Meta, PROVEN, proven.to_be_bytes());
        Ok(self.store.write(changes)?)
    }

    /// Number of the last batch up to which all are proven; 0 if the first one is not.
    pub fn proven(&self) -> Result<u64, JobError> {
        let Some(bytes) = self.store.get(Table::Meta, PROVEN)? else { return Ok(0) };
        let number = <[u8; 8]>::try_from(bytes).map(u64::from_be_bytes);
        number.map_err(|_| Damaged::new(Table::Meta, "the number of proven batches").into())
    }

    /// Who is at a job now, and who has failed at it, oldest first.
    pub fn state(&self, job: JobKey, now: u64) -> Result<(Option<String>, Vec<Failure>), JobError> {
        let record = JobRecord::read(&self.store, job)?;
        let owner = record.is_leased(now).then_some(record.owner);
        Ok((owner, record.failures))
    }

    /// The jobs that somebody is at, or was without a proof, lowest first.
    pub fn open_jobs(&self, now: u64) -> Result<Vec<OpenJob>, JobError> {
        let mut jobs = Vec::new();
        for batch in self.given_out()? {
            let record = JobRecord::read(&self.store, JobKey { batch, version: self.version })?;
            if record.lease > 0 && self.store.proof(batch)?.is_none() {
                let worker = record.is_leased(now).then_some(record.owner);
                let failures = record.failures.iter().map(|failure| failure.count).sum();
                jobs.push(OpenJob { batch, worker, failures });
            }
        }
        Ok(jobs)
    }

    /// The batches that may be taken, and those among them that are proven.
    fn given_out(&self) -> Result<RangeInclusive<u64>, JobError> {
        let first = self.proven()?.saturating_add(1);
        let last = first.saturating_add(self.settings.ahead).saturating_sub(1);
        Ok(first..=self.store.last_batch()?.min(last))
    }

    /// The record of a job that a worker has.
    fn held(&self, worker: &str, job: JobKey, lease: u64, now: u64) -> Result<JobRecord, JobError> {
        self.check_version(job)?;
        let record = JobRecord::read(&self.store, job)?;
        let is_held = record.is_leased(now) && record.owner == worker && record.lease == lease;
        if is_held { Ok(record) } else { Err(JobError::Lost(job.batch)) }
    }

    const fn check_version(&self, job: JobKey) -> Result<(), JobError> {
        let (found, expected) = (job.version, self.version);
        if found == expected { Ok(()) } else { Err(JobError::Version { found, expected }) }
    }

    const fn expiry(&self, now: u64) -> u64 {
        now.saturating_add(self.settings.lease)
    }

    fn write(&self, job: JobKey, record: &JobRecord) -> Result<(), JobError> {
        let mut changes = Changes::default();
        record.put(job, &mut changes);
        Ok(self.store.write(changes)?)
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        // It guards nothing that a thread could leave half changed: writes are whole.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_name(worker: &str) -> Result<(), JobError> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_name = (1..=NAME_BYTES_MAX).contains(&worker.len()) && worker.bytes().all(is_good);
    if is_name { Ok(()) } else { Err(JobError::Name) }
}

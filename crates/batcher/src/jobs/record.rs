//! What is kept of a job.

use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use ashlar_storage::{Changes, Damaged, Store, Table};

use super::{JobError, JobKey};

/// Workers whose failures are remembered of one job; the longest ago are forgotten.
const FAILURES_MAX: usize = 16;

/// Most bytes of a reason.
const REASON_BYTES_MAX: usize = 512;

/// What is kept of a job that was ever taken and is not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct JobRecord {
    /// Number of the last lease: 1 for the first.
    pub(super) lease: u64,
    /// Who has it.
    pub(super) owner: String,
    /// Until when, seconds since the Unix epoch; 0 if it was given back.
    pub(super) expires: u64,
    /// Failures of workers.
    pub(super) failures: Vec<Failure>,
}

/// Failures of one worker at one job.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Failure {
    /// The worker.
    pub worker: String,
    /// How many, since it last was at rest.
    pub count: u64,
    /// When the last one was, seconds since the Unix epoch.
    pub last: u64,
    /// Why the last one was.
    pub reason: String,
}

impl JobRecord {
    pub(super) fn read<S: Store>(store: &S, key: JobKey) -> Result<Self, JobError> {
        let Some(bytes) = store.get(Table::Jobs, &key.bytes())? else { return Ok(Self::default()) };
        let mut rest = bytes.as_slice();
        let record = Self::decode(&mut rest).ok().filter(|_| rest.is_empty());
        record.ok_or_else(|| Damaged::new(Table::Jobs, format!("the job of batch {}", key.batch)).into())
    }

    pub(super) fn put(&self, key: JobKey, changes: &mut Changes) {
        changes.put(Table::Jobs, key.bytes(), alloy_rlp::encode(self));
    }

    /// Whether somebody has it.
    pub(super) const fn is_leased(&self, now: u64) -> bool {
        now < self.expires
    }

    /// Notes a failure.
    pub(super) fn failed(&mut self, worker: &str, reason: &str, now: u64, pause: u64) {
        let reason: String = reason.chars().take(REASON_BYTES_MAX / 4).collect();
        match self.failures.iter_mut().find(|failure| failure.worker == worker) {
            Some(failure) => {
                let rested = now >= failure.last.saturating_add(pause);
                failure.count = if rested { 1 } else { failure.count.saturating_add(1) };
                (failure.last, failure.reason) = (now, reason);
            }
            None => self.failures.push(Failure { worker: worker.to_owned(), count: 1, last: now, reason }),
        }
        self.failures.sort_by_key(|failure| failure.last);
        let surplus = self.failures.len().saturating_sub(FAILURES_MAX);
        self.failures.drain(..surplus);
    }

    /// Whether a worker that has failed so often has to leave it to others for a while.
    pub(super) fn bars(&self, worker: &str, now: u64, failures_max: u64, pause: u64) -> bool {
        let failure = self.failures.iter().find(|failure| failure.worker == worker);
        failure
            .is_some_and(|failure| failure.count >= failures_max && now < failure.last.saturating_add(pause))
    }
}

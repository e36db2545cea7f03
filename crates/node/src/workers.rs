//! Jobs for workers in other processes.

use ashlar_batcher::{Finish, Job, JobServer, JobSource, Order, ServerError, SourceError};
use std::time::Duration;
use tracing::{info, warn};

use crate::stop::Stop;

/// Time between two looks at the server.
const INTERVAL: Duration = Duration::from_millis(250);

/// Keeps a server until it is told to stop.
pub(crate) fn run(server: JobServer, stop: &Stop) -> Result<(), ServerError> {
    while !stop.wait(INTERVAL) && !server.has_ended() {}
    server.stop()
}

/// Jobs, with what workers do with them in the log.
pub(crate) struct Logged<J>(pub(crate) J);

impl<J: JobSource> JobSource for Logged<J> {
    fn take(&self, worker: &str) -> Result<Option<Order>, SourceError> {
        let order = self.0.take(worker)?;
        if let Some(Order { job, .. }) = &order {
            info!(batch = job.key.batch, worker, "a worker has taken a batch");
        }
        Ok(order)
    }

    fn renew(&self, worker: &str, job: &Job) -> Result<(), SourceError> {
        self.0.renew(worker, job)
    }

    fn release(&self, worker: &str, job: &Job) -> Result<(), SourceError> {
        self.0.release(worker, job)?;
        info!(batch = job.key.batch, worker, "a worker has given a batch back");
        Ok(())
    }

    fn fail(&self, worker: &str, job: &Job, reason: &str) -> Result<(), SourceError> {
        self.0.fail(worker, job, reason)?;
        warn!(batch = job.key.batch, worker, reason, "a batch is not proven; it is tried again");
        Ok(())
    }

    fn finish(&self, worker: &str, job: &Job, proof: &[u8]) -> Result<Finish, SourceError> {
        let finish = self.0.finish(worker, job, proof)?;
        let batch = job.key.batch;
        match &finish {
            Finish::Stored => info!(batch, worker, "a batch is proven"),
            Finish::Known => info!(batch, worker, "a worker has proven what was proven already"),
            Finish::Refused { reason } => warn!(batch, worker, reason, "a worker's proof is refused"),
        }
        Ok(finish)
    }
}

//! Jobs of a queue in another process.

use std::time::Duration;
use ureq::Agent;

use super::{
    token::Token,
    wire::{self, JobRlp, Request, path},
};
use crate::{
    jobs::{Finish, Job, JobError},
    source::{JobSource, Order, SourceError},
};

/// Most bytes of an answer: a batch's input.
const ANSWER_BYTES_MAX: u64 = 1 << 28;

/// How long an answer may take: the server makes the input of a batch.
const ANSWER_TIME: Duration = Duration::from_secs(300);

/// Status codes.
const NO_CONTENT: u16 = 204;
const UNAUTHORIZED: u16 = 401;
const CONFLICT: u16 = 409;

/// Jobs that a [`super::JobServer`] gives out.
#[derive(Debug)]
pub struct RemoteJobs {
    agent: Agent,
    url: String,
    token: Token,
}

impl RemoteJobs {
    /// Of the server with this URL.
    pub fn new(url: &str, token: Token) -> Self {
        let config =
            Agent::config_builder().timeout_global(Some(ANSWER_TIME)).http_status_as_error(false).build();
        Self { agent: config.into(), url: url.trim_end_matches('/').to_owned(), token }
    }

    /// The answer to a request, if it has one.
    fn ask(&self, path: &str, request: &Request) -> Result<Option<Vec<u8>>, SourceError> {
        let failed = |error: ureq::Error| SourceError::Remote(error.to_string());
        let sent = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("Authorization", self.token.header())
            .send(alloy_rlp::encode(request));
        let mut response = sent.map_err(failed)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(failed)?;
        match status {
            200 => Ok(Some(body)),
            NO_CONTENT => Ok(None),
            UNAUTHORIZED => Err(SourceError::Token),
            CONFLICT => {
                let batch = request.job.first().and_then(JobRlp::job).map_or(0, |job| job.key.batch);
                Err(JobError::Lost(batch).into())
            }
            _ => {
                let reason = String::from_utf8_lossy(body.get(..512).unwrap_or(&body)).into_owned();
                Err(SourceError::Remote(format!("status {status} {reason}").trim_end().to_owned()))
            }
        }
    }

    fn about(worker: &str, job: &Job) -> Request {
        Request { worker: worker.to_owned(), job: vec![job.into()], ..Request::default() }
    }
}

fn unreadable() -> SourceError {
    SourceError::Remote("the answer does not decode".into())
}

impl JobSource for RemoteJobs {
    fn take(&self, worker: &str) -> Result<Option<Order>, SourceError> {
        let answer = self.ask(path::TAKE, &Request { worker: worker.to_owned(), ..Request::default() })?;
        answer.map(|answer| wire::decode_order(&answer).ok_or_else(unreadable)).transpose()
    }

    fn renew(&self, worker: &str, job: &Job) -> Result<(), SourceError> {
        self.ask(path::RENEW, &Self::about(worker, job)).map(|_| ())
    }

    fn release(&self, worker: &str, job: &Job) -> Result<(), SourceError> {
        self.ask(path::RELEASE, &Self::about(worker, job)).map(|_| ())
    }

    fn fail(&self, worker: &str, job: &Job, reason: &str) -> Result<(), SourceError> {
        let reason = reason.chars().take(512).collect();
        self.ask(path::FAIL, &Request { reason, ..Self::about(worker, job) }).map(|_| ())
    }

    fn finish(&self, worker: &str, job: &Job, proof: &[u8]) -> Result<Finish, SourceError> {
        let proof = proof.to_vec().into();
        let answer = self.ask(path::FINISH, &Request { proof, ..Self::about(worker, job) })?;
        answer.and_then(|answer| wire::decode_finish(&answer)).ok_or_else(unreadable)
    }
}

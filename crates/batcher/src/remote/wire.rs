//! What workers and server say to each other: RLP in the bodies of HTTP requests.

use alloy_primitives::Bytes;
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use ashlar_primitives::rollup::RollupOutput;

use crate::{
    jobs::{Finish, Job, JobKey},
    source::Order,
};

/// What a worker can ask for, and its path.
pub(super) mod path {
    pub(crate) const TAKE: &str = "/take";
    pub(crate) const RENEW: &str = "/renew";
    pub(crate) const RELEASE: &str = "/release";
    pub(crate) const FAIL: &str = "/fail";
    pub(crate) const FINISH: &str = "/finish";
}

/// A worker's request. Fields that a path has no use for are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct Request {
    pub(super) worker: String,
    /// Empty for a request to take one.
    pub(super) job: Vec<JobRlp>,
    pub(super) reason: String,
    pub(super) proof: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct JobRlp {
    batch: u64,
    version: u32,
    lease: u64,
    expires: u64,
    output: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
struct OrderRlp {
    job: JobRlp,
    input: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
struct FinishRlp {
    /// 0 stored, 1 known, 2 refused.
    what: u8,
    reason: String,
}

impl From<&Job> for JobRlp {
    fn from(job: &Job) -> Self {
        Self {
            batch: job.key.batch,
            version: job.key.version,
            lease: job.lease,
            expires: job.expires,
            output: job.output.encode().into(),
        }
    }
}

impl JobRlp {
    pub(super) fn job(&self) -> Option<Job> {
        Some(Job {
            key: JobKey { batch: self.batch, version: self.version },
            lease: self.lease,
            expires: self.expires,
            output: RollupOutput::decode(&self.output).ok()?,
        })
    }
}

pub(super) fn encode_order(order: &Order) -> Vec<u8> {
    alloy_rlp::encode(OrderRlp { job: (&order.job).into(), input: order.input.clone().into() })
}

pub(super) fn decode_order(bytes: &[u8]) -> Option<Order> {
    let order: OrderRlp = decode(bytes)?;
    Some(Order { job: order.job.job()?, input: order.input.to_vec() })
}

pub(super) fn encode_finish(finish: &Finish) -> Vec<u8> {
    let (what, reason) = match finish {
        Finish::Stored => (0, String::new()),
        Finish::Known => (1, String::new()),
        Finish::Refused { reason } => (2, reason.clone()),
    };
    alloy_rlp::encode(FinishRlp { what, reason })
}

pub(super) fn decode_finish(bytes: &[u8]) -> Option<Finish> {
    let FinishRlp { what, reason } = decode(bytes)?;
    match what {
        0 => Some(Finish::Stored),
        1 => Some(Finish::Known),
        2 => Some(Finish::Refused { reason }),
        _ => None,
    }
}

/// A value whose RLP are all these bytes.
pub(super) fn decode<T: Decodable>(mut bytes: &[u8]) -> Option<T> {
    let value = T::decode(&mut bytes).ok()?;
    bytes.is_empty().then_some(value)
}

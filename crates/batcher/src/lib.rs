#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod data;
mod guest;
mod jobs;
mod limits;
mod make;
mod progress;
mod pubdata;
mod remote;
mod sealer;
mod settle;
mod source;
mod worker;

pub use data::{DataPolicy, DataWay, Prices, calldata_room};
pub use guest::{DamagedGuest, ProofVerifier, RefusedBatchProof, circuit_keys, rollup_key, rollup_program};
pub use jobs::{Failure, Finish, Job, JobError, JobKey, JobQueue, JobSettings, OpenJob};
pub use limits::{BatchLimits, BatchUse, BlockBudget, Limit, OPERATIONS_MAX};
pub use make::{MadeBatch, MakeError, batch_input, make_batch};
pub use progress::{Phase, Progress};
pub use remote::{JobServer, RemoteJobs, ServerError, Token, TokenError};
pub use sealer::{SealError, SealReason, SealSettings, SealStep, Sealer};
pub use settle::{SettleError, Settlement, extend_operation_tree, operation_tree, settle_call};
pub use source::{JobSource, LocalJobs, Order, SourceError};
pub use worker::{WorkStep, Worker, WorkerError};

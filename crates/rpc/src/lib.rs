#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod api;
mod arguments;
mod ashlar;
mod batches;
mod blocks;
mod call;
mod debug;
mod error;
mod eth;
mod filters;
mod heads;
mod json;
mod limits;
mod logs;
mod methods;
mod net;
mod node;
mod origins;
mod overrides;
mod server;
mod txpool;

pub use heads::Heads;
pub use limits::Limits;
pub use node::{
    ChainDetails, ContractProgress, L1Contracts, Node, Pool, PoolContent, PoolState, PoolStatus,
    PooledTransaction, Proving, ProvingJob, Refused, Settlement, SettlementProgress,
};
pub use server::{Server, Settings, StartError};

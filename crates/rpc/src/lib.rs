#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod api;
mod arguments;
mod error;
mod eth;
mod heads;
mod json;
mod limits;
mod methods;
mod node;
mod origins;
mod server;

pub use heads::Heads;
pub use limits::Limits;
pub use node::{Node, Pool, PoolContent, PoolStatus, PooledTransaction, Refused, Settlement};
pub use server::{Server, Settings, StartError};

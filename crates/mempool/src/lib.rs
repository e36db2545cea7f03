#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod account;
mod best;
mod check;
mod journal;
mod limits;
mod pool;
mod reasons;
mod record;
mod rejection;
mod room;
mod sender;
mod state;
mod transaction;

pub use account::{AccountState, Accounts, Changed, Code, StoreAccounts};
pub use best::Best;
pub use journal::JournalError;
pub use limits::Limits;
pub use pool::{Content, Mempool, Status};
pub use rejection::Rejection;
pub use transaction::PooledTransaction;

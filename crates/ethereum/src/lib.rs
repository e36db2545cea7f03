#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod account;
mod chain;
mod client;
mod deploy;
mod fees;
mod records;
mod revert;
mod sender;
mod status;
#[cfg(any(test, feature = "test-utils"))]
pub mod test_utils;
mod wallet;
mod watcher;

pub use account::{Account, AccountError, SignedTransaction, TransactionFields, Unsigned};
pub use chain::{
    BlockAt, CallError, Header, Log, Receipt, TRANSACTION_GAS_MAX, contract_call, contract_result,
};
pub use client::{Call, Class, Client, ClientError, Limits, Place, RpcError};
pub use deploy::{DeployError, DeployParameters, DeployedChain, ETHER, deploy};
pub use fees::{FeeError, FeeLimits, Fees, Market, WEI_PER_GWEI, gwei};
pub use records::RecordError;
pub use revert::revert_reason;
pub use sender::{Held, Intent, Outcome, Progress, Sender, SenderError, SenderSettings, Trouble};
pub use status::{Away, L1Status, L1View, PendingUpgrade, Settlement, SharedStatus};
pub use wallet::{Wallet, WalletError};
pub use watcher::{OperationsLock, Watcher, WatcherError, WatcherSettings, WatcherStep};

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod amount;
mod chain;
mod claim;
mod deposit;
mod error;
mod finality;
mod message;
mod node;
mod proof;
mod receipt;
mod recover;
#[cfg(any(test, feature = "test-utils"))]
pub mod test_utils;
mod token;
mod wait;
mod withdrawal;

pub use amount::{AmountError, format_units, parse_units};
pub use ashlar_settlement::ETHER;
pub use chain::{Chain, ConnectError, OtherChain};
pub use claim::{Claim, ClaimError, WithdrawalStatus};
pub use deposit::{
    DepositError, DepositFailure, DepositPlan, DepositRequest, DepositResult, DepositStep, Deposited,
    Spending,
};
pub use error::ReadError;
pub use finality::Finality;
pub use message::Stage;
pub use node::{
    BatchFacts, Blocks, ChainFacts, Contracts, Included, L1, LogAnswer, MessageAnswer, Node, NodeStage,
    OperationAnswer, OverLimit, Predeploys, Proving, ProvingJob, Status, TransactionAnswer, TransactionPlace,
    WithdrawalAnswer,
};
pub use proof::{LogProof, ProofError};
pub use recover::{RecoverError, Recovery, TokenDeposit};
pub use token::Token;
pub use wait::Patience;
pub use withdrawal::{MessagePlace, WithdrawError, Withdrawal, Withdrawn};

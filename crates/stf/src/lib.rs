#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;

mod ancestors;
mod batch;
mod block;
mod body;
mod error;
mod header;
mod requests;
pub mod rollup;
mod state;
mod swap;
mod transaction;

pub use ancestors::Ancestors;
pub use batch::{BatchSummary, execute_batch, execute_batch_input};
pub use block::{BlockOutcome, build_block, execute_block};
pub use body::Body;
pub use error::{BlockError, Error, Field, StateError, TransactionError};
pub use header::SealedHeader;
pub use state::{AccountChange, SlotChange, StateSource, WitnessState, bytecode};
pub use transaction::Transaction;

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

mod config;
mod input;
mod output;
pub mod rollup;
mod words;

pub use config::{BLOB_ENTRIES_MAX, BlobEntry, ChainConfig, ConfigError, Fork, NEVER, UPDATE_FRACTION_MAX};
pub use input::{BatchInput, BatchInputOwned, BlockInput, BlockInputOwned, InputError};
pub use output::PublicOutput;
pub use words::WordError;

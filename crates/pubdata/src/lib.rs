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

mod apply;
mod availability;
mod change;
mod decode;
mod encode;
mod evaluation;
mod header;
mod order;
mod reader;
mod stream;
mod types;

pub use apply::{AccountAfter, AccountBefore, ApplyError, StateReader};
pub use availability::{AvailabilityError, Openings, commitment};
pub use change::{Change, ChangeFault};
pub use decode::DecodeError;
pub use encode::{AccountRef, EncodeError, encode};
pub use evaluation::{ORDER, Scalar, evaluate};
pub use header::{LastHeader, OtherCommitment};
pub use stream::{BLOBS_MAX, PIECE_BYTES, PIECES, STREAM_BYTES_PER_BLOB, Stream, StreamError};
pub use types::{
    AccountDiff, BLOCKS_MAX, Code, LOGS_MAX, LogBody, PUBDATA_BYTES_MAX, Pubdata, PublishedLog,
    TRANSACTION_INDEX_MAX,
};

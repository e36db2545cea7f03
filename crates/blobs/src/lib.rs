#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod batch;
mod polynomial;

pub use batch::{BatchBlobs, BlobError, BlobOpenings};
pub use polynomial::pubdata_of;

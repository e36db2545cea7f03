#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

extern crate alloc;

mod hashes;
mod inclusion;
mod join;
mod keccak;
mod poseidon2;
#[cfg(test)]
mod tests;

pub use hashes::Hashes;
pub use inclusion::{Paths, is_included};
pub use join::{Joined, OUTPUT_BYTES, Refused, STATEMENT_BYTES, Statement, join};
pub use keccak::{Node, leaf, node};
pub use poseidon2::MODULUS;

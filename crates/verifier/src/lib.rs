#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

extern crate alloc;

pub mod config;
mod error;
mod key;
mod proof;
mod verify;

pub use error::{MalformedKey, MalformedProof, RefusedProof};
pub use key::{Commitment, KEY_MAGIC, KEY_VERSION, MACHINE_VERSION, ProgramKey, VerifyingKey};
pub use proof::{
    Boundary, MAGIC, OUTPUT_BYTES_MAX, PROOF_BYTES_MAX, RunProof, SEGMENTS_MAX, SegmentProof, VERSION,
};
pub use verify::{Verifier, committed_digest, public_values};

#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

extern crate alloc;

pub mod aggregate;
mod circuits;
mod claim;
pub mod config;
mod error;
mod key;
pub mod last;
mod proof;
mod verify;

pub use circuits::{
    CIRCUIT_HEIGHTS, CIRCUIT_OPERATIONS, CIRCUITS_DEPTH, CIRCUITS_MAGIC, CIRCUITS_VERSION, Circuit,
    CircuitKeys, LAST_HEIGHT, SHRINK_HEIGHTS, SHRINK_OPERATIONS, circuit_leaf,
};
pub use claim::{RANGE_ELEMENTS, RangeClaim, Statement, runs_claim, statement_node, statements_root};
pub use error::{MalformedKey, MalformedProof, RefusedAggregate, RefusedProof};
pub use key::{
    Commitment, KEY_MAGIC, KEY_VERSION, MACHINE_VERSION, ProgramKey, VerifyingKey, machine_elements,
};
pub use proof::{
    Boundary, MAGIC, OUTPUT_BYTES_MAX, PROOF_BYTES_MAX, RunProof, SEGMENTS_MAX, SegmentProof, VERSION,
};
pub use verify::{Verifier, committed_digest, public_values};

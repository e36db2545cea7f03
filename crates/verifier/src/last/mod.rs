//! The final proof, which Ethereum is given: one table, with Keccak-256 for commitments and transcript
//! (`specs/012-final-proof.md`).
//!
//! [`verify_final`] is the native verifier. It reads bytes as a contract does and knows nothing of Plonky3's verifier,
//! which judges the same proofs in tests. [`last_config`] is what a prover tells Plonky3.

mod challenger;
mod config;
mod constraints;
mod encode;
mod error;
mod folding;
mod hash;
mod header;
mod merkle;
mod openings;
mod reader;
mod shape;
mod statement;
#[cfg(test)]
mod tests;
mod transcript;
mod verify;

pub use challenger::{Exhausted, KeccakChallenger, find_nonce};
pub use config::{LastConfig, LastPcs, SALTS_MAX, Word, last_config, try_salts};
pub use constraints::Folder;
pub use encode::FinalProof;
pub use error::{Nonce, RefusedFinal, Unencodable};
pub use hash::{
    KeccakChallengeMmcs, KeccakMmcs, LeafHash, NODE_BYTES, Node, NodeHash, keccak256, leaf, node,
};
pub use shape::{FinalKey, FinalShape, LastTable, Seeds, Tree, UnsupportedTable};
pub use statement::{HEAD_WORDS, SLOT_WORDS, SLOTS, WORDS, joined_words, public_words};
pub use transcript::{Event, Transcript};
pub use verify::{transcript_events, verify_final};

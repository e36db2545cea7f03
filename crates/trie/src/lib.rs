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

mod account;
mod error;
mod hash;
mod nibbles;
mod node;
mod ordered;
mod remove;
mod rlp;
mod trie;
mod witness;

pub use account::{Account, ValueFault, decode_storage_value, encode_storage_value};
pub use error::{NodeFault, TrieError};
pub use ordered::ordered_root;
pub use trie::{EMPTY_ROOT, Trie};
pub use witness::{NodeSet, NodeSource};

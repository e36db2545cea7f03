#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod accelerators;
pub mod call;
pub mod memory;
pub mod reference;

pub use accelerators::{Accelerators, Reference};

/// Words of the hash key, which guests that run the EVM read behind their input (`specs/002-batch-input.md`, "Into memory").
pub const HASH_KEY_WORDS: usize = 16;

#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The names that dependents use.
pub mod fast {
    pub use crate::hasher::{FoldHasher, RandomState};
}

mod hasher;

/// Words that are hashed with one key; longer input is hashed in a chain.
const WORDS: usize = 16;

/// Words of the key: two for each word of input, and two to begin with.
pub const KEY_WORDS: usize = 2 * WORDS + 2;

static KEY: [AtomicU32; KEY_WORDS] = [const { AtomicU32::new(0x9e37_79b9) }; KEY_WORDS];

/// Sets the key of all maps. Before the first of them is made: a map does not find what it has under another key.
pub fn set_key(key: &[u32; KEY_WORDS]) {
    for (place, word) in KEY.iter().zip(key) {
        place.store(*word, Relaxed);
    }
}

/// The part of the key for the word at this position; `None` behind the last.
#[inline(always)]
fn key_at(position: usize) -> Option<u64> {
    let (low, high) = (KEY.get(2 * position)?, KEY.get(2 * position + 1)?);
    Some(u64::from(low.load(Relaxed)) | u64::from(high.load(Relaxed)) << 32)
}

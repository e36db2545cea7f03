//! How a batch input reaches the guest (`specs/002-batch-input.md`, "Into memory").

use std::{
    hash::{BuildHasher, RandomState},
    iter,
};

use alloy_primitives::keccak256;
use ashlar_abi::HASH_KEY_WORDS;

/// The key of the hash function of a guest's maps. It changes what a run takes, and nothing that is put out.
///
/// Whoever knows it before a batch is complete can choose addresses and slots that make maps slow.
#[derive(Clone, Copy)]
pub struct HashKey([u32; HASH_KEY_WORDS]);

impl HashKey {
    /// Words of a key.
    pub const WORDS: usize = HASH_KEY_WORDS;

    /// A key that nobody knows, from the randomness of the operating system. For who proves other people's batches, and keeps
    /// the key as long as the batch.
    pub fn random() -> Self {
        let random = RandomState::new();
        let mut counter: u64 = 0;
        Self([0; HASH_KEY_WORDS].map(|_: u32| {
            counter += 1;
            // Half of a value of SipHash.
            (random.hash_one(counter) >> 32) as u32
        }))
    }

    /// The key that follows from the input: the same run each time. It is known to whoever knows every byte of the input.
    pub fn of(input: &[u8]) -> Self {
        let seed = keccak256(input);
        let halves = [0, 1].map(|half| keccak256([seed.as_slice(), &[half]].concat()).0);
        let mut words = halves.as_flattened().as_chunks::<4>().0.iter();
        Self([0; HASH_KEY_WORDS].map(|_: u32| words.next().map_or(0, |word| u32::from_le_bytes(*word))))
    }

    /// The key with these words.
    pub const fn new(words: [u32; HASH_KEY_WORDS]) -> Self {
        Self(words)
    }

    /// The key's words.
    pub const fn words(&self) -> [u32; HASH_KEY_WORDS] {
        self.0
    }
}

/// The hint stream of an input: its length in bytes as one word, then its words, the last one padded with zeros.
///
/// # Panics
///
/// If the input has 2^32 bytes or more, which no encoding has.
pub fn hints(input: &[u8]) -> Vec<u32> {
    let length = u32::try_from(input.len()).expect("an encoding is below 2^32 bytes");
    let words = input.chunks(4).map(|chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(word)
    });
    iter::once(length).chain(words).collect()
}

/// The hint stream of a batch input, for guests that run the EVM: that of its bytes, then the key.
///
/// # Panics
///
/// As [`hints`].
pub fn batch_hints(input: &[u8], key: &HashKey) -> Vec<u32> {
    let mut words = hints(input);
    words.extend(key.0);
    words
}

//! The key of the maps.

use alloy_primitives::keccak256;
use foldhash::{KEY_WORDS, set_key};

/// Makes the key of all maps of these bytes. Called once, before the first map is made.
///
/// The bytes must depend on everything that decides what the maps have: on every transaction. Then nobody can choose
/// transactions whose accounts and slots meet in one bucket, as with the transactions the key would change.
pub fn key_maps(all: &[u8]) {
    let mut seed = [0; 36];
    seed[..32].copy_from_slice(keccak256(all).as_slice());
    let mut key = [0; KEY_WORDS];
    for (number, words) in (0u32..).zip(key.chunks_mut(8)) {
        seed[32..].copy_from_slice(&number.to_le_bytes());
        let hash = keccak256(seed);
        for (word, bytes) in words.iter_mut().zip(hash.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
    }
    set_key(&key);
}

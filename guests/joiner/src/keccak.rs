//! Keccak-256 of what the joiner hashes, none of it longer than a block.

use ashlar_abi::Accelerators;
use ashlar_guest_rt::Ecalls;

/// Bytes that one permutation absorbs.
const RATE: usize = 136;

/// The hash of less than [`RATE`] bytes: one permutation. Panics if there are more, so that no wrong hash is committed.
#[inline(always)]
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    let mut block = [0; RATE];
    block[..bytes.len()].copy_from_slice(bytes);
    // The padding of Ethereum's Keccak, from the first free byte to the last.
    block[bytes.len()] = 0x01;
    block[RATE - 1] |= 0x80;
    let mut state = [0; 50];
    for (word, bytes) in state.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    Ecalls::keccak_f(&mut state);
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_le_bytes();
    }
    hash
}

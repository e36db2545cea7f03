//! Precompiles that hash or copy.

use super::super::case::Case;
use super::{bytes, precompile, words};

/// Sizes of inputs in bytes: around the blocks of the hash functions, and long ones.
const SIZES: [u64; 8] = [0, 32, 55, 56, 64, 1_000, 10_000, 100_000];

/// Most bytes of input that are not zero: what fits into the code beside the loop.
const DATA_MAX: u64 = 16_000;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, number, base, per_word) in
        [("SHA2-256", 2, 60, 12), ("RIPEMD-160", 3, 600, 120), ("IDENTITY", 4, 15, 3)]
    {
        cases.extend(SIZES.map(|size| {
            let data = bytes(10, size.min(DATA_MAX) as usize);
            precompile((name, number), &format!("{size} bytes"), data, size)
                .gas(base + per_word * words(size))
                .case()
        }));
    }
    cases.extend([0, 1, 12, 1_000, 20_000].map(blake2f));
    cases
}

/// BLAKE2F: rounds, state, message, counters, final flag (EIP-152). A gas for each round.
fn blake2f(rounds: u32) -> Case {
    let data = [&rounds.to_be_bytes(), bytes(11, 208).as_slice(), &[1]].concat();
    let size = data.len() as u64;
    precompile(("BLAKE2F", 9), &format!("{rounds} rounds"), data, size).gas(rounds.into()).case()
}

//! What a final proof states, as public words.

use alloc::vec::Vec;

use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use p3_field::PrimeCharacteristicRing;

use super::config::Word;
use crate::key::ProgramKey;

/// Runs that a final proof may state.
pub const SLOTS: usize = 16;

/// Words of a slot: two of programKey, four of the output's hash.
pub const SLOT_WORDS: usize = 6;

/// Public words before the slots: the constant X, the root of the allowed circuits, that of the joined tree.
pub const HEAD_WORDS: usize = 1 + 2 + 2;

/// Public words.
pub const WORDS: usize = HEAD_WORDS + SLOTS * SLOT_WORDS;

/// The public words of the statement that runs of these programs have outputs with these Keccak-256 hashes. None without
/// runs or with more than there are slots, or if a key is not one of a program; zeros are the key of an unused slot.
pub fn public_words(circuits: &Digest, runs: &[(ProgramKey, [u8; 32])]) -> Option<Vec<Word>> {
    words(circuits, &Digest::default(), runs)
}

/// The same, and that all statements in the tree with the root `joined` are true. None also if that is zero, which says that
/// there is no tree.
pub fn joined_words(
    circuits: &Digest,
    joined: &Digest,
    runs: &[(ProgramKey, [u8; 32])],
) -> Option<Vec<Word>> {
    if *joined == Digest::default() {
        return None;
    }
    words(circuits, joined, runs)
}

fn words(circuits: &Digest, joined: &Digest, runs: &[(ProgramKey, [u8; 32])]) -> Option<Vec<Word>> {
    if runs.is_empty() || runs.len() > SLOTS {
        return None;
    }
    let mut elements = Vec::with_capacity(4 * WORDS);
    elements.extend([Val::ZERO, Val::ONE, Val::ZERO, Val::ZERO]);
    elements.extend(circuits);
    elements.extend(joined);
    for (key, output) in runs {
        let key = key.elements().filter(|key| *key != Digest::default())?;
        elements.extend(key);
        let limbs = output.as_chunks::<2>().0.iter();
        elements.extend(limbs.map(|limb| Val::from_u16(u16::from_le_bytes(*limb))));
    }
    elements.resize(4 * WORDS, Val::ZERO);
    Some(elements.as_chunks::<4>().0.to_vec())
}

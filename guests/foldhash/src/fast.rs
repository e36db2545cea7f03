//! The hash function, under the names that `alloy-primitives` and `hashbrown` know.

use core::hash::{BuildHasher, Hasher};
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU32, Ordering};

/// Words of the key.
pub const KEY_WORDS: usize = 16;

/// Words that are added to words of what is hashed; two are left for the multiplier.
const ADDED_WORDS: usize = KEY_WORDS - 2;

/// Bits by which the upper half of the last product is rotated, so that the lower bits of a hash come from its top.
const ROTATION: u32 = 16;

/// The key. Atomic, so that no unsafe code is needed; on the machine these are plain words.
static KEY: [AtomicU32; KEY_WORDS] = [const { AtomicU32::new(0) }; KEY_WORDS];

/// Sets the key of all maps. A map that is made before and used after finds nothing of what it has.
pub fn set_key(key: &[u32; KEY_WORDS]) {
    for (to, word) in KEY.iter().zip(key) {
        to.store(*word, Ordering::Relaxed);
    }
}

#[inline(always)]
fn key(index: usize) -> u32 {
    KEY[index].load(Ordering::Relaxed)
}

/// The factor of the last step: odd, so that it loses nothing.
#[inline(always)]
fn multiplier() -> u64 {
    u64::from(key(ADDED_WORDS) | 1) | u64::from(key(ADDED_WORDS + 1)) << 32
}

/// Makes hashers. All maps have one hash function.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomState;

impl BuildHasher for RandomState {
    type Hasher = FoldHasher<'static>;

    #[inline(always)]
    fn build_hasher(&self) -> FoldHasher<'static> {
        FoldHasher { sum: 0, held: 0, words: 0, key: PhantomData }
    }
}

/// Hashes one key of a map.
#[derive(Clone, Debug)]
pub struct FoldHasher<'a> {
    /// Sum of the products so far.
    sum: u64,
    /// The first word of a pair, the key's word added, if `words` is odd.
    held: u32,
    /// Words since the last fold.
    words: usize,
    /// What the name has a lifetime for: the key, which is static here.
    key: PhantomData<&'a ()>,
}

impl FoldHasher<'_> {
    #[inline(always)]
    fn word(&mut self, word: u32) {
        if self.words == ADDED_WORDS {
            self.sum = self.sum.wrapping_mul(multiplier());
            self.words = 0;
        }
        let keyed = word.wrapping_add(key(self.words));
        if self.words.is_multiple_of(2) {
            self.held = keyed;
        } else {
            self.sum = self.sum.wrapping_add(u64::from(self.held) * u64::from(keyed));
        }
        self.words += 1;
    }
}

impl Hasher for FoldHasher<'_> {
    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<4>();
        for word in words {
            self.word(u32::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 4];
            word[..rest.len()].copy_from_slice(rest);
            self.word(u32::from_le_bytes(word));
        }
    }

    #[inline(always)]
    fn write_u32(&mut self, number: u32) {
        self.word(number);
    }

    #[inline(always)]
    fn write_u64(&mut self, number: u64) {
        self.word(number as u32);
        self.word((number >> 32) as u32);
    }

    #[inline(always)]
    fn write_usize(&mut self, number: usize) {
        match usize::BITS {
            32 => self.word(number as u32),
            _ => self.write_u64(number as u64),
        }
    }

    #[inline(always)]
    fn finish(&self) -> u64 {
        let mut sum = self.sum;
        if !self.words.is_multiple_of(2) {
            sum = sum.wrapping_add(u64::from(self.held) * u64::from(key(self.words)));
        }
        let hash = ((sum.wrapping_mul(multiplier()) >> 32) as u32).rotate_left(ROTATION);
        // Twice, for hosts: their tags are the top of 64 bits.
        u64::from(hash) << 32 | u64::from(hash)
    }
}

#[cfg(test)]
mod tests;

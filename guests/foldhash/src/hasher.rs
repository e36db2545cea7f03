//! The hash itself.

use core::hash::{BuildHasher, Hasher};
use core::marker::PhantomData;

use super::key_at;

/// Makes hashers. All have the one key.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomState;

impl BuildHasher for RandomState {
    type Hasher = FoldHasher<'static>;

    #[inline(always)]
    fn build_hasher(&self) -> FoldHasher<'static> {
        FoldHasher { sum: key_at(0).unwrap_or(0), position: 1, lifetime: PhantomData }
    }
}

/// Sums up the products of the words of the input with those of the key, modulo 2^64.
#[derive(Clone, Debug)]
pub struct FoldHasher<'a> {
    sum: u64,
    /// Of the next word of the key.
    position: usize,
    /// The crate that this one stands for borrows its key.
    lifetime: PhantomData<&'a ()>,
}

impl FoldHasher<'_> {
    #[inline(always)]
    fn word(&mut self, word: u32) {
        let key = match key_at(self.position) {
            Some(key) => key,
            None => self.chain(),
        };
        self.sum = self.sum.wrapping_add(key.wrapping_mul(u64::from(word)));
        self.position += 1;
    }

    /// Begins again with the hash so far as the first word; returns the key of the next one.
    #[cold]
    fn chain(&mut self) -> u64 {
        let hash = self.sum >> 32;
        self.sum = key_at(0).unwrap_or(0).wrapping_add(key_at(1).unwrap_or(0).wrapping_mul(hash));
        self.position = 2;
        key_at(2).unwrap_or(0)
    }
}

impl Hasher for FoldHasher<'_> {
    #[inline(always)]
    fn finish(&self) -> u64 {
        // Maps of a machine of 32 bits look at the lower half; the upper one of the sum is what is hard to guess.
        let hash = self.sum >> 32;
        hash | hash << 32
    }

    #[inline]
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
    fn write_u8(&mut self, value: u8) {
        self.word(value.into());
    }

    #[inline(always)]
    fn write_u16(&mut self, value: u16) {
        self.word(value.into());
    }

    #[inline(always)]
    fn write_u32(&mut self, value: u32) {
        self.word(value);
    }

    #[inline(always)]
    fn write_u64(&mut self, value: u64) {
        let [low, high] = halves(value);
        self.word(low);
        self.word(high);
    }

    #[inline(always)]
    fn write_usize(&mut self, value: usize) {
        match u32::try_from(value) {
            Ok(word) if usize::BITS == 32 => self.word(word),
            _ => self.write(&value.to_le_bytes()),
        }
    }
}

fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set_key;

    fn hash(words: &[u32]) -> u64 {
        let mut hasher = RandomState.build_hasher();
        words.iter().for_each(|word| hasher.write_u32(*word));
        hasher.finish()
    }

    fn with_key(seed: u32) {
        let mut state = u64::from(seed) | 1;
        set_key(&core::array::from_fn(|_: usize| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 32) as u32
        }));
    }

    /// One test, since the key is one for all.
    #[test]
    fn keys_that_meet_under_one_key_do_not_under_another() {
        // Two words that are swapped meet when all words of the key are equal.
        assert_eq!(hash(&[1, 2]), hash(&[2, 1]));
        let pairs: Vec<[u32; 2]> = (0..1000).map(|n| [n, 1000 - n]).collect();
        let distinct = |pairs: &[[u32; 2]]| {
            let mut all: Vec<_> = pairs.iter().map(|pair| hash(pair)).collect();
            all.sort_unstable();
            all.dedup();
            all.len()
        };
        assert_eq!(distinct(&pairs), 1);
        for seed in 0..50 {
            with_key(seed);
            assert!(distinct(&pairs) > 990);
            // The whole of a long input counts, wherever the chain begins again.
            for length in 1..60 {
                let mut words = vec![7; length];
                let before = hash(&words);
                for place in 0..length {
                    words[place] ^= 1 << (place % 32);
                    assert_ne!(hash(&words), before, "{length} {place}");
                    words[place] ^= 1 << (place % 32);
                }
            }
        }
        // Buckets of sequences fill evenly: none of 1,024 has more than some of 4,096.
        with_key(7);
        let mut buckets = [0; 1024];
        (0..4096).for_each(|n| buckets[hash(&[0, 0, 0, 0, 0, 0, 0, n]) as usize % 1024] += 1);
        assert!(buckets.iter().all(|count| *count < 40), "{:?}", buckets.iter().max());
    }
}

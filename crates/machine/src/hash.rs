//! The compression function that pages, the memory tree and commits are hashed with, and the hash of lists.

use p3_field::{Field, PrimeCharacteristicRing};
use p3_koala_bear::{KoalaBear, Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::Permutation;

/// 8 field elements.
pub type Digest = [KoalaBear; 8];

/// What [`Hasher::sponge`] hashes: one tag for each use (`specs/010-recursion.md`).
pub mod tag {
    #![allow(missing_docs)] // See the table there.
    pub const PROGRAM_KEY: u32 = 1;
    pub const RANGE_CLAIM: u32 = 2;
    pub const RUNS_CLAIM: u32 = 3;
    pub const STATEMENT: u32 = 4;
    pub const STATEMENT_NODE: u32 = 5;
    pub const CIRCUIT: u32 = 6;
    pub const CIRCUIT_NODE: u32 = 7;
}

/// The Poseidon2 permutation of width 16 with the constants of `specs/001-machine.md`.
#[derive(Clone, Debug)]
pub struct Hasher(Poseidon2KoalaBear<16>);

impl Default for Hasher {
    fn default() -> Self {
        Self(default_koalabear_poseidon2_16())
    }
}

impl Hasher {
    /// P(state).
    pub fn permute(&self, state: [KoalaBear; 16]) -> [KoalaBear; 16] {
        self.0.permute(state)
    }

    /// C(x, y) = P(x || y)[0..8] + x: the permutation truncated, with the first half fed forward so that it cannot be
    /// run backwards.
    pub fn compress(&self, x: &Digest, y: &Digest) -> Digest {
        let state = core::array::from_fn(|i| if i < 8 { x[i] } else { y[i - 8] });
        let image = self.0.permute(state);
        core::array::from_fn(|i| image[i] + x[i])
    }

    /// The same for as many pairs as a vector has lanes.
    pub fn compress_packed(
        &self,
        x: &[<KoalaBear as Field>::Packing; 8],
        y: &[<KoalaBear as Field>::Packing; 8],
    ) -> [<KoalaBear as Field>::Packing; 8] {
        let state = core::array::from_fn(|i| if i < 8 { x[i] } else { y[i - 8] });
        let image: [<KoalaBear as Field>::Packing; 16] = self.0.permute(state);
        core::array::from_fn(|i| image[i] + x[i])
    }

    /// Digest of a list that is not empty: a sponge of rate 8 whose capacity starts with the tag and the list's length, so that no other
    /// list of this or another tag has the same blocks. The last block is filled up with zeros.
    pub fn sponge(&self, tag: u32, elements: &[KoalaBear]) -> Digest {
        let mut state = [KoalaBear::ZERO; 16];
        state[8] = KoalaBear::from_u32(tag);
        state[9] = KoalaBear::from_usize(elements.len());
        for block in elements.chunks(8) {
            state[..8].fill(KoalaBear::ZERO);
            state[..block.len()].copy_from_slice(block);
            self.0.permute_mut(&mut state);
        }
        core::array::from_fn(|i| state[i])
    }

    /// Digest of a page: its 32 limbs absorbed in 4 blocks of 8, from the zero digest.
    pub fn page(&self, words: &[u32; 16]) -> Digest {
        words
            .as_chunks::<4>()
            .0
            .iter()
            .fold([KoalaBear::ZERO; 8], |digest, block| self.compress(&digest, &limbs(block)))
    }

    /// The running digest after a commit of 8 words.
    pub fn commit(&self, digest: &Digest, words: &[u32; 8]) -> Digest {
        words.as_chunks::<4>().0.iter().fold(*digest, |digest, block| self.compress(&digest, &limbs(block)))
    }
}

/// The limbs of 4 words, low half first.
pub fn limbs(words: &[u32; 4]) -> Digest {
    core::array::from_fn(|i| KoalaBear::from_u16((words[i / 2] >> (16 * (i % 2))) as u16))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn list(length: usize) -> Vec<KoalaBear> {
        (0..length).map(|i| KoalaBear::from_usize(i * i + 1)).collect()
    }

    /// Block by block as the specification has it.
    #[test]
    fn a_sponge_overwrites_the_rate_and_keeps_the_capacity() {
        let hasher = Hasher::default();
        let elements = list(11);
        let mut state = [KoalaBear::ZERO; 16];
        state[..8].copy_from_slice(&elements[..8]);
        (state[8], state[9]) = (KoalaBear::from_u32(7), KoalaBear::from_u32(11));
        state = hasher.permute(state);
        state[..8].copy_from_slice(&[&elements[8..], &[KoalaBear::ZERO; 5]].concat());
        state = hasher.permute(state);
        assert_eq!(hasher.sponge(7, &elements), state[..8]);
    }

    #[test]
    fn lists_that_differ_in_tag_or_length_or_an_element_have_other_digests() {
        let hasher = Hasher::default();
        let mut digests = Vec::new();
        for tag in [0, 1, 2] {
            // A list of nothing but what fills a block up, of every length.
            digests.extend((1..=17).map(|length| hasher.sponge(tag, &list(17)[..length])));
            digests.extend((1..=17).map(|length| hasher.sponge(tag, &[KoalaBear::ZERO; 17][..length])));
        }
        for i in 0..17 {
            let mut changed = list(17);
            changed[i] += KoalaBear::ONE;
            digests.push(hasher.sponge(1, &changed));
        }
        let count = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), count);
    }
}

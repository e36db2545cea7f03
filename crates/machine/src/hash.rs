//! The compression function that pages, the memory tree and commits are hashed with.

use p3_field::{Field, PrimeCharacteristicRing};
use p3_koala_bear::{KoalaBear, Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::Permutation;

/// 8 field elements.
pub type Digest = [KoalaBear; 8];

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

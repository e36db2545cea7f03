//! Poseidon2 over KoalaBear on canonical integers.

use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{KoalaBear, Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::Permutation;

/// The permutation with its constants.
pub(crate) struct Poseidon2(Poseidon2KoalaBear<16>);

impl Poseidon2 {
    pub(crate) fn new() -> Self {
        Self(default_koalabear_poseidon2_16())
    }

    /// The permutation of 16 canonical integers; the first that is not canonical is the error.
    pub(crate) fn permute(&self, state: &[u32; 16]) -> Result<[u32; 16], u32> {
        match state.iter().find(|word| **word >= KoalaBear::ORDER_U32) {
            Some(word) => Err(*word),
            None => Ok(self.0.permute(state.map(KoalaBear::from_u32)).map(|x| x.as_canonical_u32())),
        }
    }

    /// The digest after one `COMMIT`: the words' 16-bit limbs, low half first, absorbed in two blocks of 8.
    pub(crate) fn absorb(&self, digest: [u32; 8], words: [u32; 8]) -> [u32; 8] {
        let limb = |i: usize| KoalaBear::from_u16((words[i / 2] >> (16 * (i % 2))) as u16);
        let mut state = [KoalaBear::ZERO; 16];
        for (element, word) in state.iter_mut().zip(digest) {
            *element = KoalaBear::from_u32(word);
        }
        for block in 0..2 {
            for i in 0..8 {
                state[8 + i] = limb(8 * block + i);
            }
            self.0.permute_mut(&mut state);
        }
        core::array::from_fn(|i| state[i].as_canonical_u32())
    }
}

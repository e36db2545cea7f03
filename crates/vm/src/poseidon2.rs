//! Poseidon2 over KoalaBear on canonical integers.

use ashlar_machine::Val;
use ashlar_machine::hash::Hasher;
use p3_field::{PrimeCharacteristicRing, PrimeField32};

/// The proof's hash function, for words.
#[derive(Default)]
pub(crate) struct Poseidon2(Hasher);

impl Poseidon2 {
    /// The permutation of 16 canonical integers; the first that is not canonical is the error.
    pub(crate) fn permute(&self, state: &[u32; 16]) -> Result<[u32; 16], u32> {
        match state.iter().find(|word| **word >= Val::ORDER_U32) {
            Some(word) => Err(*word),
            None => Ok(self.0.permute(state.map(Val::from_u32)).map(|x| x.as_canonical_u32())),
        }
    }

    /// The digest after one `COMMIT`.
    pub(crate) fn commit(&self, digest: &[u32; 8], words: &[u32; 8]) -> [u32; 8] {
        self.0.commit(&digest.map(Val::from_u32), words).map(|x| x.as_canonical_u32())
    }
}

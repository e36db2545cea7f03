//! The tree of statements (`specs/010-recursion.md`), on canonical words.

use crate::hashes::Hashes;

/// The field's modulus.
pub const MODULUS: u32 = 0x7f00_0001;

/// Version of the machine: an element of every statement.
pub(crate) const MACHINE_VERSION: u32 = 1;

/// Tag of a leaf.
const STATEMENT: u32 = 4;
/// Tag of a node.
const STATEMENT_NODE: u32 = 5;

/// A digest: 8 canonical field elements.
pub(crate) type Digest = [u32; 8];

/// The leaf of the statement that a program commits a hash.
pub(crate) fn leaf<H: Hashes>(program_key: &Digest, hash: &[u8; 32]) -> Digest {
    let mut limbs = [0; 16];
    for (limb, bytes) in limbs.iter_mut().zip(hash.as_chunks::<2>().0) {
        *limb = u32::from(u16::from_le_bytes(*bytes));
    }
    let digest = limbs.as_chunks::<8>().0.iter().fold([0; 8], |digest, half| compress::<H>(&digest, half));
    let mut version = [0; 8];
    version[0] = MACHINE_VERSION;
    sponge::<H>(STATEMENT, 17, &[*program_key, digest, version])
}

/// The node above two others.
pub(crate) fn node<H: Hashes>(left: &Digest, right: &Digest) -> Digest {
    sponge::<H>(STATEMENT_NODE, 16, &[*left, *right])
}

/// C(x, y) = P(x || y)[0..8] + x.
fn compress<H: Hashes>(x: &Digest, y: &Digest) -> Digest {
    let mut state = [0; 16];
    for (word, value) in state.iter_mut().zip(x.iter().chain(y)) {
        *word = *value;
    }
    H::poseidon2(&mut state);
    let mut sum = *x;
    for (word, image) in sum.iter_mut().zip(&state) {
        // Both are below p, so that their sum is below 2^32.
        let total = *word + image;
        *word = if total >= MODULUS { total - MODULUS } else { total };
    }
    sum
}

/// The hash of a list of that length, in blocks that are filled up with zeros.
fn sponge<H: Hashes>(tag: u32, length: u32, blocks: &[Digest]) -> Digest {
    let mut state = [0; 16];
    state[8] = tag;
    state[9] = length;
    for block in blocks {
        state.as_chunks_mut::<8>().0.iter_mut().take(1).for_each(|rate| *rate = *block);
        H::poseidon2(&mut state);
    }
    first_half(&state)
}

fn first_half(state: &[u32; 16]) -> Digest {
    let mut half = [0; 8];
    half.iter_mut().zip(state).for_each(|(word, value)| *word = *value);
    half
}

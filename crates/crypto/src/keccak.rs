//! Keccak-256 as Ethereum uses it (the padding of the original submission, not of SHA-3).

use ashlar_abi::Accelerators;

/// Words absorbed by one permutation: 136 bytes.
const RATE_WORDS: usize = 34;

/// First byte of the padding.
const PADDING_FIRST: u32 = 0x01;

/// Last byte of the padding, as it lies in the last word of the rate.
const PADDING_LAST: u32 = 0x8000_0000;

/// The Keccak-256 hash of `bytes`.
#[inline]
pub fn keccak256<A: Accelerators>(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    keccak256_into::<A>(bytes, &mut digest);
    digest
}

/// Writes the Keccak-256 hash of `bytes` to `digest`. Cheapest when both are 4-aligned.
pub fn keccak256_into<A: Accelerators>(bytes: &[u8], digest: &mut [u8; 32]) {
    let mut state = [0; 50];
    absorb::<A>(&mut state, bytes);
    write_digest(&state, digest);
}

/// The Keccak-256 hash of the 64 bytes that are the big-endian encodings of `first` and `second`.
pub(crate) fn keccak256_pair<A: Accelerators>(first: &[u32; 8], second: &[u32; 8]) -> [u8; 32] {
    let mut state = [0; 50];
    let message = first.iter().rev().chain(second.iter().rev());
    for (word, part) in state.iter_mut().zip(message) {
        *word = part.swap_bytes();
    }
    pad(&mut state, 16, PADDING_FIRST);
    A::keccak_f(&mut state);
    let mut digest = [0; 32];
    write_digest(&state, &mut digest);
    digest
}

/// Absorbs `bytes` and the padding into a zero state.
fn absorb<A: Accelerators>(state: &mut [u32; 50], bytes: &[u8]) {
    let (head, words, tail) = bytemuck::pod_align_to::<u8, u32>(bytes);
    if head.is_empty() {
        let (blocks, rest) = words.as_chunks::<RATE_WORDS>();
        for block in blocks {
            xor(state, block);
            A::keccak_f(state);
        }
        xor(state, rest);
        // `tail` has at most 3 bytes, so there is room for the first byte of the padding.
        pad(state, rest.len(), partial_word(tail) | PADDING_FIRST << (8 * tail.len()));
        A::keccak_f(state);
    } else {
        absorb_shifted::<A>(state, head, words, tail);
    }
}

/// The same for bytes that do not start at a word boundary, from which no word can be loaded: the words of memory, each
/// shifted by the 1 to 3 bytes of `head` and completed from the one before.
fn absorb_shifted<A: Accelerators>(state: &mut [u32; 50], head: &[u8], words: &[u32], tail: &[u8]) {
    let shift = 8 * head.len() as u32;
    let mut carry = partial_word(head);
    let (blocks, rest) = words.as_chunks::<RATE_WORDS>();
    for block in blocks {
        carry = xor_shifted(state, block, carry, shift);
        A::keccak_f(state);
    }
    carry = xor_shifted(state, rest, carry, shift);
    // The bytes left over, at most 6, and the first byte of the padding.
    let length = head.len() + tail.len();
    let end =
        u64::from(carry) | u64::from(partial_word(tail)) << shift | u64::from(PADDING_FIRST) << (8 * length);
    let (low, high) = (end as u32, (end >> 32) as u32);
    let mut position = rest.len();
    if length < 4 {
        pad(state, position, low);
    } else {
        if let Some(word) = state.get_mut(position) {
            *word ^= low;
        }
        position += 1;
        if position == RATE_WORDS {
            A::keccak_f(state);
            position = 0;
        }
        pad(state, position, high);
    }
    A::keccak_f(state);
}

#[inline(always)]
fn xor(state: &mut [u32; 50], words: &[u32]) {
    for (word, part) in state.iter_mut().zip(words) {
        *word ^= part;
    }
}

/// Adds `carry` and then `words`, moved up by `shift` bits, 8 to 24; returns the bits left over.
#[inline(always)]
fn xor_shifted(state: &mut [u32; 50], words: &[u32], mut carry: u32, shift: u32) -> u32 {
    for (word, part) in state.iter_mut().zip(words) {
        *word ^= carry | part << shift;
        carry = part >> (32 - shift);
    }
    carry
}

/// Adds the end of the message with the first byte of the padding at `position`, and its last byte.
#[inline(always)]
fn pad(state: &mut [u32; 50], position: usize, end: u32) {
    // `position` is below the rate: it counts the words left over from whole blocks.
    if let Some(word) = state.get_mut(position) {
        *word ^= end;
    }
    if let Some(word) = state.get_mut(RATE_WORDS - 1) {
        *word ^= PADDING_LAST;
    }
}

/// At most 3 bytes as the low bytes of a word.
#[inline(always)]
fn partial_word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

#[inline(always)]
fn write_digest(state: &[u32; 50], digest: &mut [u8; 32]) {
    let (words, _) = state.as_chunks::<8>();
    let Some(words) = words.first() else { return };
    match bytemuck::try_cast_mut::<[u8; 32], [u32; 8]>(digest) {
        Ok(aligned) => *aligned = *words,
        Err(_) => {
            for (chunk, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(words) {
                *chunk = word.to_le_bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_util::{Counting, counts};
    use ashlar_abi::Reference;
    use revm_precompile::primitives::keccak256 as independent;

    #[test]
    fn empty_input_is_the_known_hash() {
        let expected =
            hex::decode("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470").unwrap();
        assert_eq!(keccak256::<Reference>(&[])[..], expected[..]);
    }

    #[test]
    fn every_length_and_alignment_of_input_and_output_agrees() {
        let data: Vec<u8> = (0..700_u32).map(|i| (i * 167 + i / 256) as u8).collect();
        for start in 0..4 {
            for length in 0..600 {
                let bytes = &data[start..start + length];
                let mut room = [0; 36];
                let digest = room[start..].first_chunk_mut::<32>().unwrap();
                keccak256_into::<Reference>(bytes, digest);
                assert_eq!(*digest, independent(bytes).0, "start {start}, length {length}");
            }
        }
    }

    #[test]
    fn a_pair_of_integers_hashes_as_its_bytes() {
        let (x, y) = ([1, 2, 3, 4, 5, 6, 7, 8], [0xffff_ffff, 0, 1, 0, 0x8000_0000, 7, 7, 0x0102_0304]);
        let bytes = [crate::limbs::to_be_bytes(&x), crate::limbs::to_be_bytes(&y)].concat();
        assert_eq!(keccak256_pair::<Reference>(&x, &y), independent(bytes).0);
    }

    #[test]
    fn one_permutation_is_spent_per_136_bytes_and_one_for_the_padding() {
        for (length, calls) in [(0, 1), (135, 1), (136, 2), (271, 2), (272, 3)] {
            let before = counts();
            keccak256::<Counting>(&vec![7; length]);
            assert_eq!(counts().keccak_f - before.keccak_f, calls);
        }
    }
}

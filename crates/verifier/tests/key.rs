//! The encoding of verifying keys, on the key of the block guest.

use ashlar_verifier::{MalformedKey, VerifyingKey};

const BLOCK: &[u8] = include_bytes!("../../../guests/elf/block.key");

#[test]
fn a_key_is_encoded_as_it_was_decoded() {
    assert_eq!(VerifyingKey::decode(BLOCK).unwrap().encode(), BLOCK);
}

#[test]
fn every_bit_of_a_key_counts() {
    let key = VerifyingKey::decode(BLOCK).unwrap();
    for place in 0..BLOCK.len() {
        for bit in 0..8 {
            let mut bytes = BLOCK.to_vec();
            bytes[place] ^= 1 << bit;
            if let Ok(other) = VerifyingKey::decode(&bytes) {
                assert_ne!(other, key, "byte {place}");
                assert_ne!(other.program_key(), key.program_key(), "byte {place}");
            }
        }
    }
}

#[test]
fn cut_and_extended_keys_are_refused() {
    for length in 0..BLOCK.len() {
        assert!(VerifyingKey::decode(&BLOCK[..length]).is_err(), "{length} bytes");
    }
    let longer = [BLOCK, &[0]].concat();
    assert!(matches!(VerifyingKey::decode(&longer), Err(MalformedKey::NotCanonical)));
    let huge = [BLOCK, &[0; 1 << 16]].concat();
    assert!(matches!(VerifyingKey::decode(&huge), Err(MalformedKey::TooLong { .. })));
}

#[test]
fn a_commitment_of_another_height_is_refused() {
    // The number of roots is the byte after magic and version; a root has 32 bytes.
    for (roots, known) in [(8, true), (15, false), (0, false)] {
        let mut bytes = BLOCK.to_vec();
        bytes[12] = roots;
        bytes.drain(13..13 + 32 * (16 - usize::from(roots)));
        let result = VerifyingKey::decode(&bytes);
        assert!(result.is_err(), "{roots} roots");
        // Numbers that are no power of 2 are no cap at all.
        assert_eq!(matches!(result, Err(MalformedKey::Cap { roots: 8 })), known, "{roots} roots: {result:?}");
    }
}

//! What a verifier refuses of bytes.

use ashlar_verifier::{MAGIC, MalformedProof, RunProof};

use crate::support::{OUTPUT, fixture};

/// Whether bytes are refused, one way or the other.
fn is_refused(bytes: &[u8]) -> bool {
    match RunProof::decode(bytes) {
        Err(_) => true,
        Ok(proof) => fixture().verifier.verify(&proof).is_err(),
    }
}

#[test]
fn the_encoding_is_decoded_to_itself() {
    assert_eq!(fixture().proof().encode(), fixture().bytes());
}

/// Magic, version, programKey, output, count of segments, shape and end of the first segment.
#[test]
fn refuses_every_flipped_byte_of_the_header_and_public_part() {
    let header = MAGIC.len() + 4 + 32 + 1 + OUTPUT.len() + 1;
    let boundary = 1 + 8 * 5 + 4 + 8 * 5;
    for at in 0..header + boundary {
        let mut bytes = fixture().bytes().to_vec();
        bytes[at] ^= 1;
        assert!(is_refused(&bytes), "byte {at}");
    }
}

#[test]
fn refuses_flipped_bytes_elsewhere() {
    let length = fixture().bytes().len();
    let mut state = 0x1234_5678_u64;
    for _ in 0..120 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 33) as usize % length;
        let mut bytes = fixture().bytes().to_vec();
        bytes[at] ^= 1 << (state >> 60 & 7);
        assert!(is_refused(&bytes), "byte {at}");
    }
}

#[test]
fn refuses_truncated_and_padded_proofs() {
    let bytes = fixture().bytes();
    for length in [0, 7, 11, 12, 43, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(RunProof::decode(&bytes[..length]).is_err(), "{length} bytes");
    }
    let padded = [bytes, &[0]].concat();
    assert!(matches!(RunProof::decode(&padded), Err(MalformedProof::TrailingBytes { bytes: 1 })));
}

/// `postcard` reads numbers with superfluous groups of 7 bits; the encoding has none.
#[test]
fn refuses_another_encoding_of_the_same_proof() {
    let bytes = fixture().bytes();
    let length = MAGIC.len() + 4 + 32;
    assert_eq!(usize::from(bytes[length]), OUTPUT.len());
    let longer = [&bytes[..length], &[bytes[length] | 0x80, 0], &bytes[length + 1..]].concat();
    assert!(RunProof::decode(&longer).is_err());
}

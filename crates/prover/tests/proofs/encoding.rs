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

/// A number from the environment, so that a soak can ask for more than the tests do.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().expect(name))
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// One byte, anywhere, with one bit changed.
#[test]
fn refuses_flipped_bytes_elsewhere() {
    let mut random = Random(setting("ASHLAR_MUTATIONS_SEED", 1));
    for _ in 0..setting("ASHLAR_MUTATIONS", 60) {
        let mut bytes = fixture().bytes().to_vec();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        assert!(is_refused(&bytes), "byte {at}");
    }
}

/// What shifts, repeats, removes or overwrites many bytes: lengths, options and counts become others. Nothing panics.
#[test]
fn refuses_mangled_proofs() {
    let mut random = Random(setting("ASHLAR_MUTATIONS_SEED", 1) ^ 0x5eed);
    for i in 0..setting("ASHLAR_MUTATIONS", 60) {
        let mut bytes = fixture().bytes().to_vec();
        let at = random.below(bytes.len() - 64);
        let length = 1 + random.below(64);
        match i % 5 {
            0 => drop(bytes.drain(at..at + length)),
            1 => {
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
            2 => bytes[at..at + length].fill(random.below(256) as u8),
            3 => {
                let from = random.below(bytes.len() - 64);
                let copy = bytes[from..from + length].to_vec();
                bytes[at..at + length].copy_from_slice(&copy);
            }
            _ => bytes[at..at + length].reverse(),
        }
        assert!(bytes == fixture().bytes() || is_refused(&bytes), "change {i} at {at}");
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

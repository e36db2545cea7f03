//! Streams, evaluations and commitments of specification 019.

mod common;

use alloy_primitives::{B256, keccak256};
use ashlar_abi::{Accelerators, Reference};
use ashlar_pubdata::{
    AvailabilityError, BLOBS_MAX, ORDER, Openings, PIECE_BYTES, PUBDATA_BYTES_MAX, STREAM_BYTES_PER_BLOB,
    Stream, StreamError, commitment, evaluate,
};
use common::{bytes, hash, list, text};
use proptest::prelude::*;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../specs/vectors/blobs.json")).unwrap()
}

/// Pubdata of a case: given, or the hashes that the vectors' description tells.
fn pubdata(case: &Value) -> Vec<u8> {
    if case["pubdata"].is_string() {
        return bytes(&case["pubdata"]).to_vec();
    }
    let (seed, length) = (case["seed"].as_u64().unwrap() as u8, case["length"].as_u64().unwrap() as usize);
    let block = |counter: u32| keccak256([&[seed][..], &counter.to_be_bytes()].concat());
    let mut bytes: Vec<u8> = (0..length.div_ceil(32) as u32).flat_map(|counter| block(counter).0).collect();
    bytes.truncate(length);
    bytes
}

#[test]
fn openings_and_commitments_are_those_of_the_vectors() {
    for case in list(&vectors()["cases"]) {
        let pubdata = pubdata(case);
        let blobs = list(&case["blobs"]);
        let hashes: Vec<B256> = blobs.iter().map(|blob| hash(&blob["versionedHash"])).collect();
        let openings = Openings::new(&pubdata, &hashes, Reference::modmul256_assign).unwrap();
        assert_eq!(openings.pubdata_hash, hash(&case["pubdataHash"]), "{}", case["name"]);
        assert_eq!(openings.point, hash(&case["point"]));
        assert_eq!(openings.values, blobs.iter().map(|blob| hash(&blob["value"])).collect::<Vec<_>>());
        assert_eq!(openings.commitment, hash(&case["availabilityCommitment"]));
        let committed = |hashes: &[B256]| commitment(&pubdata, hashes, Reference::modmul256_assign);
        assert_eq!(committed(&hashes), Ok(openings.commitment));
        assert_eq!(committed(&[]), Ok(hash(&case["calldataCommitment"])));
        // One blob too many or too few; none at all means calldata.
        let need = hashes.len();
        let more = [&hashes[..], &[B256::ZERO]].concat();
        assert_eq!(committed(&more), Err(AvailabilityError::Blobs { have: need + 1, need }));
        if need > 1 {
            assert_eq!(committed(&hashes[1..]), Err(AvailabilityError::Blobs { have: need - 1, need }));
            let mut swapped = hashes.clone();
            swapped.swap(0, 1);
            assert_ne!(committed(&swapped), committed(&hashes));
        }
        // Another hash, another byte, another point.
        let mut other = hashes.clone();
        other[0][31] ^= 1;
        assert_ne!(committed(&other), committed(&hashes));
        if let [.., _] = pubdata[..] {
            let mut changed = pubdata.clone();
            changed[0] ^= 1;
            let other = Openings::new(&changed, &hashes, Reference::modmul256_assign).unwrap();
            assert!(other.point != openings.point && other.values != openings.values);
        }
    }
    assert!(list(&vectors()["cases"]).iter().any(|case| text(&case["name"]) == "six blobs, full"));
}

#[test]
fn streams_at_the_edges_are_read_back() {
    let full = STREAM_BYTES_PER_BLOB - 4;
    for (length, blobs) in [
        (0, 1),
        (1, 1),
        (26, 1),
        (27, 1),
        (28, 1),
        (full - 1, 1),
        (full, 1),
        (full + 1, 2),
        (PUBDATA_BYTES_MAX - STREAM_BYTES_PER_BLOB, 5),
        (PUBDATA_BYTES_MAX - STREAM_BYTES_PER_BLOB + 1, 6),
        (PUBDATA_BYTES_MAX, 6),
    ] {
        let pubdata: Vec<u8> = (0..length).map(|i| (i % 251) as u8 + 1).collect();
        let stream = Stream::new(&pubdata).unwrap();
        assert_eq!(stream.blobs(), blobs, "{length}");
        let bytes = stream.to_bytes();
        assert_eq!(bytes.len(), blobs * STREAM_BYTES_PER_BLOB);
        assert_eq!(Stream::decode(&bytes), Ok(&pubdata[..]));
        // The pieces are the stream, but for the zeros at its end.
        let pieces: Vec<u8> = (0..blobs).flat_map(|blob| stream.pieces(blob)).flatten().collect();
        assert!(pieces.len() < length + 4 + PIECE_BYTES);
        assert!(bytes.starts_with(&pieces) && bytes[pieces.len()..].iter().all(|byte| *byte == 0));
        assert_eq!(stream.pieces(blobs).count(), 0);
    }
    let long = vec![0; PUBDATA_BYTES_MAX + 1];
    assert_eq!(Stream::new(&long).unwrap_err(), StreamError::TooLong(PUBDATA_BYTES_MAX + 1));
    let refused = Err(AvailabilityError::Stream(StreamError::TooLong(PUBDATA_BYTES_MAX + 1)));
    assert_eq!(commitment(&long, &[], Reference::modmul256_assign), refused);
    assert_eq!(commitment(&long, &[B256::ZERO; 7], Reference::modmul256_assign), refused);
}

#[test]
fn bytes_that_are_no_stream_are_refused() {
    let refused = |bytes: &[u8]| Stream::decode(bytes).unwrap_err();
    let one = Stream::new(&[7; 100]).unwrap().to_bytes();
    for length in [0, 3, 4, one.len() - 1, one.len() + 1, (BLOBS_MAX + 1) * STREAM_BYTES_PER_BLOB] {
        let mut bytes = one.clone();
        bytes.resize(length, 0);
        assert_eq!(refused(&bytes), StreamError::Length(length));
    }
    // A blob that is not needed.
    let two = [&one[..], &vec![0; STREAM_BYTES_PER_BLOB]].concat();
    assert_eq!(refused(&two), StreamError::Blobs { blobs: 2, bytes: 100 });
    // Lengths beyond the bytes.
    for bytes in [STREAM_BYTES_PER_BLOB as u32 - 3, STREAM_BYTES_PER_BLOB as u32, u32::MAX] {
        let mut long = one.clone();
        long[..4].copy_from_slice(&bytes.to_be_bytes());
        assert_eq!(refused(&long), StreamError::Blobs { blobs: 1, bytes });
    }
    for place in [104, 105, one.len() - 1] {
        let mut padded = one.clone();
        padded[place] = 1;
        assert_eq!(refused(&padded), StreamError::Padding);
    }
}

/// The order as specification 019 and EIP-4844 have it.
#[test]
fn the_order_is_that_of_eip_4844() {
    let order = alloy_primitives::U256::from_be_bytes::<32>(
        hex::decode("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001").unwrap()[..]
            .try_into()
            .unwrap(),
    );
    assert_eq!(words_of(&order.to_le_bytes::<32>()), ORDER);
}

fn words_of(bytes: &[u8; 32]) -> [u32; 8] {
    let mut words = [0; 8];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*chunk);
    }
    words
}

proptest! {
    #[test]
    fn values_are_those_of_big_integers(
        pieces in proptest::collection::vec(any::<[u8; 31]>(), 0..40),
        point: [u8; 32],
        extreme: bool,
    ) {
        use alloy_primitives::U256;
        let (pieces, point) = if extreme { (vec![[255; 31]; pieces.len()], [255; 32]) } else { (pieces, point) };
        let order = U256::from_limbs([0xffff_ffff_0000_0001, 0x53bd_a402_fffe_5bfe, 0x3339_d808_09a1_d805, 0x73ed_a753_299d_7d48]);
        let z = U256::from_be_bytes(point);
        let expected = pieces.iter().rev().fold(U256::ZERO, |value, piece| {
            value.mul_mod(z, order).add_mod(U256::from_be_slice(piece), order)
        });
        let value = evaluate(pieces.into_iter(), &point, Reference::modmul256_assign);
        prop_assert_eq!(U256::from_be_bytes(value), expected);
    }
}

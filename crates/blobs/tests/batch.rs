//! Against `c-kzg`, the vectors of `specs/vectors/blobs.json`, and every way in which parts do not belong together.

use alloy_eips::eip4844::{Blob, kzg_to_versioned_hash};
use alloy_primitives::{B256, keccak256};
use ashlar_blobs::{BatchBlobs, BlobError, pubdata_of};
use ashlar_pubdata::{AvailabilityError, PUBDATA_BYTES_MAX, STREAM_BYTES_PER_BLOB, StreamError};
use proptest::prelude::*;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../specs/vectors/blobs.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(&value.as_str().unwrap()[2..]).unwrap()
}

fn stream(seed: u8, length: usize) -> Vec<u8> {
    let block = |counter: u32| keccak256([&[seed][..], &counter.to_be_bytes()].concat());
    let mut bytes: Vec<u8> = (0..length.div_ceil(32) as u32).flat_map(|counter| block(counter).0).collect();
    bytes.truncate(length);
    bytes
}

fn pubdata(case: &Value) -> Vec<u8> {
    if case["pubdata"].is_string() {
        return bytes(&case["pubdata"]);
    }
    stream(case["seed"].as_u64().unwrap() as u8, case["length"].as_u64().unwrap() as usize)
}

/// Whether the point evaluation precompile would accept, but for the versioned hash.
fn opens(commitment: &[u8; 48], point: B256, value: B256, proof: &[u8; 48]) -> bool {
    c_kzg::ethereum_kzg_settings(0)
        .verify_kzg_proof(
            &c_kzg::Bytes48::new(*commitment),
            &c_kzg::Bytes32::new(point.0),
            &c_kzg::Bytes32::new(value.0),
            &c_kzg::Bytes48::new(*proof),
        )
        .unwrap_or(false)
}

#[test]
fn blobs_commitments_and_openings_are_those_of_the_vectors() {
    for case in vectors()["cases"].as_array().unwrap() {
        let pubdata = pubdata(case);
        let batch = BatchBlobs::new(&pubdata).unwrap();
        let opened = batch.open(&pubdata).unwrap();
        let expected = case["blobs"].as_array().unwrap();
        assert_eq!(batch.blobs().len(), expected.len(), "{}", case["name"]);
        for (index, blob) in expected.iter().enumerate() {
            assert_eq!(keccak256(batch.blobs()[index])[..], bytes(&blob["blobHash"]));
            assert_eq!(batch.commitments()[index][..], bytes(&blob["commitment"]));
            assert_eq!(batch.versioned_hashes()[index][..], bytes(&blob["versionedHash"]));
            assert_eq!(opened.openings.values[index][..], bytes(&blob["value"]));
            assert_eq!(opened.proofs[index][..], bytes(&blob["proof"]));
        }
        assert_eq!(opened.openings.point[..], bytes(&case["point"]));
        assert_eq!(opened.openings.commitment[..], bytes(&case["availabilityCommitment"]));
        assert_eq!(pubdata_of(batch.blobs()).unwrap(), pubdata);
        if let Some(cells) = expected[0].get("cellProofsHash") {
            let sidecar = batch.into_sidecar().unwrap();
            assert_eq!(sidecar.cell_proofs.len(), 128);
            assert_eq!(keccak256(sidecar.cell_proofs.concat())[..], bytes(cells));
        }
    }
}

#[test]
fn every_edge_of_length_is_read_back() {
    let full = STREAM_BYTES_PER_BLOB - 4;
    for length in [0, 1, 27, 28, full - 1, full, full + 1, PUBDATA_BYTES_MAX - 1, PUBDATA_BYTES_MAX] {
        for fill in [0, 0xff] {
            let pubdata = vec![fill; length];
            let batch = BatchBlobs::new(&pubdata).unwrap();
            assert_eq!(batch.blobs().len(), (length + 4).div_ceil(STREAM_BYTES_PER_BLOB));
            assert_eq!(pubdata_of(batch.blobs()).unwrap(), pubdata);
        }
    }
    let error = BatchBlobs::new(&vec![0; PUBDATA_BYTES_MAX + 1]).unwrap_err();
    assert!(matches!(error, BlobError::Stream(StreamError::TooLong(_))));
}

#[test]
fn cell_proofs_verify_and_those_of_another_blob_do_not() {
    let settings = c_kzg::ethereum_kzg_settings(0);
    let batch = BatchBlobs::new(&stream(7, STREAM_BYTES_PER_BLOB)).unwrap();
    let blobs = batch.blobs().to_vec();
    let sidecar = batch.into_sidecar().unwrap();
    assert_eq!((sidecar.blobs.len(), sidecar.commitments.len(), sidecar.cell_proofs.len()), (2, 2, 256));
    let verified = |proofs: &[alloy_eips::eip4844::Bytes48]| {
        let (mut commitments, mut indices, mut cells) = (Vec::new(), Vec::new(), Vec::new());
        for (blob, commitment) in blobs.iter().zip(&sidecar.commitments) {
            let blob = c_kzg::Blob::from_bytes(blob.as_slice()).unwrap();
            commitments.extend([c_kzg::Bytes48::new(commitment.0); 128]);
            indices.extend(0..128);
            cells.extend_from_slice(&settings.compute_cells(&blob).unwrap()[..]);
        }
        let proofs: Vec<_> = proofs.iter().map(|proof| c_kzg::Bytes48::new(proof.0)).collect();
        settings.verify_cell_kzg_proof_batch(&commitments, &indices, &cells, &proofs).unwrap()
    };
    assert!(verified(&sidecar.cell_proofs));
    let mut swapped = sidecar.cell_proofs.clone();
    swapped.swap(3, 128 + 3);
    assert!(!verified(&swapped));
}

#[test]
fn an_opening_of_anything_else_is_refused() {
    let pubdata = stream(8, 40_000);
    let batch = BatchBlobs::new(&pubdata).unwrap();
    let opened = batch.open(&pubdata).unwrap();
    let (point, value) = (opened.openings.point, opened.openings.values[0]);
    let (commitment, proof) = (batch.commitments()[0].0, opened.proofs[0].0);
    assert!(opens(&commitment, point, value, &proof));
    assert_eq!(kzg_to_versioned_hash(&commitment), batch.versioned_hashes()[0]);

    let flipped = |word: B256| {
        let mut word = word;
        word[31] ^= 1;
        word
    };
    assert!(!opens(&commitment, flipped(point), value, &proof));
    assert!(!opens(&commitment, point, flipped(value), &proof));
    // The same value, not canonical.
    let order = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
    let order = alloy_primitives::U256::from_str_radix(order, 16).unwrap();
    if let Some(larger) = alloy_primitives::U256::from_be_bytes(value.0).checked_add(order) {
        assert!(!opens(&commitment, point, larger.into(), &proof));
    }
    // A blob of other pubdata, with its own proof at the same point.
    let mut changed = pubdata.clone();
    changed[39_999] ^= 1;
    let other = BatchBlobs::new(&changed).unwrap();
    assert!(!opens(&other.commitments()[0].0, point, value, &proof));
    let error = other.open(&pubdata).unwrap_err();
    assert!(matches!(error, BlobError::Value { blob: 0 }), "{error}");
    // Another number of blobs.
    let error = batch.open(&stream(8, STREAM_BYTES_PER_BLOB)).unwrap_err();
    assert!(matches!(error, BlobError::Availability(AvailabilityError::Blobs { have: 1, need: 2 })));
}

#[test]
fn blobs_that_no_pubdata_have_are_refused() {
    let batch = BatchBlobs::new(&stream(9, STREAM_BYTES_PER_BLOB)).unwrap();
    let [first, second] = batch.blobs() else { panic!("two blobs") };
    let refused = |blobs: &[Blob]| pubdata_of(blobs).unwrap_err();
    assert!(matches!(refused(&[]), BlobError::Stream(StreamError::Length(0))));
    assert!(matches!(refused(&vec![Blob::ZERO; 7]), BlobError::Stream(StreamError::Length(_))));
    // One missing, one that is not needed, the wrong order.
    assert!(matches!(refused(&[*first]), BlobError::Stream(StreamError::Blobs { .. })));
    let more = [*first, *second, Blob::ZERO];
    assert!(matches!(refused(&more), BlobError::Stream(StreamError::Blobs { blobs: 3, .. })));
    refused(&[*second, *first]);
    // A field element that is not below the order.
    let mut element = *second;
    element[32..64].fill(0xff);
    assert!(matches!(refused(&[*first, element]), BlobError::Element { blob: 1 }));
    // Any other value at one place changes every coefficient.
    for place in [31, 131_071] {
        let mut changed = *first;
        changed[place] ^= 1;
        assert!(matches!(refused(&[changed, *second]), BlobError::Coefficient { blob: 0 }), "{place}");
    }
    // The constant polynomials of a large value, and of 1: a length that is no length, and padding that is not zero.
    let constant = |value: [u8; 32]| Blob::from_slice(&value.repeat(4_096));
    let mut large = [0; 32];
    large[0] = 1;
    assert!(matches!(refused(&[constant(large)]), BlobError::Coefficient { blob: 0 }));
    let mut one = [0; 32];
    one[31] = 1;
    assert!(matches!(refused(&[constant(one)]), BlobError::Stream(StreamError::Padding)));
    // Zeros are the stream of no pubdata.
    assert_eq!(pubdata_of(&[Blob::ZERO]).unwrap(), [0_u8; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn pubdata_are_read_back(length in 0_usize..300_000, seed: u8) {
        let pubdata = stream(seed, length);
        prop_assert_eq!(pubdata_of(BatchBlobs::new(&pubdata).unwrap().blobs()).unwrap(), pubdata);
    }
}

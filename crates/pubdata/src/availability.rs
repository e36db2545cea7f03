//! The commitment that ties pubdata to bytes that Ethereum has (`specs/019-data-availability.md`).

use crate::evaluation::{Scalar, evaluate};
use crate::stream::{Stream, StreamError};
use alloc::vec::Vec;
use alloy_primitives::{B256, keccak256};
use thiserror::Error;

/// What Ethereum is told of a batch's blobs besides KZG commitments and proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openings {
    /// Keccak-256 of the pubdata.
    pub pubdata_hash: B256,
    /// Where the polynomials are evaluated, big-endian, below 2^248.
    pub point: B256,
    /// The value of each blob's polynomial there, big-endian, below the scalar field's order.
    pub values: Vec<B256>,
    /// The data availability commitment.
    pub commitment: B256,
}

/// Why pubdata and blobs do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AvailabilityError {
    /// The pubdata do not fit into blobs.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Another number of blobs than the pubdata need.
    #[error("{have} versioned hashes for pubdata that need {need} blobs")]
    Blobs {
        /// Versioned hashes.
        have: usize,
        /// Blobs needed.
        need: usize,
    },
}

/// The data availability commitment of a batch: with versioned hashes that of its blobs, without that of calldata.
/// `multiply` as of [`evaluate`].
pub fn commitment(
    pubdata: &[u8],
    versioned_hashes: &[B256],
    multiply: impl Fn(&mut Scalar, &Scalar, &Scalar),
) -> Result<B256, AvailabilityError> {
    if versioned_hashes.is_empty() {
        // The limit is the same, so that a batch can be published either way.
        Stream::new(pubdata)?;
        return Ok(keccak256(keccak256(pubdata)));
    }
    Ok(Openings::new(pubdata, versioned_hashes, multiply)?.commitment)
}

impl Openings {
    /// Evaluates the polynomials of a batch's blobs, whose versioned hashes are given in order.
    ///
    /// Whether these are the hashes of the blobs is not looked at: Ethereum finds out.
    pub fn new(
        pubdata: &[u8],
        versioned_hashes: &[B256],
        multiply: impl Fn(&mut Scalar, &Scalar, &Scalar),
    ) -> Result<Self, AvailabilityError> {
        let stream = Stream::new(pubdata)?;
        if versioned_hashes.len() != stream.blobs() {
            return Err(AvailabilityError::Blobs { have: versioned_hashes.len(), need: stream.blobs() });
        }
        let pubdata_hash = keccak256(pubdata);
        let point = point(versioned_hashes, &pubdata_hash);
        let values: Vec<B256> = (0..stream.blobs())
            .map(|blob| B256::from(evaluate(stream.pieces(blob), &point.0, &multiply)))
            .collect();
        let mut preimage = pubdata_hash.to_vec();
        for (hash, value) in versioned_hashes.iter().zip(&values) {
            preimage.extend_from_slice(hash.as_slice());
            preimage.extend_from_slice(value.as_slice());
        }
        Ok(Self { pubdata_hash, point, values, commitment: keccak256(preimage) })
    }
}

/// z: the hash over both sides, its first byte zero.
fn point(versioned_hashes: &[B256], pubdata_hash: &B256) -> B256 {
    let hashes = versioned_hashes.iter().chain([pubdata_hash]);
    let preimage: Vec<u8> = hashes.flat_map(|hash| hash.as_slice()).copied().collect();
    let mut point = keccak256(preimage);
    if let Some(first) = point.first_mut() {
        *first = 0;
    }
    point
}

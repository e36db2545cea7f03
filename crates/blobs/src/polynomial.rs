//! Between the coefficients of a polynomial, which are pieces of the stream, and the blob, which is its values.

use crate::batch::BlobError;
use alloy_eips::eip4844::Blob;
use ark_bls12_381::Fr;
use ark_ff::{AdditiveGroup, BigInt, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ashlar_pubdata::{BLOBS_MAX, PIECE_BYTES, PIECES, STREAM_BYTES_PER_BLOB, Stream, StreamError};

/// Bits of an index of a field element in a blob.
const INDEX_BITS: u32 = PIECES.trailing_zeros();

/// The blob of a polynomial, given its coefficients from 0 up; the others are zero.
pub(crate) fn blob_of(pieces: impl Iterator<Item = [u8; PIECE_BYTES]>) -> Result<Box<Blob>, BlobError> {
    let mut values: Vec<Fr> = pieces.map(|piece| Fr::from_be_bytes_mod_order(&piece)).collect();
    values.resize(PIECES, Fr::ZERO);
    domain()?.fft_in_place(&mut values);
    reverse_bits(&mut values);
    let mut blob = Box::new(Blob::ZERO);
    for (element, value) in blob.as_chunks_mut::<32>().0.iter_mut().zip(&values) {
        *element = to_bytes(value);
    }
    Ok(blob)
}

/// The pubdata that blobs hold, in order. Refuses blobs that no pubdata have.
///
/// Nothing here says that the blobs are those of a batch: their versioned hashes do.
pub fn pubdata_of(blobs: &[Blob]) -> Result<Vec<u8>, BlobError> {
    if blobs.len() > BLOBS_MAX {
        return Err(StreamError::Length(blobs.len().saturating_mul(STREAM_BYTES_PER_BLOB)).into());
    }
    let mut stream = Vec::with_capacity(blobs.len() * STREAM_BYTES_PER_BLOB);
    for (index, blob) in blobs.iter().enumerate() {
        let mut values = Vec::with_capacity(PIECES);
        for element in blob.as_chunks::<32>().0 {
            values.push(from_bytes(element).ok_or(BlobError::Element { blob: index })?);
        }
        reverse_bits(&mut values);
        domain()?.ifft_in_place(&mut values);
        for coefficient in &values {
            match to_bytes(coefficient) {
                [0, piece @ ..] => stream.extend_from_slice(&piece),
                _ => return Err(BlobError::Coefficient { blob: index }),
            }
        }
    }
    Ok(Stream::decode(&stream)?.to_vec())
}

/// The 4,096th roots of unity, with the generator of EIP-4844: a power of 7, which both take as the field's generator.
fn domain() -> Result<Radix2EvaluationDomain<Fr>, BlobError> {
    Radix2EvaluationDomain::new(PIECES).ok_or(BlobError::Domain)
}

/// Puts the element of each index to the index with its bits reversed.
fn reverse_bits(values: &mut [Fr]) {
    for index in 0..values.len() {
        let reversed = index.reverse_bits() >> (usize::BITS - INDEX_BITS);
        if index < reversed {
            values.swap(index, reversed);
        }
    }
}

/// Big-endian, below the order.
fn to_bytes(value: &Fr) -> [u8; 32] {
    let mut bytes = [0; 32];
    let limbs = value.into_bigint().0;
    for (chunk, limb) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(limbs.iter().rev()) {
        *chunk = limb.to_be_bytes();
    }
    bytes
}

/// `None` for an integer that is not below the order.
fn from_bytes(bytes: &[u8; 32]) -> Option<Fr> {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_be_bytes(*chunk);
    }
    Fr::from_bigint(BigInt::new(limbs))
}

//! All that a batch publishes by blobs.

use crate::polynomial::blob_of;
use alloy_eips::eip4844::{Blob, Bytes48, kzg_to_versioned_hash};
use alloy_eips::eip7594::BlobTransactionSidecarEip7594;
use alloy_primitives::B256;
use ashlar_abi::{Accelerators, Reference};
use ashlar_pubdata::{AvailabilityError, Openings, Stream, StreamError};
use c_kzg::KzgSettings;
use thiserror::Error;

/// Why blobs could not be made, proven or read.
#[derive(Debug, Error)]
pub enum BlobError {
    /// The pubdata do not fit, or the blobs hold no stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Pubdata and blobs are not of one batch.
    #[error(transparent)]
    Availability(#[from] AvailabilityError),
    /// A field element of a blob is not below the field's order.
    #[error("blob {blob} has a field element that is not canonical")]
    Element {
        /// Its place among the blobs.
        blob: usize,
    },
    /// A coefficient of a blob's polynomial has more than 31 bytes.
    #[error("blob {blob} has a coefficient of more than 31 bytes")]
    Coefficient {
        /// Its place among the blobs.
        blob: usize,
    },
    /// The value that the commitment opens to is not that of Horner's rule: the pubdata are not those of the blobs.
    #[error("blob {blob} has another value at the point than the pubdata")]
    Value {
        /// Its place among the blobs.
        blob: usize,
    },
    /// The field has no domain of the size, which it has.
    #[error("no domain of 4,096 elements")]
    Domain,
    /// `c-kzg` failed.
    #[error("c-kzg: {0}")]
    Kzg(#[from] c_kzg::Error),
}

/// The blobs of a batch with their commitments.
#[derive(Clone, Debug)]
pub struct BatchBlobs {
    blobs: Vec<Blob>,
    commitments: Vec<Bytes48>,
    versioned_hashes: Vec<B256>,
}

/// What Ethereum's contract is given of a batch's blobs, and gives to the point evaluation precompile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobOpenings {
    /// Pubdata hash, point, values, and the commitment over all.
    pub openings: Openings,
    /// A KZG proof for each value.
    pub proofs: Vec<Bytes48>,
}

impl BatchBlobs {
    /// Makes the blobs of pubdata, 1 to 6, and commits to them.
    pub fn new(pubdata: &[u8]) -> Result<Self, BlobError> {
        let stream = Stream::new(pubdata)?;
        let mut batch = Self { blobs: Vec::new(), commitments: Vec::new(), versioned_hashes: Vec::new() };
        for index in 0..stream.blobs() {
            let blob = blob_of(stream.pieces(index))?;
            let commitment = settings().blob_to_kzg_commitment(&kzg_blob(&blob)?)?.to_bytes().into_inner();
            batch.blobs.push(*blob);
            batch.commitments.push(commitment.into());
            batch.versioned_hashes.push(kzg_to_versioned_hash(&commitment));
        }
        Ok(batch)
    }

    /// The blobs, in order.
    pub fn blobs(&self) -> &[Blob] {
        &self.blobs
    }

    /// Their KZG commitments.
    pub fn commitments(&self) -> &[Bytes48] {
        &self.commitments
    }

    /// Their versioned hashes: what the batch input names and `BLOBHASH` returns.
    pub fn versioned_hashes(&self) -> &[B256] {
        &self.versioned_hashes
    }

    /// Opens the commitments at the point that blobs and pubdata give. `pubdata` are those that the blobs were made of.
    pub fn open(&self, pubdata: &[u8]) -> Result<BlobOpenings, BlobError> {
        let openings = Openings::new(pubdata, &self.versioned_hashes, Reference::modmul256_assign)?;
        let point = c_kzg::Bytes32::new(openings.point.0);
        let mut proofs = Vec::with_capacity(self.blobs.len());
        for (index, (blob, value)) in self.blobs.iter().zip(&openings.values).enumerate() {
            let (proof, opened) = settings().compute_kzg_proof(&kzg_blob(blob)?, &point)?;
            if opened.as_slice() != value.as_slice() {
                return Err(BlobError::Value { blob: index });
            }
            proofs.push(proof.to_bytes().into_inner().into());
        }
        Ok(BlobOpenings { openings, proofs })
    }

    /// The sidecar that the transaction travels with: blobs, commitments, cell proofs (EIP-7594). Takes by far the longest.
    pub fn into_sidecar(self) -> Result<BlobTransactionSidecarEip7594, BlobError> {
        let mut cell_proofs = Vec::with_capacity(self.blobs.len() * c_kzg::CELLS_PER_EXT_BLOB);
        for blob in &self.blobs {
            let (_, proofs) = settings().compute_cells_and_kzg_proofs(&kzg_blob(blob)?)?;
            cell_proofs.extend(proofs.iter().map(|proof| Bytes48::from(proof.to_bytes().into_inner())));
        }
        Ok(BlobTransactionSidecarEip7594 { blobs: self.blobs, commitments: self.commitments, cell_proofs })
    }
}

/// Ethereum's trusted setup, as `c-kzg` has it; loaded at the first use, which takes a moment.
fn settings() -> &'static KzgSettings {
    c_kzg::ethereum_kzg_settings(0)
}

fn kzg_blob(blob: &Blob) -> Result<c_kzg::Blob, c_kzg::Error> {
    c_kzg::Blob::from_bytes(blob.as_slice())
}

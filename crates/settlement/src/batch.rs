//! A batch as the chain's contract is told of it, and as it remembers it (`specs/023-settlement.md`).

use crate::abi::chain::RollupChain::{BatchCommit, BatchData, BlobOpening, StoredBatch};
use alloy_primitives::{B256, Bytes};
use ashlar_blobs::{BatchBlobs, BlobOpenings};
use ashlar_primitives::rollup::RollupOutput;

/// A batch that is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its number; the first one after the genesis is 1.
    pub number: u64,
    /// What is proven of it.
    pub output: RollupOutput,
    /// Number of priority operations of all batches before.
    pub operations_before: u64,
}

/// What the contract remembers of a chain's beginning.
pub fn genesis_batch(commitment: B256) -> StoredBatch {
    StoredBatch {
        number: 0,
        outputHash: B256::ZERO,
        commitment,
        batchRoot: B256::ZERO,
        firstOperation: 0,
        operations: 0,
        operationsHash: B256::ZERO,
        transactions: 0,
        upgradeHash: B256::ZERO,
    }
}

impl Batch {
    /// What the contract remembers of it.
    pub fn stored(&self) -> StoredBatch {
        let output = &self.output;
        StoredBatch {
            number: self.number,
            outputHash: output.hash(),
            commitment: output.commitment_after,
            batchRoot: output.batch_root,
            firstOperation: self.operations_before,
            operations: output.operations,
            operationsHash: output.operations_hash,
            transactions: output.transactions,
            upgradeHash: output.upgrade_hash,
        }
    }

    /// What the committer says of it, with its pubdata in calldata.
    pub fn commit_with_calldata(&self, pubdata: Bytes) -> BatchCommit {
        self.commit(BatchData { pubdata, pubdataHash: B256::ZERO, blobs: Vec::new() })
    }

    /// What the committer says of it, with its pubdata in the blobs of the transaction.
    pub fn commit_with_blobs(&self, blobs: &BatchBlobs, openings: &BlobOpenings) -> BatchCommit {
        let both = blobs.commitments().iter().zip(&openings.proofs);
        let opened = both.zip(&openings.openings.values).map(|((commitment, proof), value)| BlobOpening {
            value: *value,
            commitmentAndProof: [commitment.as_slice(), proof.as_slice()].concat().into(),
        });
        self.commit(BatchData {
            pubdata: Bytes::new(),
            pubdataHash: openings.openings.pubdata_hash,
            blobs: opened.collect(),
        })
    }

    fn commit(&self, data: BatchData) -> BatchCommit {
        let output = &self.output;
        BatchCommit {
            number: self.number,
            commitment: output.commitment_after,
            firstBlock: output.first_block,
            lastBlock: output.last_block,
            firstTimestamp: output.first_timestamp,
            lastTimestamp: output.last_timestamp,
            operations: output.operations,
            operationsHash: output.operations_hash,
            transactions: output.transactions,
            batchRoot: output.batch_root,
            logs: output.logs,
            data,
        }
    }
}

//! The public output of a rollup's batch (`specs/023-settlement.md`).

use crate::words::{WordError, WordReader, WordWriter};
use alloc::vec::Vec;
use alloy_primitives::{B256, keccak256};

/// Version of the encoding.
const VERSION: u64 = 2;

/// Words of the encoding.
const WORDS: usize = 18;

/// What a proof says of a batch of a rollup chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RollupOutput {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of the configuration.
    pub config_hash: B256,
    /// Commitment before: hash of the first block's parent.
    pub commitment_before: B256,
    /// Commitment after: hash of the last block.
    pub commitment_after: B256,
    /// Number of the first block.
    pub first_block: u64,
    /// Number of the last block.
    pub last_block: u64,
    /// Timestamp of the first block, seconds.
    pub first_timestamp: u64,
    /// Timestamp of the last block, seconds.
    pub last_timestamp: u64,
    /// Commitment to the pubdata and how they are published (`specs/019-data-availability.md`).
    pub data_commitment: B256,
    /// Id of the first priority operation; 0 if there is none.
    pub first_operation: u64,
    /// Number of priority operations.
    pub operations: u64,
    /// Hash over the priority operations.
    pub operations_hash: B256,
    /// Number of ordinary transactions.
    pub transactions: u64,
    /// Hash of the upgrade; zero if there is none.
    pub upgrade_hash: B256,
    /// Root of the batch's tree (`specs/017-messages.md`).
    pub batch_root: B256,
    /// Number of L2->L1 logs.
    pub logs: u64,
}

impl RollupOutput {
    /// Bytes of the encoding.
    pub const BYTES: usize = WORDS * 32;

    /// The encoding: `abi.encode` of 18 static words.
    pub fn encode(&self) -> Vec<u8> {
        WordWriter::with_capacity(WORDS)
            .u64(VERSION)
            .u64(self.chain_id)
            .hash(&self.config_hash)
            .hash(&self.commitment_before)
            .hash(&self.commitment_after)
            .u64(self.first_block)
            .u64(self.last_block)
            .u64(self.first_timestamp)
            .u64(self.last_timestamp)
            .hash(&self.data_commitment)
            .u64(self.first_operation)
            .u64(self.operations)
            .hash(&self.operations_hash)
            .u64(self.transactions)
            .hash(&self.upgrade_hash)
            .hash(&self.batch_root)
            .hash(&B256::ZERO)
            .u64(self.logs)
            .finish()
    }

    /// Reads an encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, WordError> {
        let mut words = WordReader::new(bytes)?;
        if words.u64()? != VERSION {
            return Err(WordError::Range { index: 0 });
        }
        let output = Self {
            chain_id: words.u64()?,
            config_hash: words.hash()?,
            commitment_before: words.hash()?,
            commitment_after: words.hash()?,
            first_block: words.u64()?,
            last_block: words.u64()?,
            first_timestamp: words.u64()?,
            last_timestamp: words.u64()?,
            data_commitment: words.hash()?,
            first_operation: words.u64()?,
            operations: words.u64()?,
            operations_hash: words.hash()?,
            transactions: words.u64()?,
            upgrade_hash: words.hash()?,
            batch_root: words.hash()?,
            logs: {
                if words.hash()? != B256::ZERO {
                    return Err(WordError::Range { index: 16 });
                }
                words.u64()?
            },
        };
        words.finish()?;
        Ok(output)
    }

    /// Keccak-256 of the encoding: what the guest commits.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }
}

//! The last header of a batch: what is published of it, and the header rebuilt.

use alloc::vec::Vec;
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{Address, B64, B256, Bloom, U256};
use thiserror::Error;

/// First byte of a rollup header's extra data (`specs/015-rollup-blocks.md`).
const EXTRA_DATA_VERSION: u8 = 1;

/// The fields of a rollup header that have more than one possible value and follow from nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastHeader {
    /// The block's number.
    pub number: u64,
    /// Seconds since the Unix epoch.
    pub timestamp: u64,
    /// Gas used by the block.
    pub gas_used: u64,
    /// Excess gas, from which the base fee follows.
    pub excess_gas: u64,
    /// Who made the block.
    pub beneficiary: Address,
    /// Hash of the parent: the last of the listed hashes, or the commitment before the batch.
    pub parent_hash: B256,
    /// Root of the transactions' trie.
    pub transactions_root: B256,
    /// Root of the receipts' trie.
    pub receipts_root: B256,
    /// Root of the state after the batch.
    pub state_root: B256,
    /// Bloom filter of the block's logs.
    pub logs_bloom: Bloom,
}

/// The rebuilt header is not the one that the new commitment is the hash of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the last header hashes to {rebuilt}, and the commitment is {commitment}")]
pub struct OtherCommitment {
    /// Hash of the rebuilt header.
    pub rebuilt: B256,
    /// Commitment after the batch.
    pub commitment: B256,
}

impl LastHeader {
    /// The whole header. `gas_limit` is the configuration's, `base_fee_per_gas` (wei) that of the excess gas under the
    /// configuration; all other fields have one value (`specs/015-rollup-blocks.md`).
    pub fn rebuild(&self, gas_limit: u64, base_fee_per_gas: u64) -> Header {
        let mut extra_data = Vec::with_capacity(9);
        extra_data.push(EXTRA_DATA_VERSION);
        extra_data.extend_from_slice(&self.excess_gas.to_be_bytes());
        Header {
            parent_hash: self.parent_hash,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: self.beneficiary,
            state_root: self.state_root,
            transactions_root: self.transactions_root,
            receipts_root: self.receipts_root,
            logs_bloom: self.logs_bloom,
            difficulty: U256::ZERO,
            number: self.number,
            gas_limit,
            gas_used: self.gas_used,
            timestamp: self.timestamp,
            extra_data: extra_data.into(),
            mix_hash: self.parent_hash,
            nonce: B64::ZERO,
            base_fee_per_gas: Some(base_fee_per_gas),
            withdrawals_root: Some(EMPTY_ROOT_HASH),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        }
    }

    /// The whole header, if its hash is the commitment after the batch. Parameters as of [`Self::rebuild`].
    pub fn verify(
        &self,
        gas_limit: u64,
        base_fee_per_gas: u64,
        commitment: B256,
    ) -> Result<Header, OtherCommitment> {
        let header = self.rebuild(gas_limit, base_fee_per_gas);
        let rebuilt = header.hash_slow();
        if rebuilt == commitment { Ok(header) } else { Err(OtherCommitment { rebuilt, commitment }) }
    }
}

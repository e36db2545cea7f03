//! The public output of a batch (`specs/003-public-output.md`).

use crate::words::{WordError, WordReader, WordWriter};
use alloc::vec::Vec;
use alloy_primitives::{B256, keccak256};

/// Version of the encoding.
const VERSION: u64 = 1;

/// What a proof says: executing the blocks from first to last, under the configuration with this hash, leads from
/// one state root to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicOutput {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of the chain configuration.
    pub config_hash: B256,
    /// Hash of the first block's header.
    pub first_block: B256,
    /// Hash of the last block's header.
    pub last_block: B256,
    /// State root of the first block's parent.
    pub pre_state_root: B256,
    /// State root of the last block.
    pub post_state_root: B256,
}

impl PublicOutput {
    /// Bytes of the encoding.
    pub const BYTES: usize = 224;

    /// The encoding: `abi.encode` of seven static words.
    pub fn encode(&self) -> Vec<u8> {
        WordWriter::with_capacity(7)
            .u64(VERSION)
            .u64(self.chain_id)
            .hash(&self.config_hash)
            .hash(&self.first_block)
            .hash(&self.last_block)
            .hash(&self.pre_state_root)
            .hash(&self.post_state_root)
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
            first_block: words.hash()?,
            last_block: words.hash()?,
            pre_state_root: words.hash()?,
            post_state_root: words.hash()?,
        };
        words.finish()?;
        Ok(output)
    }

    /// Keccak-256 of the encoding: what the guest commits.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }
}

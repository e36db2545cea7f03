//! Chain configuration (`specs/003-public-output.md`).

use crate::words::{WordError, WordReader, WordWriter};
use alloc::{vec, vec::Vec};
use alloy_primitives::{Address, B256, address, keccak256};
use thiserror::Error;

/// Activation time of a fork that is not scheduled.
pub const NEVER: u64 = u64::MAX;

/// Most entries of a blob schedule.
pub const BLOB_ENTRIES_MAX: usize = 32;

/// Largest update fraction, several times any network's: with it the excess blob gas of a block is bounded.
pub const UPDATE_FRACTION_MAX: u64 = 1 << 27;

/// Version of the encoding.
const VERSION: u64 = 1;

/// Rules of Ethereum's execution layer, in order of activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fork {
    /// EIP-7569.
    Cancun,
    /// EIP-7600.
    Prague,
    /// EIP-7607.
    Osaka,
}

/// Blob parameters from one activation time on (EIP-7840, EIP-7892).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlobEntry {
    /// Seconds since the Unix epoch.
    pub activation: u64,
    /// Blobs per block at which the blob base fee stays as it is.
    pub target: u16,
    /// Most blobs per block.
    pub max: u16,
    /// Denominator of the blob base fee's exponent, at most [`UPDATE_FRACTION_MAX`].
    pub update_fraction: u64,
}

/// Which rules a chain runs. Fields are public to read; [`ChainConfig::validate`] says what holds between them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChainConfig {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Activation of Cancun, seconds since the Unix epoch.
    pub cancun: u64,
    /// Activation of Prague, or [`NEVER`].
    pub prague: u64,
    /// Activation of Osaka, or [`NEVER`].
    pub osaka: u64,
    /// Contract whose logs are deposits (EIP-6110); zero if the chain has none.
    pub deposit_contract: Address,
    /// Blob parameters, by activation.
    pub blob_schedule: Vec<BlobEntry>,
}

/// Why a chain configuration is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// The bytes are not the words of a configuration.
    #[error("chain configuration: {0}")]
    Words(#[from] WordError),
    /// A version that this code does not know.
    #[error("chain configuration version {0} is not supported (this is version 1)")]
    Version(u64),
    /// Forks activate out of order.
    #[error("forks activate out of order")]
    ForkOrder,
    /// More entries than [`BLOB_ENTRIES_MAX`].
    #[error("{0} blob schedule entries exceed the limit of 32")]
    BlobEntries(u64),
    /// An entry's values contradict each other, or its activation is not after the one before.
    #[error("blob schedule entry {0} is out of order or out of range")]
    BlobEntry(usize),
}

impl ChainConfig {
    /// Ethereum mainnet, to the second blob-parameter-only fork (EIP-7892).
    pub fn mainnet() -> Self {
        Self {
            chain_id: 1,
            cancun: 1_710_338_135,
            prague: 1_746_612_311,
            osaka: 1_764_798_551,
            deposit_contract: address!("00000000219ab540356cbb839cbe05303d7705fa"),
            blob_schedule: vec![
                BlobEntry { activation: 1_710_338_135, target: 3, max: 6, update_fraction: 3_338_477 },
                BlobEntry { activation: 1_746_612_311, target: 6, max: 9, update_fraction: 5_007_716 },
                BlobEntry { activation: 1_765_290_071, target: 10, max: 15, update_fraction: 8_346_193 },
                BlobEntry { activation: 1_767_747_671, target: 14, max: 21, update_fraction: 11_684_671 },
            ],
        }
    }

    /// Checks what must hold between fields: forks in order, schedule strictly increasing and in range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.cancun > self.prague || self.prague > self.osaka {
            return Err(ConfigError::ForkOrder);
        }
        if self.blob_schedule.len() > BLOB_ENTRIES_MAX {
            return Err(ConfigError::BlobEntries(self.blob_schedule.len().try_into().unwrap_or(u64::MAX)));
        }
        let mut previous = None;
        for (index, entry) in self.blob_schedule.iter().enumerate() {
            let ordered = previous.is_none_or(|before| before < entry.activation);
            let fraction_out = entry.update_fraction == 0 || entry.update_fraction > UPDATE_FRACTION_MAX;
            if !ordered || entry.max == 0 || entry.target > entry.max || fraction_out {
                return Err(ConfigError::BlobEntry(index));
            }
            previous = Some(entry.activation);
        }
        Ok(())
    }

    /// Rules of a block with this timestamp; `None` before Cancun.
    pub fn fork_at(&self, timestamp: u64) -> Option<Fork> {
        // `NEVER` is a timestamp too: a fork that is not scheduled stays inactive even then.
        let active = |activation: u64| activation != NEVER && activation <= timestamp;
        [(self.osaka, Fork::Osaka), (self.prague, Fork::Prague), (self.cancun, Fork::Cancun)]
            .into_iter()
            .find_map(|(activation, fork)| active(activation).then_some(fork))
    }

    /// Blob parameters of a block with this timestamp; `None` before the first entry.
    pub fn blobs_at(&self, timestamp: u64) -> Option<&BlobEntry> {
        self.blob_schedule.iter().rev().find(|entry| entry.activation <= timestamp)
    }

    /// The encoding that is hashed.
    pub fn encode(&self) -> Vec<u8> {
        let count = self.blob_schedule.len();
        let mut out = WordWriter::with_capacity(count.saturating_mul(4).saturating_add(7))
            .u64(VERSION)
            .u64(self.chain_id)
            .u64(self.cancun)
            .u64(self.prague)
            .u64(self.osaka)
            .address(&self.deposit_contract)
            .u64(count.try_into().unwrap_or(u64::MAX));
        for entry in &self.blob_schedule {
            out = out
                .u64(entry.activation)
                .u64(entry.target.into())
                .u64(entry.max.into())
                .u64(entry.update_fraction);
        }
        out.finish()
    }

    /// Reads an encoding and validates it.
    pub fn decode(bytes: &[u8]) -> Result<Self, ConfigError> {
        let mut words = WordReader::new(bytes)?;
        let version = words.u64()?;
        if version != VERSION {
            return Err(ConfigError::Version(version));
        }
        let mut config = Self {
            chain_id: words.u64()?,
            cancun: words.u64()?,
            prague: words.u64()?,
            osaka: words.u64()?,
            deposit_contract: words.address()?,
            blob_schedule: Vec::new(),
        };
        let count = words.u64()?;
        if !usize::try_from(count).is_ok_and(|count| count <= BLOB_ENTRIES_MAX) {
            return Err(ConfigError::BlobEntries(count));
        }
        for _ in 0..count {
            config.blob_schedule.push(decode_blob_entry(&mut words)?);
        }
        words.finish()?;
        config.validate()?;
        Ok(config)
    }

    /// Keccak-256 of the encoding.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }
}

fn decode_blob_entry(words: &mut WordReader<'_>) -> Result<BlobEntry, WordError> {
    Ok(BlobEntry {
        activation: words.u64()?,
        target: words.u16()?,
        max: words.u16()?,
        update_fraction: words.u64()?,
    })
}

//! Configuration of a rollup chain (`specs/014-rollup-config.md`).

use crate::words::{WordError, WordReader, WordWriter};
use alloc::vec::Vec;
use alloy_primitives::{B256, keccak256};
use core::ops::RangeInclusive;
use thiserror::Error;

/// Version of the encoding.
const VERSION: u64 = 2;

/// Words of the encoding.
const WORDS: usize = 22;

/// EVM rules: Osaka.
const EVM_RULES: u64 = 1;

/// Bit of the system calls: EIP-2935.
const HISTORY_BIT: u64 = 1;

/// Bytes of pubdata that fit into six blobs, with their length before them (`specs/019-data-availability.md`).
const PUBDATA_BYTES_MAX: u64 = 6 * 31 * 4096 - 4;

/// Bytes of pubdata that no transaction is counted for: version, header, counts.
const UNCOUNTED_PUBDATA_BYTES: u64 = 512;

/// Proving cost beside the limit of a batch's only transaction: what no transaction is counted for, at most 31,674,080, and 2^25 by which
/// a priority operation may pass its limit before it stops (`specs/020-proving-cost.md`).
const UNCOUNTED_COST: u64 = 1 << 26;

/// Fewest logs that a limit may allow: an operation's status, and one message.
const LOGS_MIN: u64 = 2;

/// Most logs in a batch: leaves of their tree.
const LOGS_MAX: u64 = 1 << 14;

/// Which rules a rollup chain runs. [`RollupConfig::validate`] says what the fields' ranges are and what holds between
/// them; fields of the encoding whose features do not exist are not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RollupConfig {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Version of the protocol.
    pub protocol_version: u32,
    /// Whether blocks write the history of block hashes (EIP-2935).
    pub history: bool,
    /// Asset id of the base token (`specs/021-bridge.md`).
    pub base_asset: B256,
    /// Gas limit of a block.
    pub block_gas_limit: u64,
    /// Gas limit of a transaction.
    pub transaction_gas_limit: u64,
    /// Gas per second at which the base fee stays as it is.
    pub gas_target: u64,
    /// Lowest base fee, wei.
    pub base_fee_min: u64,
    /// Gas by which the base fee doubles.
    pub base_fee_doubling: u64,
    /// Proving cost limit of a transaction (`specs/020-proving-cost.md`).
    pub transaction_cost_limit: u64,
    /// Proving cost limit of a batch.
    pub batch_cost_limit: u64,
    /// Pubdata limit of a transaction, bytes.
    pub transaction_pubdata_limit: u64,
    /// Pubdata limit of a batch, bytes.
    pub batch_pubdata_limit: u64,
    /// Limit of L2->L1 logs in a transaction.
    pub transaction_logs_limit: u64,
    /// Limit of L2->L1 logs in a batch.
    pub batch_logs_limit: u64,
}

/// Why a rollup configuration is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RollupConfigError {
    /// The bytes are not the words of a configuration.
    #[error("rollup configuration: {0}")]
    Words(#[from] WordError),
    /// A field is out of its range.
    #[error("rollup configuration: word {word} ({name}) is out of range")]
    Range {
        /// Position in the encoding.
        word: usize,
        /// What the field is.
        name: &'static str,
    },
    /// A field asks for what does not exist.
    #[error("rollup configuration: word {word} ({name}) asks for what this version does not have")]
    Unsupported {
        /// Position in the encoding.
        word: usize,
        /// What the field is.
        name: &'static str,
    },
}

impl RollupConfig {
    /// Checks the range of each field.
    pub fn validate(&self) -> Result<(), RollupConfigError> {
        if self.base_asset.is_zero() {
            return Err(RollupConfigError::Range { word: 6, name: "base token's asset id" });
        }
        let cost_max = self.batch_cost_limit.saturating_sub(UNCOUNTED_COST);
        let doubling_min = self.block_gas_limit.saturating_mul(8);
        let ranges: [(usize, &str, u64, RangeInclusive<u64>); 13] = [
            (1, "chain id", self.chain_id, 1..=(1 << 48) - 1),
            (2, "protocol version", self.protocol_version.into(), 1..=u64::MAX),
            (10, "gas limit of a block", self.block_gas_limit, 1 << 24..=1 << 40),
            (11, "gas limit of a transaction", self.transaction_gas_limit, 1 << 21..=1 << 24),
            (12, "gas target", self.gas_target, 1..=1 << 40),
            (13, "lowest base fee", self.base_fee_min, 1..=1 << 36),
            (14, "gas by which the base fee doubles", self.base_fee_doubling, doubling_min..=1 << 50),
            (15, "cost limit of a transaction", self.transaction_cost_limit, 1 << 23..=cost_max),
            (16, "cost limit of a batch", self.batch_cost_limit, 0..=1 << 40),
            (
                17,
                "pubdata limit of a transaction",
                self.transaction_pubdata_limit,
                1 << 12..=self.batch_pubdata_limit.saturating_sub(UNCOUNTED_PUBDATA_BYTES),
            ),
            (18, "pubdata limit of a batch", self.batch_pubdata_limit, 0..=PUBDATA_BYTES_MAX),
            (19, "logs in a transaction", self.transaction_logs_limit, LOGS_MIN..=self.batch_logs_limit),
            (20, "logs in a batch", self.batch_logs_limit, LOGS_MIN..=LOGS_MAX),
        ];
        match ranges.into_iter().find(|(_, _, value, range)| !range.contains(value)) {
            Some((word, name, ..)) => Err(RollupConfigError::Range { word, name }),
            None => Ok(()),
        }
    }

    /// The encoding that is hashed.
    pub fn encode(&self) -> Vec<u8> {
        WordWriter::with_capacity(WORDS)
            .u64(VERSION)
            .u64(self.chain_id)
            .u64(self.protocol_version.into())
            .u64(EVM_RULES)
            .u64(if self.history { HISTORY_BIT } else { 0 })
            .u64(0)
            .hash(&self.base_asset)
            .u64(0)
            .hash(&B256::ZERO)
            .hash(&B256::ZERO)
            .u64(self.block_gas_limit)
            .u64(self.transaction_gas_limit)
            .u64(self.gas_target)
            .u64(self.base_fee_min)
            .u64(self.base_fee_doubling)
            .u64(self.transaction_cost_limit)
            .u64(self.batch_cost_limit)
            .u64(self.transaction_pubdata_limit)
            .u64(self.batch_pubdata_limit)
            .u64(self.transaction_logs_limit)
            .u64(self.batch_logs_limit)
            .u64(0)
            .finish()
    }

    /// Reads an encoding and validates it.
    pub fn decode(bytes: &[u8]) -> Result<Self, RollupConfigError> {
        let mut words = WordReader::new(bytes)?;
        expect(&mut words, 0, "version", B256::with_last_byte(2))?;
        let chain_id = words.u64()?;
        let protocol_version = words.u32()?;
        expect(&mut words, 3, "EVM rules", B256::with_last_byte(1))?;
        let history = match words.u64()? {
            0 => false,
            HISTORY_BIT => true,
            _ => return Err(RollupConfigError::Unsupported { word: 4, name: "system calls" }),
        };
        expect(&mut words, 5, "data availability", B256::ZERO)?;
        let base_asset = words.hash()?;
        expect(&mut words, 7, "fee mode", B256::ZERO)?;
        expect(&mut words, 8, "root of the transaction filter", B256::ZERO)?;
        expect(&mut words, 9, "interoperability root", B256::ZERO)?;
        let config = Self {
            chain_id,
            protocol_version,
            history,
            base_asset,
            block_gas_limit: words.u64()?,
            transaction_gas_limit: words.u64()?,
            gas_target: words.u64()?,
            base_fee_min: words.u64()?,
            base_fee_doubling: words.u64()?,
            transaction_cost_limit: words.u64()?,
            batch_cost_limit: words.u64()?,
            transaction_pubdata_limit: words.u64()?,
            batch_pubdata_limit: words.u64()?,
            transaction_logs_limit: words.u64()?,
            batch_logs_limit: words.u64()?,
        };
        expect(&mut words, 21, "reserved", B256::ZERO)?;
        words.finish()?;
        config.validate()?;
        Ok(config)
    }

    /// Keccak-256 of the encoding.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }
}

/// Reads a word that has one value only.
fn expect(
    words: &mut WordReader<'_>,
    word: usize,
    name: &'static str,
    value: B256,
) -> Result<(), RollupConfigError> {
    if words.hash()? == value { Ok(()) } else { Err(RollupConfigError::Unsupported { word, name }) }
}

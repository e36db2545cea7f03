//! Header checks H1 to H12 of `specs/004-block-execution.md`.

use crate::error::{BlockError, Field};
use alloc::vec::Vec;
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header};
use alloy_eips::{eip1559::BaseFeeParams, eip7840::BlobParams};
use alloy_primitives::{B64, B256, U256, keccak256};
use alloy_rlp::{Decodable, Encodable};
use ashlar_primitives::{BlobEntry, ChainConfig, Fork};

/// Lowest gas limit of a block (execution-specs, `LIMIT_MINIMUM`).
const GAS_LIMIT_MIN: u64 = 5_000;

/// The gas limit changes by less than this fraction of the parent's (execution-specs, `LIMIT_ADJUSTMENT_FACTOR`).
const GAS_LIMIT_FRACTION: u64 = 1_024;

/// Most bytes of extra data.
const EXTRA_DATA_BYTES_MAX: usize = 32;

/// Largest exponent of the blob base fee: e^88 wei fits in 128 bits, e^89 does not.
const FEE_EXPONENT_MAX: u64 = 88;

/// Blob gas of 65,535 blobs, the most that a blob schedule can name.
const PARENT_BLOB_GAS_MAX: u64 = 0xffff << 17;

/// A header together with the hash of the bytes it was decoded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedHeader {
    /// The header.
    pub header: Header,
    /// Keccak-256 of its RLP.
    pub hash: B256,
}

impl SealedHeader {
    /// Decodes canonical RLP (H1).
    pub fn decode(rlp: &[u8]) -> Result<Self, BlockError> {
        let mut rest = rlp;
        let header = Header::decode(&mut rest).map_err(|_| BlockError::HeaderRlp)?;
        // A header has one encoding; a decoder that accepts more would let one block have two hashes.
        let mut again = Vec::with_capacity(rlp.len());
        header.encode(&mut again);
        if !rest.is_empty() || again != rlp {
            return Err(BlockError::HeaderRlp);
        }
        Ok(Self { header, hash: keccak256(rlp) })
    }

    /// Seals a header that was made here.
    pub fn seal(header: Header) -> Self {
        let hash = header.hash_slow();
        Self { header, hash }
    }
}

/// Rules of one block: the fork and the blob parameters of its timestamp.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) fork: Fork,
    pub(crate) blobs: BlobParams,
}

impl Rules {
    pub(crate) fn at(config: &ChainConfig, timestamp: u64) -> Result<Self, BlockError> {
        let before = BlockError::BeforeFirstFork(timestamp);
        let fork = config.fork_at(timestamp).ok_or(before.clone())?;
        let entry = config.blobs_at(timestamp).ok_or(before)?;
        Ok(Self { fork, blobs: blob_params(fork, entry) })
    }
}

fn blob_params(fork: Fork, entry: &BlobEntry) -> BlobParams {
    let base = if fork >= Fork::Osaka { BlobParams::osaka() } else { BlobParams::cancun() };
    let per_transaction = if fork >= Fork::Osaka { base.max_blobs_per_tx } else { entry.max.into() };
    BlobParams {
        target_blob_count: entry.target.into(),
        max_blob_count: entry.max.into(),
        update_fraction: entry.update_fraction.into(),
        max_blobs_per_tx: per_transaction,
        ..base
    }
}

/// Checks a header against its parent and its fork (H2 to H12).
pub(crate) fn check(header: &Header, parent: &SealedHeader, rules: &Rules) -> Result<(), BlockError> {
    check_form(header, rules.fork)?;
    let wrong = |field| Err(BlockError::Field(field));
    if header.parent_hash != parent.hash {
        return wrong(Field::ParentHash);
    }
    if parent.header.number.checked_add(1) != Some(header.number) {
        return wrong(Field::Number);
    }
    if header.timestamp <= parent.header.timestamp {
        return wrong(Field::Timestamp);
    }
    check_gas_limit(header, &parent.header)?;
    if header.base_fee_per_gas != Some(base_fee(&parent.header)?) {
        return wrong(Field::BaseFee);
    }
    if header.excess_blob_gas != Some(excess_blob_gas(&parent.header, rules)?) {
        return wrong(Field::ExcessBlobGas);
    }
    if header.blob_gas_used.is_none_or(|used| used > rules.blobs.max_blob_gas_per_block()) {
        return wrong(Field::BlobGasUsed);
    }
    Ok(())
}

/// Fields whose value or presence depends on the fork alone (H5's first half, H6, H7, H9, H12).
fn check_form(header: &Header, fork: Fork) -> Result<(), BlockError> {
    let wrong = |field| Err(BlockError::Field(field));
    if header.ommers_hash != EMPTY_OMMER_ROOT_HASH {
        return wrong(Field::OmmersHash);
    }
    if header.difficulty != U256::ZERO {
        return wrong(Field::Difficulty);
    }
    if header.nonce != B64::ZERO {
        return wrong(Field::Nonce);
    }
    if header.extra_data.len() > EXTRA_DATA_BYTES_MAX {
        return wrong(Field::ExtraData);
    }
    if header.gas_used > header.gas_limit {
        return wrong(Field::GasUsed);
    }
    let present = [
        (header.base_fee_per_gas.is_some(), Field::BaseFee),
        (header.withdrawals_root.is_some(), Field::WithdrawalsRoot),
        (header.blob_gas_used.is_some(), Field::BlobGasUsed),
        (header.excess_blob_gas.is_some(), Field::ExcessBlobGas),
        (header.parent_beacon_block_root.is_some(), Field::ParentBeaconRoot),
        (header.requests_hash.is_some() || fork < Fork::Prague, Field::RequestsHash),
    ];
    if let Some((_, field)) = present.into_iter().find(|(present, _)| !present) {
        return Err(BlockError::Absent(field));
    }
    if header.requests_hash.is_some() && fork < Fork::Prague {
        return wrong(Field::RequestsHash);
    }
    if header.block_access_list_hash.is_some() || header.slot_number.is_some() {
        return wrong(Field::LaterFork);
    }
    Ok(())
}

fn check_gas_limit(header: &Header, parent: &Header) -> Result<(), BlockError> {
    let step = parent.gas_limit / GAS_LIMIT_FRACTION;
    if header.gas_limit.abs_diff(parent.gas_limit) >= step || header.gas_limit < GAS_LIMIT_MIN {
        return Err(BlockError::Field(Field::GasLimit));
    }
    Ok(())
}

/// Base fee after `parent` (EIP-1559).
fn base_fee(parent: &Header) -> Result<u64, BlockError> {
    // A limit below the minimum would make the gas target, a divisor, zero.
    if parent.gas_limit < GAS_LIMIT_MIN {
        return Err(BlockError::Field(Field::GasLimit));
    }
    // The parent of a batch is tied by its hash alone. With more gas used than its limit, or a fee that cannot double,
    // the formula would leave 64 bits.
    if parent.gas_used > parent.gas_limit {
        return Err(BlockError::Field(Field::GasUsed));
    }
    if parent.base_fee_per_gas.is_some_and(|fee| fee > u64::MAX / 2) {
        return Err(BlockError::Field(Field::BaseFee));
    }
    parent.next_block_base_fee(BaseFeeParams::ethereum()).ok_or(BlockError::Absent(Field::BaseFee))
}

/// Excess blob gas after `parent`, by the rules of the block that follows it.
pub(crate) fn excess_blob_gas(parent: &Header, rules: &Rules) -> Result<u64, BlockError> {
    // The first block of Cancun has a parent without these fields; they count as 0 (EIP-4844).
    let excess = parent.excess_blob_gas.unwrap_or(0);
    let used = parent.blob_gas_used.unwrap_or(0);
    let base_fee = parent.base_fee_per_gas.ok_or(BlockError::Absent(Field::BaseFee))?;
    // Checked blocks are far below the bounds, but the parent of a batch is tied by its hash alone. Past the first two
    // the sums leave 64 bits; past the last, on this block's own excess, the fee would not be what the formula says.
    let fraction = u64::try_from(rules.blobs.update_fraction).unwrap_or(0);
    let bound = fraction.saturating_mul(FEE_EXPONENT_MAX);
    if excess > u64::MAX / 2 || used > PARENT_BLOB_GAS_MAX {
        return Err(BlockError::Field(Field::ExcessBlobGas));
    }
    let next = rules.blobs.next_block_excess_blob_gas_osaka(excess, used, base_fee);
    if next > bound { Err(BlockError::Field(Field::ExcessBlobGas)) } else { Ok(next) }
}

/// Fills in what follows from the parent: hash, number, base fee, excess blob gas, and the constants since EIP-3675.
pub(crate) fn next(draft: Header, parent: &SealedHeader, rules: &Rules) -> Result<Header, BlockError> {
    Ok(Header {
        parent_hash: parent.hash,
        number: parent.header.number.checked_add(1).ok_or(BlockError::Field(Field::Number))?,
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        difficulty: U256::ZERO,
        nonce: B64::ZERO,
        base_fee_per_gas: Some(base_fee(&parent.header)?),
        excess_blob_gas: Some(excess_blob_gas(&parent.header, rules)?),
        ..draft
    })
}

//! Headers of rollup blocks (`specs/015-rollup-blocks.md`, "Header").

use super::fees;
use crate::{
    error::{BlockError, Field},
    header::SealedHeader,
};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{Address, B64, B256, Bloom, U256};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_trie::EMPTY_ROOT;

/// Header of the first block, which nobody executes.
pub fn genesis_header(config: &RollupConfig, state_root: B256, timestamp: u64) -> SealedHeader {
    let header = Header { state_root, timestamp, gas_limit: config.block_gas_limit, ..Header::default() };
    SealedHeader::seal(with_constants(header, 0, config))
}

/// The header after `parent`, as far as it follows from the parent: execution has to fill in the rest.
pub(super) fn next(
    config: &RollupConfig,
    parent: &SealedHeader,
    beneficiary: Address,
    timestamp: u64,
) -> Result<Header, BlockError> {
    if timestamp < parent.header.timestamp {
        return Err(BlockError::Field(Field::Timestamp));
    }
    let excess = fees::next_excess(config, &parent.header, timestamp)?;
    let header = Header {
        parent_hash: parent.hash,
        number: parent.header.number.checked_add(1).ok_or(BlockError::Field(Field::Number))?,
        timestamp,
        beneficiary,
        gas_limit: config.block_gas_limit,
        mix_hash: parent.hash,
        ..Header::default()
    };
    Ok(with_constants(header, excess, config))
}

/// Sets what has one value in every block, and what follows from the excess gas.
fn with_constants(header: Header, excess: u64, config: &RollupConfig) -> Header {
    Header {
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        difficulty: U256::ZERO,
        nonce: B64::ZERO,
        transactions_root: EMPTY_ROOT,
        receipts_root: EMPTY_ROOT,
        logs_bloom: Bloom::ZERO,
        withdrawals_root: Some(EMPTY_ROOT),
        extra_data: fees::extra_data(excess),
        base_fee_per_gas: Some(fees::base_fee(config, excess)),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..header
    }
}

/// The first field in which a stated header differs from the one that was made here.
pub(super) fn compare(stated: &Header, made: &Header) -> Result<(), BlockError> {
    let same = [
        (stated.parent_hash == made.parent_hash, Field::ParentHash),
        (stated.number == made.number, Field::Number),
        (stated.gas_limit == made.gas_limit, Field::GasLimit),
        (stated.extra_data == made.extra_data, Field::ExtraData),
        (stated.base_fee_per_gas == made.base_fee_per_gas, Field::BaseFee),
        (stated.mix_hash == made.mix_hash, Field::MixHash),
        (stated.ommers_hash == made.ommers_hash, Field::OmmersHash),
        (stated.difficulty == made.difficulty, Field::Difficulty),
        (stated.nonce == made.nonce, Field::Nonce),
        (stated.withdrawals_root == made.withdrawals_root, Field::WithdrawalsRoot),
        (stated.blob_gas_used == made.blob_gas_used, Field::BlobGasUsed),
        (stated.excess_blob_gas == made.excess_blob_gas, Field::ExcessBlobGas),
        (stated.parent_beacon_block_root == made.parent_beacon_block_root, Field::ParentBeaconRoot),
        (stated.requests_hash == made.requests_hash, Field::RequestsHash),
        (stated.transactions_root == made.transactions_root, Field::TransactionsRoot),
        (stated.gas_used == made.gas_used, Field::GasUsed),
        (stated.receipts_root == made.receipts_root, Field::ReceiptsRoot),
        (stated.logs_bloom == made.logs_bloom, Field::LogsBloom),
        (stated.state_root == made.state_root, Field::StateRoot),
        // Whatever field a later version of the type brings.
        (stated == made, Field::LaterFork),
    ];
    same.into_iter().find(|(same, _)| !same).map_or(Ok(()), |(_, field)| Err(BlockError::Field(field)))
}

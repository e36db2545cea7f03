//! Base fee of rollup blocks (`specs/015-rollup-blocks.md`, "Base fee").

use crate::error::{BlockError, Field};
use alloy_consensus::Header;
use alloy_primitives::Bytes;
use ashlar_primitives::rollup::RollupConfig;
use core::num::{NonZeroU64, NonZeroU128};

/// First byte of a header's extra data.
const EXTRA_DATA_VERSION: u8 = 1;

/// Most doublings of the base fee.
const DOUBLINGS_MAX: u64 = 24;

/// Excess gas that a header states.
pub(super) fn excess_of(header: &Header) -> Result<u64, BlockError> {
    match header.extra_data.split_first() {
        Some((&EXTRA_DATA_VERSION, excess)) => excess.try_into().map(u64::from_be_bytes),
        _ => return Err(BlockError::Field(Field::ExtraData)),
    }
    .map_err(|_| BlockError::Field(Field::ExtraData))
}

/// Extra data of a header that states this excess gas.
pub(super) fn extra_data(excess: u64) -> Bytes {
    [&[EXTRA_DATA_VERSION], excess.to_be_bytes().as_slice()].concat().into()
}

/// Excess gas of the block after `parent` that has this timestamp.
pub fn next_excess(config: &RollupConfig, parent: &Header, timestamp: u64) -> Result<u64, BlockError> {
    let used = u128::from(excess_of(parent)?).saturating_add(parent.gas_used.into());
    let seconds = timestamp.saturating_sub(parent.timestamp);
    let worked_off = u128::from(config.gas_target).saturating_mul(seconds.into());
    let bound = u128::from(config.base_fee_doubling).saturating_mul(DOUBLINGS_MAX.into());
    // The bound is below 2^55.
    Ok(used.saturating_sub(worked_off).min(bound).try_into().unwrap_or(u64::MAX))
}

/// Base fee of a block with this excess gas, in wei.
pub fn base_fee(config: &RollupConfig, excess: u64) -> u64 {
    // A configuration's value is not 0; with 0 there would be no fee that rises.
    let doubling = NonZeroU64::new(config.base_fee_doubling).unwrap_or(NonZeroU64::MIN);
    let (doublings, rest) = (excess / doubling, excess % doubling);
    // At most 2^36 * 2^24 * 2^51.
    let power = u128::from(config.base_fee_min) << doublings.min(DOUBLINGS_MAX);
    let scaled = power.saturating_mul(u128::from(doubling.get()).saturating_add(rest.into()));
    (scaled / NonZeroU128::from(doubling)).try_into().unwrap_or(u64::MAX)
}

//! What is offered for gas.

use alloy_primitives::U128;
use serde_json::json;
use thiserror::Error;

use crate::client::{Client, ClientError};

/// Wei of a gwei.
pub const WEI_PER_GWEI: u128 = 1_000_000_000;

/// What a transaction offers, in wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Fees {
    /// The most for base fee and tip together.
    pub max: u128,
    /// The tip.
    pub tip: u128,
    /// The most for the gas of blobs; 0 for a transaction without.
    pub blob: u128,
}

/// What Ethereum asks for, in wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Market {
    /// The newest block's base fee.
    pub base_fee: u128,
    /// The tip that the node advises.
    pub tip: u128,
    /// What the gas of blobs costs; 0 where nobody asks.
    pub blob: u128,
}

/// The most that may be offered, in wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeLimits {
    /// For base fee and tip together.
    pub max: u128,
    /// For the gas of blobs.
    pub blob: u128,
}

/// Ethereum asks for more than may be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FeeError {
    /// For gas.
    #[error(
        "the node wants {} gwei per gas, a base fee of {} and a tip of {}; the most that may be paid is {}",
        gwei(.base_fee.saturating_add(*.tip)), gwei(*.base_fee), gwei(*.tip), gwei(*.limit)
    )]
    Gas {
        /// Wei per gas.
        base_fee: u128,
        /// Wei per gas.
        tip: u128,
        /// Wei per gas.
        limit: u128,
    },
    /// For the gas of blobs.
    #[error("the node wants {} gwei per gas of blobs; the most that may be paid is {}", gwei(*.price), gwei(*.limit))]
    Blobs {
        /// Wei per gas.
        price: u128,
        /// Wei per gas.
        limit: u128,
    },
    /// A transaction is replaced by one that offers more, and more may not be offered.
    #[error(
        "a replacement has to offer {} gwei per gas and {} per gas of blobs; the most that may be paid is {} and {}",
        gwei(*.max), gwei(*.blob), gwei(*.limit), gwei(*.blob_limit)
    )]
    Replacement {
        /// Wei per gas.
        max: u128,
        /// Wei per gas of blobs.
        blob: u128,
        /// Wei per gas.
        limit: u128,
        /// Wei per gas of blobs.
        blob_limit: u128,
    },
}

impl Market {
    /// What this node says of it. The base fee comes from the newest block.
    pub fn read(client: &Client, base_fee: u128, blobs: bool) -> Result<Self, ClientError> {
        let tip: U128 = client.call("eth_maxPriorityFeePerGas", json!([]))?;
        let blob: U128 = if blobs { client.call("eth_blobBaseFee", json!([]))? } else { U128::ZERO };
        Ok(Self { base_fee, tip: tip.to(), blob: blob.to() })
    }
}

impl Fees {
    /// An offer for what is asked; an error if that is above a limit, and otherwise no offer is above it.
    pub fn new(market: Market, limits: FeeLimits) -> Result<Self, FeeError> {
        let Market { base_fee, tip, blob } = market;
        if base_fee.saturating_add(tip) > limits.max {
            return Err(FeeError::Gas { base_fee, tip, limit: limits.max });
        }
        if blob > limits.blob {
            return Err(FeeError::Blobs { price: blob, limit: limits.blob });
        }
        // Good for six full blocks in a row, each of which raises the base fee by an eighth.
        let max = base_fee.saturating_mul(2).saturating_add(tip).min(limits.max);
        Ok(Self { max, tip, blob: blob.saturating_mul(2).min(limits.blob) })
    }

    /// An offer that nodes take in place of this one: all parts grow by an eighth, with blobs to the double, or to what is
    /// asked now, if that is more.
    pub fn replacement(&self, market: Market, limits: FeeLimits) -> Result<Self, FeeError> {
        let with_blobs = self.blob > 0;
        let more = |old: u128| match with_blobs {
            true => old.saturating_mul(2).max(1),
            false => old.saturating_add(old.div_ceil(8)).saturating_add(u128::from(old == 0)),
        };
        let now = Market { blob: if with_blobs { market.blob } else { 0 }, ..market };
        let asked = Self::new(now, limits).unwrap_or_default();
        let tip = more(self.tip).max(asked.tip);
        let max = more(self.max).max(asked.max).max(tip);
        let blob = if with_blobs { more(self.blob).max(asked.blob) } else { 0 };
        if max > limits.max || blob > limits.blob {
            let FeeLimits { max: limit, blob: blob_limit } = limits;
            return Err(FeeError::Replacement { max, blob, limit, blob_limit });
        }
        Ok(Self { max, tip, blob })
    }

    /// The most that a transaction costs, in wei, beside its value.
    pub(crate) fn cost(&self, gas_limit: u64, blobs: usize) -> u128 {
        let blob_gas = (blobs as u128).saturating_mul(u128::from(alloy_eips::eip4844::DATA_GAS_PER_BLOB));
        let gas = self.max.saturating_mul(u128::from(gas_limit));
        gas.saturating_add(self.blob.saturating_mul(blob_gas))
    }
}

/// Whole and fraction, with all digits that are not zero.
pub fn gwei(wei: u128) -> String {
    let (whole, rest) = (wei / WEI_PER_GWEI, wei % WEI_PER_GWEI);
    let text = format!("{whole}.{rest:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u128 = 200 * WEI_PER_GWEI;
    const LIMITS: FeeLimits = FeeLimits { max: LIMIT, blob: 100 };

    fn market(base_fee: u128, tip: u128) -> Market {
        Market { base_fee, tip, blob: 0 }
    }

    #[test]
    fn fees_are_good_for_six_blocks_but_never_above_the_limit() {
        let fees = |base_fee, tip| Fees::new(market(base_fee, tip), LIMITS).unwrap();
        let offer = |max, tip| Fees { max, tip, blob: 0 };
        assert_eq!(fees(7, 2), offer(16, 2));
        assert_eq!(fees(0, 0), offer(0, 0));
        let half = LIMIT / 2;
        assert_eq!(fees(half - 1, 2), offer(LIMIT, 2));
        assert_eq!(fees(half, 1), offer(LIMIT, 1));
        assert_eq!(fees(LIMIT - 1, 1), offer(LIMIT, 1));
        assert_eq!(fees(0, LIMIT), offer(LIMIT, LIMIT));
    }

    #[test]
    fn a_price_above_the_limit_is_refused_whichever_part_it_is() {
        for (base_fee, tip) in
            [(LIMIT, 1), (1, LIMIT), (LIMIT + 1, 0), (0, LIMIT + 1), (u128::MAX, u128::MAX), (u128::MAX, 0)]
        {
            Fees::new(market(base_fee, tip), LIMITS).unwrap_err();
        }
        let error = Fees::new(market(LIMIT, 1), LIMITS).unwrap_err().to_string();
        assert!(error.contains("200.000000001 gwei per gas"), "{error}");
        assert!(error.contains("a base fee of 200 and a tip of 0.000000001"), "{error}");
        Fees::new(market(LIMIT, 1), FeeLimits { max: LIMIT + 1, blob: 0 }).unwrap();
        let blobs = Fees::new(Market { blob: 101, ..market(1, 1) }, LIMITS).unwrap_err();
        assert_eq!(blobs, FeeError::Blobs { price: 101, limit: 100 });
        assert_eq!(Fees::new(Market { blob: 60, ..market(1, 1) }, LIMITS).unwrap().blob, 100);
    }

    #[test]
    fn a_replacement_offers_an_eighth_more_or_with_blobs_the_double() {
        let old = Fees { max: 100, tip: 8, blob: 0 };
        assert_eq!(old.replacement(market(1, 1), LIMITS).unwrap(), Fees { max: 113, tip: 9, blob: 0 });
        assert_eq!(old.replacement(market(500, 20), LIMITS).unwrap(), Fees { max: 1_020, tip: 20, blob: 0 });
        let zero = Fees::default();
        assert_eq!(zero.replacement(market(0, 0), LIMITS).unwrap(), Fees { max: 1, tip: 1, blob: 0 });
        let blobs = Fees { max: 100, tip: 8, blob: 3 };
        let doubled = Fees { max: 200, tip: 16, blob: 6 };
        assert_eq!(blobs.replacement(market(1, 1), LIMITS).unwrap(), doubled);
    }

    #[test]
    fn a_replacement_above_a_limit_is_none() {
        let dear = Fees { max: LIMIT, tip: 1, blob: 0 };
        assert!(matches!(dear.replacement(market(1, 1), LIMITS), Err(FeeError::Replacement { .. })));
        let blobs = Fees { max: 1, tip: 1, blob: 51 };
        assert!(matches!(blobs.replacement(market(1, 1), LIMITS), Err(FeeError::Replacement { .. })));
        // What is asked now does not matter if it may not be paid: the least that replaces is offered.
        let old = Fees { max: 100, tip: 8, blob: 0 };
        assert_eq!(old.replacement(market(LIMIT, 8), LIMITS).unwrap().max, 113);
    }
}

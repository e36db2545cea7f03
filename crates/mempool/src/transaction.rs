//! A transaction that waits.

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_stf::rollup::RollupTransaction;

/// A transaction that waits for a block.
#[derive(Clone, Debug)]
pub struct PooledTransaction {
    /// The transaction, decoded, with its hash and sender: what a block's builder takes.
    pub transaction: RollupTransaction,
    /// Its encoding.
    pub bytes: Bytes,
    /// Its sender.
    pub sender: Address,
    /// Its nonce.
    pub nonce: u64,
    /// Gas limit.
    pub gas_limit: u64,
    /// Most wei per gas.
    pub max_fee: u128,
    /// Most wei per gas above the base fee.
    pub max_priority_fee: u128,
    /// Most wei that it can take: gas at the highest fee, and the value. `U256::MAX` if that is more than 256 bits.
    pub cost: U256,
    /// Whose accounts its authorizations change (EIP-7702).
    pub authorities: Vec<Address>,
    /// Order of arrival.
    pub arrival: u64,
}

impl PooledTransaction {
    /// Its hash.
    pub const fn hash(&self) -> B256 {
        self.transaction.hash
    }

    /// Wei per gas above this base fee that it pays; below it, what is lacking, negative.
    pub fn tip(&self, base_fee: u64) -> i128 {
        let base_fee = u128::from(base_fee);
        match self.max_fee.checked_sub(base_fee) {
            Some(above) => i128::try_from(above.min(self.max_priority_fee)).unwrap_or(i128::MAX),
            None => i128::try_from(base_fee.abs_diff(self.max_fee)).map_or(i128::MIN, |lack| -lack),
        }
    }

    /// Whether it pays this base fee.
    pub fn pays(&self, base_fee: u64) -> bool {
        self.max_fee >= u128::from(base_fee)
    }
}

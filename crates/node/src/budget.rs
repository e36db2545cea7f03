//! What a block may have, so that it alone fits into a batch.

use ashlar_primitives::rollup::RollupConfig;
use ashlar_stf::rollup::{RollupResult, Role};

/// Proving cost of a batch of one block that no transaction is counted for, with that of the pubdata's own bytes
/// (`specs/020-proving-cost.md`).
const FIXED_COST: u64 = 1 << 22;

/// Proving cost of a byte of pubdata (`specs/020-proving-cost.md`).
const PUBDATA_BYTE_COST: u64 = 40;

/// Bytes of pubdata that no transaction is counted for (`specs/018-pubdata.md`).
const FIXED_PUBDATA: u64 = 512;

/// Most transactions of a block.
const TRANSACTIONS_MAX: u64 = 16_384;

/// Most priority operations of a block: what one transaction to Ethereum can show of a batch's operations.
const OPERATIONS_MAX: u64 = 256;

/// What a block that is made has left of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Proving cost, cycle equivalents.
    cost: u64,
    /// Pubdata, bytes.
    pubdata: u64,
    /// L2->L1 logs.
    logs: u64,
    transactions: u64,
    operations: u64,
    /// What a transaction may take at most.
    transaction_cost: u64,
    transaction_pubdata: u64,
    transaction_logs: u64,
}

impl Budget {
    /// All of a batch.
    pub const fn new(config: &RollupConfig) -> Self {
        Self {
            cost: config.batch_cost_limit.saturating_sub(FIXED_COST),
            pubdata: config.batch_pubdata_limit.saturating_sub(FIXED_PUBDATA),
            logs: config.batch_logs_limit,
            transactions: TRANSACTIONS_MAX,
            operations: OPERATIONS_MAX,
            transaction_cost: config
                .transaction_cost_limit
                .saturating_add(config.transaction_pubdata_limit.saturating_mul(PUBDATA_BYTE_COST)),
            transaction_pubdata: config.transaction_pubdata_limit,
            transaction_logs: config.transaction_logs_limit,
        }
    }

    /// Whether there is room for any transaction: what one takes is known when it has run. An empty block has room for one
    /// (specification 020, invariant 4).
    pub const fn has_room(&self) -> bool {
        self.transactions > 0
            && self.cost >= self.transaction_cost
            && self.pubdata >= self.transaction_pubdata
            && self.logs >= self.transaction_logs
    }

    /// Whether there is room for any priority operation.
    pub const fn has_room_for_operation(&self) -> bool {
        self.operations > 0 && self.has_room()
    }

    /// Takes what a transaction took.
    pub fn take(&mut self, result: &RollupResult) {
        let usage = &result.usage;
        let cost = usage.cost.saturating_add(usage.pubdata.saturating_mul(PUBDATA_BYTE_COST));
        self.cost = self.cost.saturating_sub(cost);
        self.pubdata = self.pubdata.saturating_sub(usage.pubdata);
        self.logs = self.logs.saturating_sub(usage.logs);
        self.transactions = self.transactions.saturating_sub(1);
        if matches!(result.role, Role::Operation { .. }) {
            self.operations = self.operations.saturating_sub(1);
        }
    }
}

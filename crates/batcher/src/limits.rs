//! What blocks take of a batch, bounded before the batch is made.

use ashlar_primitives::rollup::{OPERATION_TYPE, RollupConfig, UPGRADE_TYPE};
use ashlar_stf::rollup::{
    BATCH_COST, BLOCK_COST, PUBDATA_BYTE_COST, Role, RollupResult, TRANSACTIONS_MAX, Usage,
};
use ashlar_storage::BlockRecord;
use std::fmt::{self, Display, Formatter};

/// Most priority operations of a batch: the transaction that settles it shows each of them to Ethereum, and executes them.
pub const OPERATIONS_MAX: u64 = 1_024;

/// Most bytes of pubdata beside blocks and transactions: version, header, counts (`specs/018-pubdata.md`).
const BATCH_PUBDATA: u64 = 512;

/// Bytes of pubdata of a block beside what it changes and its logs: its hash.
const BLOCK_PUBDATA: u64 = 32;

/// Most bytes of pubdata of the account that receives a block's fees.
const FEES_PUBDATA: u64 = 80;

/// What a batch has a limit of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Proving cost, cycle equivalents.
    ProvingCost,
    /// Pubdata, bytes.
    Pubdata,
    /// L2->L1 logs.
    Logs,
    /// Transactions.
    Transactions,
    /// Priority operations.
    Operations,
}

impl Display for Limit {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::ProvingCost => "proving cost",
            Self::Pubdata => "pubdata",
            Self::Logs => "logs to Ethereum",
            Self::Transactions => "transactions",
            Self::Operations => "priority operations",
        })
    }
}

/// The most that blocks take of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchUse {
    /// Blocks.
    pub blocks: u64,
    /// Their transactions.
    pub transactions: u64,
    /// Priority operations among these.
    pub operations: u64,
    /// Proving cost of the transactions, cycle equivalents.
    pub cost: u64,
    /// Bound of the pubdata of the transactions and of their fees, bytes.
    pub pubdata: u64,
    /// L2->L1 logs.
    pub logs: u64,
}

impl BatchUse {
    /// Of one block, by the sums over its transactions.
    pub fn of(block: &BlockRecord) -> Self {
        let mut used = Self::EMPTY_BLOCK;
        for (bytes, result) in block.transactions.iter().zip(&block.results) {
            used.count(&result.usage, bytes.first() == Some(&OPERATION_TYPE));
        }
        used
    }

    /// Of a block without transactions.
    const EMPTY_BLOCK: Self =
        Self { blocks: 1, transactions: 0, operations: 0, cost: 0, pubdata: FEES_PUBDATA, logs: 0 };

    /// Of these and other blocks.
    #[must_use]
    pub const fn and(&self, other: &Self) -> Self {
        Self {
            blocks: self.blocks.saturating_add(other.blocks),
            transactions: self.transactions.saturating_add(other.transactions),
            operations: self.operations.saturating_add(other.operations),
            cost: self.cost.saturating_add(other.cost),
            pubdata: self.pubdata.saturating_add(other.pubdata),
            logs: self.logs.saturating_add(other.logs),
        }
    }

    /// Adds a transaction.
    const fn count(&mut self, usage: &Usage, is_operation: bool) {
        self.transactions = self.transactions.saturating_add(1);
        self.operations = self.operations.saturating_add(is_operation as u64);
        self.cost = self.cost.saturating_add(usage.cost);
        self.pubdata = self.pubdata.saturating_add(usage.pubdata);
        self.logs = self.logs.saturating_add(usage.logs);
    }

    /// Bound of the batch's pubdata, bytes.
    pub const fn batch_pubdata(&self) -> u64 {
        let blocks = self.blocks.saturating_mul(BLOCK_PUBDATA);
        self.pubdata.saturating_add(blocks).saturating_add(BATCH_PUBDATA)
    }

    /// Bound of the batch's proving cost, cycle equivalents (`specs/020-proving-cost.md`).
    pub const fn batch_cost(&self) -> u64 {
        let blocks = self.blocks.saturating_mul(BLOCK_COST);
        let pubdata = self.batch_pubdata().saturating_mul(PUBDATA_BYTE_COST);
        BATCH_COST.saturating_add(blocks).saturating_add(self.cost).saturating_add(pubdata)
    }
}

/// Limits of a batch: those of the chain's configuration, of its format, and of its settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    cost: u64,
    pubdata: u64,
    logs: u64,
    transactions: u64,
    operations: u64,
}

impl BatchLimits {
    /// Of a chain. Its limit of pubdata is never above what six blobs hold, so blobs have room for every batch.
    pub const fn new(config: &RollupConfig) -> Self {
        Self {
            cost: config.batch_cost_limit,
            pubdata: config.batch_pubdata_limit,
            logs: config.batch_logs_limit,
            transactions: TRANSACTIONS_MAX as u64,
            operations: OPERATIONS_MAX,
        }
    }

    /// The same, with a limit of the proving cost that is perhaps lower.
    #[must_use]
    pub fn with_cost_of_at_most(self, cost: u64) -> Self {
        Self { cost: self.cost.min(cost), ..self }
    }

    /// The first limit that this passes.
    pub fn passed(&self, used: &BatchUse) -> Option<Limit> {
        let limits = [
            (Limit::ProvingCost, used.batch_cost(), self.cost),
            (Limit::Pubdata, used.batch_pubdata(), self.pubdata),
            (Limit::Logs, used.logs, self.logs),
            (Limit::Transactions, used.transactions, self.transactions),
            (Limit::Operations, used.operations, self.operations),
        ];
        limits.into_iter().find(|(_, used, limit)| used > limit).map(|(limit, ..)| limit)
    }
}

/// Whether a block begins with an upgrade.
pub(crate) fn begins_with_upgrade(block: &BlockRecord) -> bool {
    block.transactions.first().is_some_and(|bytes| bytes.first() == Some(&UPGRADE_TYPE))
}

/// What a block that is being made may still take, so that it fits into a batch of its own. The sequencer asks before it executes a
/// transaction, as what one takes is known when it has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockBudget {
    limits: BatchLimits,
    /// The most that a transaction takes.
    most: Usage,
    used: BatchUse,
    has_upgrade: bool,
}

impl BlockBudget {
    /// Of an empty block.
    pub fn new(config: &RollupConfig) -> Self {
        Self {
            limits: BatchLimits::new(config),
            most: Usage {
                cost: config.transaction_cost_limit,
                pubdata: config.transaction_pubdata_limit,
                logs: config.transaction_logs_limit,
            },
            used: BatchUse::EMPTY_BLOCK,
            has_upgrade: false,
        }
    }

    /// Whether the block has room for any ordinary transaction. An empty one has (`specs/020-proving-cost.md`, invariant 4).
    pub fn has_room(&self) -> bool {
        self.fits(false)
    }

    /// Whether the block has room for any priority operation.
    pub fn has_room_for_operation(&self) -> bool {
        self.fits(true)
    }

    fn fits(&self, is_operation: bool) -> bool {
        let mut used = self.used;
        used.count(&self.most, is_operation);
        self.used.transactions == 0 || !self.has_upgrade && self.limits.passed(&used).is_none()
    }

    /// Takes what a transaction of the block took.
    pub fn take(&mut self, result: &RollupResult) {
        self.used.count(&result.usage, matches!(result.role, Role::Operation { .. }));
        // An upgrade has no limits: nothing else is put beside it.
        self.has_upgrade |= result.role == Role::Upgrade;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BatchLimits =
        BatchLimits { cost: 10_000_000, pubdata: 10_000, logs: 10, transactions: 65_535, operations: 1_024 };

    #[test]
    fn each_limit_is_kept_to_the_last_unit() {
        let one = BatchUse { blocks: 1, ..BatchUse::default() };
        // Batch, block, and the pubdata that no transaction is counted for.
        let cost = 10_000_000 - 1_000_000 - 200_000 - 40 * 544;
        let cases = [
            (BatchUse { cost, ..one }, BatchUse { cost: cost + 1, ..one }, Limit::ProvingCost),
            (
                BatchUse { pubdata: 10_000 - 544, ..one },
                BatchUse { pubdata: 10_001 - 544, ..one },
                Limit::Pubdata,
            ),
            (BatchUse { logs: 10, ..one }, BatchUse { logs: 11, ..one }, Limit::Logs),
            (
                BatchUse { transactions: 65_535, ..one },
                BatchUse { transactions: 65_536, ..one },
                Limit::Transactions,
            ),
            (BatchUse { operations: 1_024, ..one }, BatchUse { operations: 1_025, ..one }, Limit::Operations),
        ];
        for (fits, passes, limit) in cases {
            assert_eq!(LIMITS.passed(&fits), None);
            assert_eq!(LIMITS.passed(&passes), Some(limit));
        }
    }

    #[test]
    fn what_cannot_be_counted_fits_nowhere() {
        let most = BatchUse {
            blocks: u64::MAX,
            transactions: u64::MAX,
            operations: u64::MAX,
            cost: u64::MAX,
            pubdata: u64::MAX,
            logs: u64::MAX,
        };
        assert_eq!(most.and(&most), most);
        assert_eq!(LIMITS.passed(&most), Some(Limit::ProvingCost));
    }
}

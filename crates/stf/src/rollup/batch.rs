//! A batch of rollup blocks, and what is proven of it (`specs/023-settlement.md`).

use super::{
    block::{Role, RollupBlock, make_block},
    diff::{HistorySlots, Published, StateDiff},
    fees,
    limits::{OverLimit, Resource, first_over},
    messages::Message,
    state::ChainState,
};
use crate::{
    ancestors::Ancestors,
    error::{BlockError, Error},
    header::SealedHeader,
    state::WitnessState,
};
use alloc::vec::Vec;
use alloy_primitives::B256;
use ashlar_primitives::rollup::{
    L2Log, LogTree, OperationsHash, RollupConfig, RollupInput, RollupOutput, batch_root,
};
use ashlar_pubdata::{LastHeader, LogBody, PublishedLog, Scalar, encode};

/// Most transactions of a batch.
pub const TRANSACTIONS_MAX: usize = 65_535;

/// Proving cost of a block beside its transactions (`specs/020-proving-cost.md`).
pub const BLOCK_COST: u64 = 200_000;
/// Proving cost of a batch beside its blocks and its pubdata.
pub const BATCH_COST: u64 = 1_000_000;
/// Proving cost of each byte of pubdata, hashed, and evaluated in blobs.
pub const PUBDATA_BYTE_COST: u64 = 40;

/// What a batch has done so far. Blocks are added in order; [`BatchBuilder::finish`] makes the output.
#[derive(Debug)]
pub struct BatchBuilder {
    config: RollupConfig,
    first: Option<SealedHeader>,
    last: Option<SealedHeader>,
    /// Hashes of all blocks.
    hashes: Vec<B256>,
    diff: StateDiff,
    logs: Vec<L2Log>,
    published: Vec<PublishedLog>,
    transactions: usize,
    ordinary: u64,
    operations: Operations,
    upgrade: Option<B256>,
    cost: u64,
}

/// The priority operations of a batch.
#[derive(Clone, Copy, Debug, Default)]
struct Operations {
    first: u64,
    count: u64,
    hash: OperationsHash,
}

/// A finished batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupBatch {
    /// What is proven.
    pub output: RollupOutput,
    /// What is published.
    pub pubdata: Vec<u8>,
    /// L2->L1 logs.
    pub logs: Vec<L2Log>,
    /// Proving cost, cycle equivalents.
    pub cost: u64,
}

impl BatchBuilder {
    /// A batch without blocks.
    pub fn new(config: &RollupConfig) -> Self {
        Self {
            config: *config,
            first: None,
            last: None,
            hashes: Vec::new(),
            diff: StateDiff::default(),
            logs: Vec::new(),
            published: Vec::new(),
            transactions: 0,
            ordinary: 0,
            operations: Operations::default(),
            upgrade: None,
            cost: BATCH_COST,
        }
    }

    /// Proving cost so far, cycle equivalents, without that of pubdata.
    pub const fn cost(&self) -> u64 {
        self.cost
    }

    /// Adds the next block, which was executed on top of the one before. After an error the batch must not be used again.
    pub fn add(&mut self, block: RollupBlock) -> Result<(), Error> {
        let number = block.header.header.number;
        let refused = |reason| Error::Block { number, reason };
        self.cost = self.cost.saturating_add(BLOCK_COST);
        for (place, result) in block.transactions.iter().enumerate() {
            let index = u16::try_from(self.transactions).map_err(|_| Error::Transactions)?;
            self.transactions = self.transactions.saturating_add(1);
            self.cost = self.cost.saturating_add(result.usage.cost);
            self.count(place, result.role, &result.hash).map_err(refused)?;
            self.logs.extend(result.l2_logs(index));
            let messages = result.messages.iter().map(|message| published_message(index, message));
            self.published.extend(messages);
            if matches!(result.role, Role::Operation { .. }) {
                let body = LogBody::Status { success: result.receipt.is_success(), operation: result.hash };
                self.published.push(PublishedLog { transaction: index, body });
            }
        }
        if self.transactions > TRANSACTIONS_MAX {
            return Err(Error::Transactions);
        }
        self.diff.add(block.changes);
        self.hashes.push(block.header.hash);
        self.first.get_or_insert_with(|| block.header.clone());
        self.last = Some(block.header);
        Ok(())
    }

    /// Counts a transaction that stands at this place of its block.
    fn count(&mut self, place: usize, role: Role, hash: &B256) -> Result<(), BlockError> {
        match role {
            Role::Ordinary => self.ordinary = self.ordinary.saturating_add(1),
            Role::Operation { id } => {
                let operations = &mut self.operations;
                if operations.count == 0 {
                    operations.first = id;
                } else if operations.first.checked_add(operations.count) != Some(id) {
                    return Err(BlockError::OperationOrder(id));
                }
                operations.count = operations.count.saturating_add(1);
                operations.hash.push(hash);
            }
            Role::Upgrade => {
                if self.first.is_some() || place != 0 {
                    return Err(BlockError::Upgrade);
                }
                self.upgrade = Some(*hash);
            }
        }
        Ok(())
    }

    /// Ends the batch. `parent` is the hash of the first block's parent; versioned hashes and `multiply` are as in
    /// [`ashlar_pubdata::commitment`].
    pub fn finish(
        self,
        versioned_hashes: &[B256],
        multiply: impl Fn(&mut Scalar, &Scalar, &Scalar),
    ) -> Result<RollupBatch, Error> {
        let (Some(first), Some(last)) = (self.first, self.last) else { return Err(Error::NoBlock) };
        let (_, earlier) = self.hashes.split_last().ok_or(Error::NoBlock)?;
        let history = HistorySlots { first: first.header.number, last: last.header.number };
        let accounts = self.diff.published(self.config.history.then_some(&history));
        let header =
            last_header(&last).map_err(|reason| Error::Block { number: last.header.number, reason })?;
        let accounts = accounts.iter().map(Published::as_ref).collect::<Vec<_>>();
        let pubdata = encode(&header, earlier, &self.published, accounts, 4096)?;
        let length = u64::try_from(pubdata.len()).unwrap_or(u64::MAX);
        let cost = self.cost.saturating_add(length.saturating_mul(PUBDATA_BYTE_COST));
        let logs = u64::try_from(self.logs.len()).unwrap_or(u64::MAX);
        check_limits(&self.config, cost, length, logs)?;
        let leaves = self.logs.iter().map(L2Log::leaf).collect();
        let tree = LogTree::new(leaves).ok_or(Error::Transactions)?;
        let output = RollupOutput {
            chain_id: self.config.chain_id,
            config_hash: self.config.hash(),
            commitment_before: first.header.parent_hash,
            commitment_after: last.hash,
            first_block: first.header.number,
            last_block: last.header.number,
            first_timestamp: first.header.timestamp,
            last_timestamp: last.header.timestamp,
            data_commitment: ashlar_pubdata::commitment(&pubdata, versioned_hashes, multiply)?,
            first_operation: self.operations.first,
            operations: self.operations.count,
            operations_hash: self.operations.hash.get(),
            transactions: self.ordinary,
            upgrade_hash: self.upgrade.unwrap_or_default(),
            batch_root: batch_root(&tree.root()),
            logs,
        };
        Ok(RollupBatch { output, pubdata, logs: self.logs, cost })
    }
}

fn check_limits(config: &RollupConfig, cost: u64, pubdata: u64, logs: u64) -> Result<(), OverLimit> {
    let over = first_over([
        (Resource::ProvingCost, cost, config.batch_cost_limit),
        (Resource::Pubdata, pubdata, config.batch_pubdata_limit),
        (Resource::Logs, logs, config.batch_logs_limit),
    ]);
    over.map_or(Ok(()), Err)
}

fn published_message(transaction: u16, message: &Message) -> PublishedLog {
    let body = LogBody::Message { sender: message.sender, message: message.data.clone() };
    PublishedLog { transaction, body }
}

fn last_header(last: &SealedHeader) -> Result<LastHeader, BlockError> {
    let header = &last.header;
    Ok(LastHeader {
        number: header.number,
        timestamp: header.timestamp,
        gas_used: header.gas_used,
        excess_gas: fees::excess_of(header)?,
        beneficiary: header.beneficiary,
        parent_hash: header.parent_hash,
        transactions_root: header.transactions_root,
        receipts_root: header.receipts_root,
        state_root: header.state_root,
        logs_bloom: header.logs_bloom,
    })
}

/// Executes the batch in these bytes (`specs/023-settlement.md`, "Batch input, version 2") and returns what a proof may say of
/// it. `multiply` as in [`BatchBuilder::finish`].
pub fn execute_rollup_batch(
    input: &[u8],
    multiply: impl Fn(&mut Scalar, &Scalar, &Scalar),
) -> Result<RollupOutput, Error> {
    execute_rollup_input(&RollupInput::decode(input)?, multiply).map(|batch| batch.output)
}

/// [`execute_rollup_batch`] of an input that is decoded already, with all that follows from it.
pub fn execute_rollup_input(
    input: &RollupInput<'_>,
    multiply: impl Fn(&mut Scalar, &Scalar, &Scalar),
) -> Result<RollupBatch, Error> {
    let config = RollupConfig::decode(input.config)?;
    let ancestors = Ancestors::link(&[input.parent])?;
    let (nodes, codes) = (input.state.iter().copied(), input.codes.iter().copied());
    let mut state = WitnessState::new(ancestors, nodes, codes);
    let mut batch = BatchBuilder::new(&config);
    for block in &input.blocks {
        let number = state.parent().header.number.saturating_add(1);
        let block =
            make_block(&config, &mut state, block).map_err(|reason| Error::Block { number, reason })?;
        batch.add(block)?;
    }
    batch.finish(&input.versioned_hashes, multiply)
}

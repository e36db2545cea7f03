//! One block of a rollup chain: executing one that is stated, and making one (`specs/015-rollup-blocks.md`).

use super::{
    evm::{EvmError, RollupEvm, RollupHandler},
    header,
    limits::{self, OverLimit, Usage},
    messages::Message,
    operation::{self, Executed},
    receipt::RollupReceipt,
    state::{BlockState, ChainState, history_slot},
    transaction::{RollupTransaction, RollupTransactionKind},
};
use crate::{
    body::block_rlp_bytes,
    error::{BlockError, Field, TransactionError},
    header::SealedHeader,
    state::AccountChange,
    transaction,
};
use alloc::{boxed::Box, string::ToString, vec::Vec};
use alloy_consensus::Header;
use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_primitives::{Address, B256, Bloom, Bytes};
use alloy_rlp::Encodable;
use ashlar_primitives::{
    BlockInput,
    rollup::{L2Log, RollupBlockInput, RollupConfig},
};
use ashlar_trie::ordered_root;
use revm::context::{JournalTr, result::EVMError};

/// Most bytes of a block's RLP (EIP-7934).
const BLOCK_RLP_BYTES_MAX: usize = 8_388_608;

/// What a block did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupBlock {
    /// Its header.
    pub header: SealedHeader,
    /// Its transactions' results.
    pub transactions: Vec<RollupResult>,
    /// Accounts that changed, in the order in which they were first read.
    pub changes: Vec<AccountChange>,
}

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupResult {
    /// Keccak-256 of its bytes.
    pub hash: B256,
    /// Its receipt.
    pub receipt: RollupReceipt,
    /// Gas that it used.
    pub gas_used: u64,
    /// What it used beside gas.
    pub usage: Usage,
    /// What kind of transaction it is, as a batch counts it.
    pub role: Role,
    /// Messages that it sent.
    pub messages: Vec<Message>,
    /// The limit that made a priority operation fail.
    pub over_limit: Option<OverLimit>,
}

/// How a batch counts a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An ordinary transaction.
    Ordinary,
    /// The priority operation with this id.
    Operation {
        /// Position in the queue.
        id: u64,
    },
    /// An upgrade.
    Upgrade,
}

impl RollupResult {
    /// Its L2->L1 logs, given its index in the batch.
    pub fn l2_logs(&self, index: u16) -> impl Iterator<Item = L2Log> + '_ {
        let messages =
            self.messages.iter().map(move |message| L2Log::message(index, message.sender, message.hash));
        let status = matches!(self.role, Role::Operation { .. })
            .then(|| L2Log::status(index, self.hash, self.receipt.is_success()));
        messages.chain(status)
    }
}

/// Executes a block that is stated on top of the state's last one, and checks everything that its header says. The state
/// then stands after this block; after an error it must not be used again.
pub fn execute_rollup_block<S: ChainState>(
    config: &RollupConfig,
    state: &mut S,
    block: &BlockInput<'_>,
) -> Result<RollupBlock, BlockError> {
    let stated = SealedHeader::decode(block.header)?;
    if !block.withdrawals.is_empty() {
        return Err(BlockError::Field(Field::WithdrawalsRoot));
    }
    let Header { timestamp, beneficiary, .. } = stated.header;
    let input = RollupBlockInput { timestamp, beneficiary, transactions: block.transactions.clone() };
    let made = execute_transactions(config, state, &input)?.end()?;
    header::compare(&stated.header, &made.header.header)?;
    state.push(made.header.clone());
    Ok(made)
}

/// Executes the block whose maker chose this on top of the state's last one. The state then stands after this block;
/// after an error it must not be used again.
pub(super) fn make_block<S: ChainState>(
    config: &RollupConfig,
    state: &mut S,
    input: &RollupBlockInput<'_>,
) -> Result<RollupBlock, BlockError> {
    execute_transactions(config, state, input)?.finish()
}

fn execute_transactions<'s, S: ChainState>(
    config: &RollupConfig,
    state: &'s mut S,
    input: &RollupBlockInput<'_>,
) -> Result<RollupBlockBuilder<'s, S>, BlockError> {
    let mut building = RollupBlockBuilder::new(config, state, input.beneficiary, input.timestamp)?;
    for (index, bytes) in input.transactions.iter().enumerate() {
        let refused = |reason| BlockError::Transaction { index, reason };
        let transaction = RollupTransaction::decode(bytes).map_err(refused)?;
        building.push(&transaction, bytes).map_err(|refusal| match refusal {
            Refusal::Transaction(reason) => refused(reason),
            Refusal::Block(error) => error,
        })?;
    }
    Ok(building)
}

/// Why a transaction is not added to a block that is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The transaction is not valid at its place. The block goes on without it.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The block cannot go on.
    #[error(transparent)]
    Block(#[from] BlockError),
}

/// A block that is made, transaction by transaction.
pub struct RollupBlockBuilder<'s, S: ChainState> {
    config: RollupConfig,
    /// Boxed, since a builder is moved, and the EVM is large: in the guest that is a third of a block's fixed cost.
    pub(super) evm: Box<RollupEvm<'s, S>>,
    header: Box<Header>,
    bytes: Vec<Bytes>,
    results: Vec<RollupResult>,
    gas_used: u64,
}

impl<'s, S: ChainState> RollupBlockBuilder<'s, S> {
    /// Begins the block after the state's last one.
    pub fn new(
        config: &RollupConfig,
        state: &'s mut S,
        beneficiary: Address,
        timestamp: u64,
    ) -> Result<Self, BlockError> {
        let header = header::next(config, state.parent(), beneficiary, timestamp)?;
        let parent = state.parent();
        let (parent_number, parent_hash) = (parent.header.number, parent.hash);
        let state = BlockState { chain: state, parent_number, parent_hash, history: config.history };
        let mut evm = Box::new(RollupEvm::new(config, state, &header));
        if config.history {
            write_history(&mut evm, parent_number, parent_hash)?;
        }
        let header = Box::new(header);
        Ok(Self { config: *config, evm, header, bytes: Vec::new(), results: Vec::new(), gas_used: 0 })
    }

    /// The header so far: what follows from the parent.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Gas used so far.
    pub const fn gas_used(&self) -> u64 {
        self.gas_used
    }

    /// Results so far.
    pub fn results(&self) -> &[RollupResult] {
        &self.results
    }

    /// Executes a transaction and adds it. `bytes` are those that it was decoded from.
    pub fn push(&mut self, transaction: &RollupTransaction, bytes: &[u8]) -> Result<&RollupResult, Refusal> {
        let left = self.config.block_gas_limit.saturating_sub(self.gas_used);
        let limit = transaction.gas_limit();
        let needed = match &transaction.kind {
            // A void one uses no more than the limit of transactions.
            RollupTransactionKind::Operation(_) => limit.min(self.config.transaction_gas_limit),
            RollupTransactionKind::Signed { .. } | RollupTransactionKind::Upgrade(_) => limit,
        };
        if needed > left {
            return Err(TransactionError::GasLeft { limit, left }.into());
        }
        let (role, executed) = self.execute(transaction)?;
        self.gas_used = self.gas_used.saturating_add(executed.gas_used);
        let Executed { success, gas_used, logs, messages, usage, over_limit } = executed;
        let receipt = RollupReceipt::new(transaction.type_byte(), success, self.gas_used, logs);
        let hash = transaction.hash;
        self.bytes.push(Bytes::copy_from_slice(bytes));
        self.results.push(RollupResult { hash, receipt, gas_used, usage, role, messages, over_limit });
        self.results.last().ok_or(Refusal::Block(BlockError::Empty))
    }

    fn execute(&mut self, transaction: &RollupTransaction) -> Result<(Role, Executed), Refusal> {
        let Self { config, evm, .. } = self;
        match &transaction.kind {
            RollupTransactionKind::Signed { transaction: signed, sender } => {
                let executed = execute_signed(evm, config, signed, *sender, transaction.bytes)?;
                Ok((Role::Ordinary, executed))
            }
            RollupTransactionKind::Operation(operation) => {
                if operation.chain_id != config.chain_id {
                    return Err(TransactionError::ChainId(operation.chain_id).into());
                }
                let executed = operation::execute_operation(evm, config, operation, transaction.bytes)?;
                Ok((Role::Operation { id: operation.id }, executed))
            }
            RollupTransactionKind::Upgrade(upgrade) => {
                if upgrade.chain_id != config.chain_id {
                    return Err(TransactionError::ChainId(upgrade.chain_id).into());
                }
                let executed = operation::execute_upgrade(evm, config, upgrade, transaction.bytes)?;
                Ok((Role::Upgrade, executed))
            }
        }
    }

    /// Ends the block: the state then stands after it.
    pub fn finish(self) -> Result<RollupBlock, BlockError> {
        let (block, state) = self.end_with_state()?;
        state.push(block.header.clone());
        Ok(block)
    }

    /// Ends the block, which is not yet the state's last one.
    fn end(self) -> Result<RollupBlock, BlockError> {
        self.end_with_state().map(|(block, _)| block)
    }

    fn end_with_state(mut self) -> Result<(RollupBlock, &'s mut S), BlockError> {
        if self.results.is_empty() {
            return Err(BlockError::Empty);
        }
        let touched = self.evm.journal().finalize();
        let state = self.evm.0.ctx.journaled_state.database.chain;
        let (changes, state_root) = state.apply(touched)?;
        let receipts: Vec<_> = self.results.iter().map(|result| result.receipt.encode_2718()).collect();
        let bloom = |bloom: Bloom, result: &RollupResult| bloom | result.receipt.bloom();
        let header = Header {
            gas_used: self.gas_used,
            transactions_root: ordered_root(&self.bytes),
            receipts_root: ordered_root(&receipts),
            logs_bloom: self.results.iter().fold(Bloom::ZERO, bloom),
            state_root,
            ..*self.header
        };
        let size = block_rlp_bytes(header.length(), self.bytes.iter().map(AsRef::as_ref), 0);
        if size > BLOCK_RLP_BYTES_MAX {
            return Err(BlockError::Size(size));
        }
        let block = RollupBlock { header: SealedHeader::seal(header), transactions: self.results, changes };
        Ok((block, state))
    }
}

/// Executes a transaction of one of Ethereum's types; nothing remains of it if it is refused.
fn execute_signed<S: ChainState>(
    evm: &mut RollupEvm<'_, S>,
    config: &RollupConfig,
    signed: &transaction::Transaction,
    sender: Address,
    bytes: usize,
) -> Result<Executed, Refusal> {
    let environment = transaction::environment(signed, sender);
    evm.meter().begin(config.transaction_cost_limit, bytes);
    evm.meter().lists(environment.authorization_list.len(), environment.access_list.iter());
    evm.0.ctx.tx = environment;
    let mut handler = RollupHandler::<S>::new();
    let (frame, gas) = match handler.run_to_result(evm) {
        Ok(result) => result,
        Err(error) => {
            evm.discard();
            return Err(match error {
                EVMError::Transaction(reason) => TransactionError::Invalid(reason.to_string()).into(),
                error => fault(error).into(),
            });
        }
    };
    let (usage, messages) = limits::usage(evm, false).map_err(BlockError::from)?;
    if let Some(over) = usage.over_limit(config) {
        evm.discard();
        return Err(TransactionError::OverLimit(over).into());
    }
    let result = handler.commit(evm, frame, gas).map_err(fault)?;
    let (success, gas_used) = (result.is_success(), result.tx_gas_used());
    Ok(Executed { success, gas_used, logs: result.into_logs(), messages, usage, over_limit: None })
}

/// EIP-2935's write, without the contract's code (`specs/015`, "System calls").
fn write_history<S: ChainState>(
    evm: &mut RollupEvm<'_, S>,
    number: u64,
    hash: B256,
) -> Result<(), BlockError> {
    let journal = evm.journal();
    let account = journal.load_account(HISTORY_STORAGE_ADDRESS).map_err(BlockError::State)?;
    if account.data.info.is_empty_code_hash() {
        return Ok(());
    }
    journal.touch_account(HISTORY_STORAGE_ADDRESS);
    journal.sstore(HISTORY_STORAGE_ADDRESS, history_slot(number), hash.into()).map_err(BlockError::State)?;
    journal.commit_tx();
    Ok(())
}

pub(super) fn fault(error: EvmError) -> BlockError {
    match error {
        EVMError::Database(error) => BlockError::State(error),
        error => BlockError::Evm(error.to_string()),
    }
}

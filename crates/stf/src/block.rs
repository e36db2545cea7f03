//! One block: system calls, transactions, withdrawals, and what the header must say of them (E1 to E7).

use crate::{
    body::{self, Body},
    error::{BlockError, Field, StateError, TransactionError},
    header::{self, Rules, SealedHeader},
    requests::{self, Requests},
    state::{AccountChange, WitnessState},
    swap, transaction,
};
use alloc::{string::ToString, vec::Vec};
use alloy_consensus::{Eip658Value, Header, Receipt, ReceiptEnvelope, Transaction as _, TxType};
use alloy_eips::{
    eip2718::Encodable2718, eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS,
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
};
use alloy_primitives::{Address, B256, Bloom, Bytes, U256};
use ashlar_primitives::{BlockInput, ChainConfig, Fork};
use ashlar_trie::ordered_root;
use revm::{
    ExecuteEvm, MainBuilder, SystemCallEvm,
    context::{BlockEnv, CfgEnv, JournalTr, TxEnv},
    context_interface::{
        block::BlobExcessGasAndPrice,
        result::{EVMError, ExecutionResult, InvalidTransaction},
        transaction::AuthorizationTr,
    },
    handler::{MainnetContext, MainnetEvm},
    primitives::hardfork::SpecId,
    state::EvmState,
};

type Evm<'s, 'a> = MainnetEvm<MainnetContext<&'s mut WitnessState<'a>>>;
type EvmError = EVMError<StateError, InvalidTransaction>;

/// What executing a block yields: the header fields that execution determines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockOutcome {
    /// Gas used by all transactions.
    pub gas_used: u64,
    /// Receipts, by transaction.
    pub receipts: Vec<ReceiptEnvelope>,
    /// Root of the receipts' trie.
    pub receipts_root: B256,
    /// Bloom filter over all logs.
    pub logs_bloom: Bloom,
    /// Hash of the requests, from Prague on.
    pub requests_hash: Option<B256>,
    /// Root of the state after the block.
    pub state_root: B256,
    /// Accounts that changed, in the order in which they were first read.
    pub changes: Vec<AccountChange>,
}

/// Executes a block on top of the state's last ancestor and checks everything that its header says. The state then
/// stands after this block; after an error it must not be used again.
pub fn execute_block(
    config: &ChainConfig,
    state: &mut WitnessState<'_>,
    block: &BlockInput<'_>,
) -> Result<BlockOutcome, BlockError> {
    let sealed = SealedHeader::decode(block.header)?;
    let rules = Rules::at(config, sealed.header.timestamp)?;
    header::check(&sealed.header, state.ancestors.parent(), &rules)?;
    let body = Body::decode(&block.transactions, &block.withdrawals)?;
    body::check(&sealed.header, block, &body, rules.fork)?;
    let outcome = execute(config, &rules, state, &sealed.header, &body)?;
    check_outcome(&sealed.header, &outcome)?;
    state.ancestors.push(sealed);
    Ok(outcome)
}

/// Executes a block that is being made, and returns its header with every field that follows from the parent, the
/// lists or execution filled in. The caller sets the others in `draft`: beneficiary, gas limit, timestamp, extra data,
/// mix hash, parent beacon root.
pub fn build_block(
    config: &ChainConfig,
    state: &mut WitnessState<'_>,
    draft: Header,
    transactions: &[&[u8]],
    withdrawals: &[&[u8]],
) -> Result<(SealedHeader, BlockOutcome), BlockError> {
    let rules = Rules::at(config, draft.timestamp)?;
    let body = Body::decode(transactions, withdrawals)?;
    let mut header = header::next(draft, state.ancestors.parent(), &rules)?;
    header.transactions_root = ordered_root(transactions);
    header.withdrawals_root = Some(ordered_root(withdrawals));
    header.blob_gas_used = Some(body.blob_gas());
    let outcome = execute(config, &rules, state, &header, &body)?;
    header.gas_used = outcome.gas_used;
    header.receipts_root = outcome.receipts_root;
    header.logs_bloom = outcome.logs_bloom;
    header.requests_hash = outcome.requests_hash;
    header.state_root = outcome.state_root;
    header::check(&header, state.ancestors.parent(), &rules)?;
    let sealed = SealedHeader::seal(header);
    state.ancestors.push(sealed.clone());
    Ok((sealed, outcome))
}

fn check_outcome(header: &Header, outcome: &BlockOutcome) -> Result<(), BlockError> {
    let checks = [
        (header.gas_used == outcome.gas_used, Field::GasUsed),
        (header.receipts_root == outcome.receipts_root, Field::ReceiptsRoot),
        (header.logs_bloom == outcome.logs_bloom, Field::LogsBloom),
        (header.requests_hash == outcome.requests_hash, Field::RequestsHash),
        (header.state_root == outcome.state_root, Field::StateRoot),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, field)| Err(BlockError::Field(field)))
}

fn execute(
    config: &ChainConfig,
    rules: &Rules,
    state: &mut WitnessState<'_>,
    header: &Header,
    body: &Body,
) -> Result<BlockOutcome, BlockError> {
    let mut evm = evm(config, rules, state, header);
    begin(&mut evm, rules.fork, header)?;
    let receipts = run_transactions(&mut evm, header.gas_limit, body)?;
    credit_withdrawals(&mut evm, body)?;
    let requests_hash = match rules.fork {
        Fork::Cancun => None,
        Fork::Prague | Fork::Osaka => Some(collect_requests(&mut evm, config, &receipts)?),
    };
    let touched = evm.finalize();
    drop(evm);
    let (changes, state_root) = state.apply(touched)?;
    let encoded: Vec<_> = receipts.iter().map(Encodable2718::encoded_2718).collect();
    Ok(BlockOutcome {
        gas_used: receipts.last().map_or(0, ReceiptEnvelope::cumulative_gas_used),
        receipts_root: ordered_root(&encoded),
        logs_bloom: receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | *receipt.logs_bloom()),
        requests_hash,
        state_root,
        receipts,
        changes,
    })
}

fn evm<'s, 'a>(
    config: &ChainConfig,
    rules: &Rules,
    state: &'s mut WitnessState<'a>,
    header: &Header,
) -> Evm<'s, 'a> {
    let spec = match rules.fork {
        Fork::Cancun => SpecId::CANCUN,
        Fork::Prague => SpecId::PRAGUE,
        Fork::Osaka => SpecId::OSAKA,
    };
    let excess_blob_gas = header.excess_blob_gas.unwrap_or(0);
    let block = BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or(0),
        difficulty: U256::ZERO,
        prevrandao: Some(header.mix_hash),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
            excess_blob_gas,
            blob_gasprice: rules.blobs.calc_blob_fee(excess_blob_gas),
        }),
        ..BlockEnv::default()
    };
    let mut cfg = CfgEnv::new_with_spec(spec).with_chain_id(config.chain_id);
    cfg.max_blobs_per_tx = Some(rules.blobs.max_blobs_per_tx);
    cfg.blob_base_fee_update_fraction = rules.blobs.update_fraction.try_into().ok();
    let mut evm = MainnetContext::new(state, spec).with_block(block).with_cfg(cfg).build_mainnet();
    swap::by_words(&mut evm.instruction);
    evm
}

/// System calls before the transactions. Where the contract has no code, they do nothing.
fn begin(evm: &mut Evm<'_, '_>, fork: Fork, header: &Header) -> Result<(), BlockError> {
    let beacon_root = header.parent_beacon_block_root.ok_or(BlockError::Absent(Field::ParentBeaconRoot))?;
    system_call(evm, BEACON_ROOTS_ADDRESS, beacon_root.into())?;
    if fork >= Fork::Prague {
        system_call(evm, HISTORY_STORAGE_ADDRESS, header.parent_hash.into())?;
    }
    Ok(())
}

fn system_call(evm: &mut Evm<'_, '_>, contract: Address, data: Bytes) -> Result<ExecutionResult, BlockError> {
    evm.system_call_one(contract, data).map_err(fault)
}

fn run_transactions(
    evm: &mut Evm<'_, '_>,
    gas_limit: u64,
    body: &Body,
) -> Result<Vec<ReceiptEnvelope>, BlockError> {
    let mut receipts = Vec::with_capacity(body.transactions.len());
    let mut gas_used: u64 = 0;
    for (index, (transaction, sender)) in body.transactions.iter().enumerate() {
        let left = gas_limit.saturating_sub(gas_used);
        let limit = transaction.gas_limit();
        if limit > left {
            return Err(BlockError::Transaction { index, reason: TransactionError::GasLeft { limit, left } });
        }
        let environment = transaction::environment(transaction, *sender);
        clear_empty_authorities(&mut evm.ctx.journaled_state.state, &environment);
        let result = evm.transact_one(environment).map_err(|error| match error {
            EVMError::Transaction(reason) => {
                let reason = TransactionError::Invalid(reason.to_string());
                BlockError::Transaction { index, reason }
            }
            error => fault(error),
        })?;
        gas_used = gas_used.saturating_add(result.tx_gas_used());
        receipts.push(receipt(transaction.tx_type(), result, gas_used));
    }
    Ok(receipts)
}

/// Makes accounts that earlier transactions of the block touched and left empty absent again for the authorizations of
/// this one. They left the state when those transactions ended (EIP-161), but the EVM's journal spans the block and
/// takes a touch for existence, and so would refund an authority that does not exist (EIP-7702).
fn clear_empty_authorities(state: &mut EvmState, transaction: &TxEnv) {
    for authority in transaction.authorization_list.iter().filter_map(AuthorizationTr::authority) {
        // An account that was in the state before the block cannot be empty here and sign: an account that signs
        // becomes empty only with its nonce at 0, and so with ether that it cannot have sent. Rollups, on which an
        // operation spends without a nonce, have a rule of their own (`RollupHandler`).
        if let Some(account) = state.get_mut(&authority)
            && account.is_loaded_as_not_existing()
            && account.is_empty()
        {
            account.unmark_touch();
        }
    }
}

fn receipt(kind: TxType, result: ExecutionResult, cumulative_gas_used: u64) -> ReceiptEnvelope {
    let status = Eip658Value::Eip658(result.is_success());
    let logs = result.into_logs();
    let receipt = Receipt { status, cumulative_gas_used, logs }.with_bloom();
    match kind {
        TxType::Legacy => ReceiptEnvelope::Legacy(receipt),
        TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt),
        TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt),
        TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt),
        TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt),
    }
}

fn credit_withdrawals(evm: &mut Evm<'_, '_>, body: &Body) -> Result<(), BlockError> {
    for withdrawal in &body.withdrawals {
        let amount = withdrawal.amount_wei();
        let journal = &mut evm.ctx.journaled_state;
        let account = journal.load_account(withdrawal.address).map_err(BlockError::State)?;
        // The journal would leave the balance as it is.
        if account.data.info.balance.checked_add(amount).is_none() {
            return Err(BlockError::BalanceOverflow(withdrawal.address));
        }
        journal.balance_incr(withdrawal.address, amount).map_err(BlockError::State)?;
    }
    Ok(())
}

fn collect_requests(
    evm: &mut Evm<'_, '_>,
    config: &ChainConfig,
    receipts: &[ReceiptEnvelope],
) -> Result<B256, BlockError> {
    let mut requests = Requests::default();
    if config.deposit_contract != Address::ZERO {
        let logs = receipts.iter().flat_map(ReceiptEnvelope::logs);
        requests.push_deposits(config.deposit_contract, logs)?;
    }
    for (kind, contract) in [
        (requests::WITHDRAWAL_TYPE, WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
        (requests::CONSOLIDATION_TYPE, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
    ] {
        let account = evm.ctx.journaled_state.load_account(contract).map_err(BlockError::State)?;
        if account.data.info.is_empty_code_hash() {
            return Err(BlockError::SystemContractAbsent(contract));
        }
        match system_call(evm, contract, Bytes::new())? {
            ExecutionResult::Success { output, .. } => requests.push(kind, output.data()),
            ExecutionResult::Revert { .. } | ExecutionResult::Halt { .. } => {
                return Err(BlockError::SystemCall(contract));
            }
        }
    }
    Ok(requests.hash())
}

fn fault(error: EvmError) -> BlockError {
    match error {
        EVMError::Database(error) => BlockError::State(error),
        error => BlockError::Evm(error.to_string()),
    }
}

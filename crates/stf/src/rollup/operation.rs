//! Execution of priority operations and upgrades (`specs/016-priority-operations.md`).

use super::{
    evm::{EvmError, RollupEvm, RollupHandler},
    limits::{self, OverLimit, Usage},
    messages::Message,
    state::ChainState,
};
use crate::error::BlockError;
use alloc::vec::Vec;
use alloy_primitives::{Address, Log, TxKind, U256};
use ashlar_primitives::rollup::{Operation, RollupConfig, UPGRADER, Upgrade};
use revm::{
    bytecode::Bytecode,
    context::{
        JournalTr, LocalContextTr, TxEnv, journaled_state::account::JournaledAccountTr, result::EVMError,
    },
    handler::Handler,
    interpreter::{GasTracker, InitialAndFloorGas},
};

/// What a transaction from Ethereum did.
#[derive(Debug)]
pub(super) struct Executed {
    pub(super) success: bool,
    pub(super) gas_used: u64,
    pub(super) logs: Vec<Log>,
    pub(super) messages: Vec<Message>,
    pub(super) usage: Usage,
    /// The limit that made it fail.
    pub(super) over_limit: Option<OverLimit>,
}

/// A call, as far as it is decided what becomes of it.
struct Call {
    success: bool,
    gas_used: u64,
    usage: Usage,
    over_limit: Option<OverLimit>,
    messages: Vec<Message>,
}

impl Call {
    /// It is not made.
    const fn none(gas_used: u64, cost: u64) -> Self {
        let usage = Usage::without_call(cost);
        Self { success: false, gas_used, usage, over_limit: None, messages: Vec::new() }
    }
}

/// How the mint of an operation is divided before its call (rule 1).
struct Division {
    fee: U256,
    credit: U256,
    rest: U256,
}

impl Division {
    fn of(operation: &Operation) -> (Self, bool) {
        let wanted = U256::from(operation.gas_limit).saturating_mul(U256::from(operation.gas_price));
        let fee = wanted.min(operation.mint);
        let left = operation.mint.saturating_sub(fee);
        let credit = operation.value.min(left);
        (Self { fee, credit, rest: left.saturating_sub(credit) }, fee == wanted)
    }
}

/// Executes a priority operation: it succeeds or fails, and is final. Errors are those of the state alone.
pub(super) fn execute_operation<S: ChainState>(
    evm: &mut RollupEvm<'_, S>,
    config: &RollupConfig,
    operation: &Operation,
    bytes: usize,
) -> Result<Executed, BlockError> {
    evm.meter().begin(config.transaction_cost_limit, bytes);
    evm.0.ctx.tx = TxEnv {
        caller: operation.from,
        gas_limit: operation.gas_limit,
        gas_price: operation.gas_price,
        kind: TxKind::Call(operation.to),
        value: operation.value,
        data: operation.data.clone(),
        chain_id: Some(config.chain_id),
        ..TxEnv::default()
    };
    let (division, is_paid) = Division::of(operation);
    credit(evm, operation.from, division.credit)?;
    let intrinsic = RollupHandler::<S>::new().validate_initial_tx_gas(evm).ok();
    let call = match intrinsic {
        Some(initial) if is_paid && operation.gas_limit <= config.transaction_gas_limit => {
            call(evm, config, operation, initial)?
        }
        // Void: Ethereum's contracts never let it get here.
        _ => Call::none(operation.gas_limit.min(config.transaction_gas_limit), evm.meter().cost()),
    };
    settle(evm, operation, &division, &call)?;
    Ok(finish(evm, call))
}

/// Rules 3 and 4: the call, undone if it fails or passes a limit.
fn call<S: ChainState>(
    evm: &mut RollupEvm<'_, S>,
    config: &RollupConfig,
    operation: &Operation,
    initial: InitialAndFloorGas,
) -> Result<Call, BlockError> {
    let balance = evm.journal().load_account(operation.from).map_err(BlockError::State)?.data.info.balance;
    if balance < operation.value {
        let gas_used = initial.initial_total_gas().max(initial.floor_gas());
        return Ok(Call::none(gas_used, evm.meter().cost()));
    }
    let undo = evm.journal().checkpoint();
    let (success, mut gas_used) = run(evm, operation.gas_limit, initial).map_err(super::block::fault)?;
    let (usage, messages) = limits::usage(evm, true)?;
    let over_limit = usage.over_limit(config);
    if over_limit.is_some() {
        gas_used = operation.gas_limit;
    }
    if success && over_limit.is_none() {
        evm.journal().checkpoint_commit();
        return Ok(Call { success, gas_used, usage, over_limit, messages });
    }
    evm.journal().checkpoint_revert(undo);
    Ok(Call { success: false, gas_used, usage, over_limit, messages: Vec::new() })
}

/// Runs the context's call with this gas limit; whether it succeeded, and the gas it used.
fn run<S: ChainState>(
    evm: &mut RollupEvm<'_, S>,
    gas_limit: u64,
    initial: InitialAndFloorGas,
) -> Result<(bool, u64), EvmError> {
    let mut handler = RollupHandler::<S>::new();
    let mut gas = GasTracker::new(gas_limit, gas_limit.saturating_sub(initial.initial_total_gas()), 0);
    handler.load_accounts(evm)?;
    let checkpoint = evm.journal().checkpoint();
    let Some(mut frame) = handler.execution(evm, checkpoint, &mut gas)? else {
        return Ok((false, gas_limit));
    };
    handler.refund(evm, &mut frame, 0)?;
    handler.eip7623_check_gas_floor(evm, &mut frame, initial);
    // An error of the state that the EVM kept.
    core::mem::replace(&mut evm.0.ctx.error, Ok(())).map_err(EVMError::from)?;
    Ok((frame.instruction_result().is_ok(), frame.gas().used()))
}

/// Rules 5 and 6: fee and refund.
fn settle<S: ChainState>(
    evm: &mut RollupEvm<'_, S>,
    operation: &Operation,
    division: &Division,
    call: &Call,
) -> Result<(), BlockError> {
    let price = U256::from(operation.gas_price);
    let paid = U256::from(call.gas_used).saturating_mul(price).min(division.fee);
    let mut refund = division.rest.saturating_add(division.fee.saturating_sub(paid));
    if !call.success {
        debit(evm, operation.from, division.credit)?;
        refund = refund.saturating_add(division.credit);
    }
    let beneficiary = evm.0.ctx.block.beneficiary;
    credit(evm, beneficiary, paid)?;
    credit(evm, operation.refund_recipient, refund)
}

/// Makes the transaction final.
fn finish<S: ChainState>(evm: &mut RollupEvm<'_, S>, call: Call) -> Executed {
    let logs = evm.journal().inner.take_logs();
    evm.journal().commit_tx();
    evm.0.ctx.local.clear();
    evm.0.frame_stack.clear();
    let Call { success, gas_used, usage, over_limit, messages } = call;
    Executed { success, gas_used, logs, messages, usage, over_limit }
}

fn credit<S: ChainState>(evm: &mut RollupEvm<'_, S>, address: Address, wei: U256) -> Result<(), BlockError> {
    // An account that receives nothing is not touched: it must not come into being empty.
    if wei.is_zero() {
        return Ok(());
    }
    let account = evm.journal().load_account(address).map_err(BlockError::State)?;
    let room = U256::MAX.saturating_sub(account.data.info.balance);
    evm.journal().balance_incr(address, wei.min(room)).map_err(BlockError::State)
}

fn debit<S: ChainState>(evm: &mut RollupEvm<'_, S>, address: Address, wei: U256) -> Result<(), BlockError> {
    if wei.is_zero() {
        return Ok(());
    }
    let mut account = evm.journal().load_account_mut(address).map_err(BlockError::State)?;
    let balance = account.data.account().info.balance;
    account.data.set_balance(balance.saturating_sub(wei));
    Ok(())
}

/// Executes an upgrade, which is final; an error if its call fails.
pub(super) fn execute_upgrade<S: ChainState>(
    evm: &mut RollupEvm<'_, S>,
    config: &RollupConfig,
    upgrade: &Upgrade,
    bytes: usize,
) -> Result<Executed, BlockError> {
    if upgrade.protocol_version != config.protocol_version {
        return Err(BlockError::Upgrade);
    }
    evm.meter().begin(u64::MAX, bytes);
    for deployment in &upgrade.deployments {
        let mut account = evm.journal().load_account_mut(deployment.address).map_err(BlockError::State)?.data;
        let nonce = account.account().info.nonce;
        account.set_nonce(nonce.max(1));
        account.set_code_and_hash_slow(Bytecode::new_legacy(deployment.code.clone()));
    }
    evm.0.ctx.tx = TxEnv {
        caller: UPGRADER,
        gas_limit: upgrade.gas_limit,
        kind: TxKind::Call(upgrade.to),
        data: upgrade.data.clone(),
        chain_id: Some(config.chain_id),
        ..TxEnv::default()
    };
    let (success, gas_used) =
        run(evm, upgrade.gas_limit, InitialAndFloorGas::new(0, 0)).map_err(super::block::fault)?;
    if !success {
        return Err(BlockError::Upgrade);
    }
    let (usage, messages) = limits::usage(evm, false)?;
    Ok(finish(evm, Call { success, gas_used, usage, over_limit: None, messages }))
}

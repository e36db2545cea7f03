//! Calls that nobody signed, for a node: they are executed as transactions are, and nothing remains of them.

use super::{
    evm::{EvmError, RollupEvm, RollupHandler},
    header,
    limits::{self, Usage},
    state::{BlockState, ChainState},
};
use crate::{
    error::BlockError,
    header::SealedHeader,
    transaction::{self, Transaction},
};
use alloc::{boxed::Box, vec::Vec};
use alloy_consensus::Header;
use alloy_eips::eip7702::{RecoveredAuthorization, SignedAuthorization};
use alloy_primitives::{Address, U256};
use ashlar_primitives::rollup::RollupConfig;
use core::marker::PhantomData;
use revm::{
    context::{BlockEnv, TxEnv, journaled_state::account::JournaledAccountTr},
    context_interface::{
        ContextTr, JournalTr, Transaction as _,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction, ResultGas},
    },
    handler::{EvmTr, FrameResult, Handler, post_execution, pre_execution, validation},
    interpreter::{GasTracker, InitialAndFloorGas},
};

/// What a call did.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Whether it succeeded, what it returned, gas, logs.
    pub result: ExecutionResult<HaltReason>,
    /// What it used beside gas.
    pub usage: Usage,
}

/// Why a call is not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// No transaction like it would be valid.
    #[error("{0}")]
    Invalid(InvalidTransaction),
    /// The state cannot be read, or the EVM stopped.
    #[error(transparent)]
    Block(#[from] BlockError),
}

/// Executes calls over a state; each begins where the state is.
///
/// A call differs from a transaction in what it need not have: a signature, the sender's nonce, a sender without code
/// (EIP-3607), a gas limit within the block's and the chain's, and, if it names no gas price, a fee. Its proving cost is metered
/// without a limit.
pub struct Simulator<'s, S: ChainState> {
    pub(super) evm: Box<RollupEvm<'s, S>>,
}

impl<'s, S: ChainState> Simulator<'s, S> {
    /// Over a state, in a block with this header. The state may be the one before or after that block.
    pub fn new(config: &RollupConfig, state: &'s mut S, header: &Header) -> Self {
        let parent_number = header.number.saturating_sub(1);
        let state = BlockState {
            chain: state,
            parent_number,
            parent_hash: header.parent_hash,
            history: config.history,
        };
        let mut evm = Box::new(RollupEvm::new(config, state, header));
        evm.0.ctx.cfg.tx_gas_limit_cap = Some(u64::MAX);
        Self { evm }
    }

    /// The block as calls see it.
    pub fn block_mut(&mut self) -> &mut BlockEnv {
        &mut self.evm.0.ctx.block
    }

    /// Executes a call as a transaction of this number of bytes. Its nonce is not looked at.
    pub fn run(&mut self, call: TxEnv, bytes: usize) -> Result<Simulated, SimulationError> {
        let base_fee = self.block_mut().basefee;
        if call.gas_price == 0 {
            self.block_mut().basefee = 0;
        }
        let simulated = self.run_in_block(call, bytes);
        #[cfg(feature = "trace")]
        self.evm.trace_after();
        self.evm.discard();
        self.block_mut().basefee = base_fee;
        simulated
    }

    fn run_in_block(&mut self, call: TxEnv, bytes: usize) -> Result<Simulated, SimulationError> {
        let evm = self.evm.as_mut();
        evm.meter().begin(u64::MAX, bytes);
        evm.meter().lists(call.authorization_list.len(), call.access_list.iter());
        evm.0.ctx.tx = call;
        let (frame, gas) = CallHandler(PhantomData).run_to_result(evm).map_err(refusal)?;
        core::mem::replace(&mut evm.0.ctx.error, Ok(())).map_err(EVMError::from).map_err(refusal)?;
        let (usage, _) = limits::usage(evm, false).map_err(BlockError::from)?;
        let result = post_execution::output(&mut evm.0.ctx, frame, gas);
        Ok(Simulated { result, usage })
    }

    /// Accounts and slots that calls have looked at so far, in order.
    pub fn accessed(&mut self) -> Vec<(Address, Vec<U256>)> {
        let state = &self.evm.journal().inner.state;
        let accounts = state.iter().map(|(address, account)| {
            let mut slots: Vec<_> = account.storage.keys().copied().collect();
            slots.sort_unstable();
            (*address, slots)
        });
        let mut accessed: Vec<_> = accounts.collect();
        accessed.sort_unstable();
        accessed
    }
}

fn refusal(error: EvmError) -> SimulationError {
    match error {
        EVMError::Transaction(reason) => SimulationError::Invalid(reason),
        error => SimulationError::Block(super::block::fault(error)),
    }
}

/// The header of the block after `parent`, as far as it follows from the parent: what a block that is not made yet looks like.
pub fn next_header(
    config: &RollupConfig,
    parent: &SealedHeader,
    beneficiary: Address,
    timestamp: u64,
) -> Result<Header, BlockError> {
    header::next(config, parent, beneficiary, timestamp)
}

/// What the EVM executes for a transaction of this sender.
pub fn environment(transaction: &Transaction, sender: Address) -> TxEnv {
    transaction::environment(transaction, sender)
}

/// Recovers who signed an authorization (EIP-7702).
pub fn authorization(signed: &SignedAuthorization) -> RecoveredAuthorization {
    transaction::authority(signed)
}

/// Executes calls: the rollup's rules, less those that are about signed transactions.
struct CallHandler<'s, S>(PhantomData<&'s mut S>);

impl<'s, S: ChainState> CallHandler<'s, S> {
    /// Executes the call of the context up to its result, which is not committed.
    fn run_to_result(&mut self, evm: &mut RollupEvm<'s, S>) -> Result<(FrameResult, ResultGas), EvmError> {
        let initial = self.validate(evm)?;
        let mut gas = self.tx_gas(evm, &initial);
        let mut refund = 0;
        let mut frame = None;
        if let Some(before) = self.pre_execution(evm, &mut gas)? {
            refund = i64::try_from(before.eip7702_refund).unwrap_or(i64::MAX);
            frame = self.execution(evm, before.checkpoint, &mut gas)?;
        }
        let mut frame = match frame {
            Some(frame) => frame,
            None => self.runtime_oog_result(evm, &initial, &mut gas)?,
        };
        let gas = self.post_execution(evm, &mut frame, initial, refund)?;
        Ok((frame, gas))
    }
}

impl<'s, S: ChainState> Handler for CallHandler<'s, S> {
    type Evm = RollupEvm<'s, S>;
    type Error = EvmError;
    type HaltReason = HaltReason;

    fn validate_env(&self, evm: &mut Self::Evm) -> Result<(), EvmError> {
        let gas_limit = core::mem::replace(&mut evm.0.ctx.block.gas_limit, u64::MAX);
        let valid = validation::validate_env(evm.ctx());
        evm.0.ctx.block.gas_limit = gas_limit;
        valid
    }

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Self::Evm,
        _initial: &mut InitialAndFloorGas,
    ) -> Result<(), EvmError> {
        let (block, call, cfg, journal, _, _) = evm.ctx().all_mut();
        let mut caller = journal.load_account_with_code_mut(call.caller())?.data;
        let balance = pre_execution::calculate_caller_fee(*caller.balance(), call, block, cfg)?;
        caller.set_balance(balance);
        if call.kind().is_call() {
            caller.bump_nonce();
        }
        Ok(())
    }

    fn reward_beneficiary(&self, evm: &mut Self::Evm, result: &mut FrameResult) -> Result<(), EvmError> {
        RollupHandler::<S>::new().reward_beneficiary(evm, result)
    }

    fn apply_eip7702_auth_list(
        &self,
        evm: &mut Self::Evm,
        gas: &mut GasTracker,
    ) -> Result<Option<u64>, EvmError> {
        RollupHandler::<S>::new().apply_eip7702_auth_list(evm, gas)
    }
}

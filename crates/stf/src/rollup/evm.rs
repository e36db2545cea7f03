//! The EVM of rollup blocks: Ethereum's, with a meter, and all fees to the beneficiary.

use super::{
    cost_table::Price,
    meter::{self, Meter, MeteredPrecompiles},
    state::{BlockState, ChainState},
};
use crate::{error::StateError, swap};
#[cfg(feature = "trace")]
use alloc::boxed::Box;
use alloy_consensus::Header;
use alloy_primitives::{Address, U256};
use ashlar_primitives::rollup::RollupConfig;
use core::{iter::once, marker::PhantomData};
use revm::{
    Context, Journal,
    context::{BlockEnv, CfgEnv, Evm, FrameStack, JournalTr, LocalContextTr, TxEnv},
    context_interface::{
        Block, ContextTr, Transaction,
        block::BlobExcessGasAndPrice,
        context::ContextError,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction, ResultGas},
        transaction::AuthorizationTr,
    },
    handler::{
        EthFrame, EvmTr, FrameData, FrameInitOrResult, FrameResult, FrameTr, Handler, evm::FrameInitResult,
        instructions::EthInstructions, pre_execution::apply_auth_list,
    },
    interpreter::{
        FrameInput, GasTable, GasTracker, InstructionExecResult, InstructionResult, InstructionTable,
        Interpreter, InterpreterAction,
        interpreter::{EthInterpreter, num_words},
        interpreter_types::{Jumps, LoopControl, MemoryTr},
    },
    primitives::hardfork::SpecId,
    state::Account,
};

pub(super) type RollupContext<'s, S> =
    Context<BlockEnv, TxEnv, CfgEnv, BlockState<'s, S>, Journal<BlockState<'s, S>>, Meter>;

pub(super) type Frame = EthFrame<EthInterpreter>;
type Instructions<'s, S> = EthInstructions<EthInterpreter, RollupContext<'s, S>>;
type Inner<'s, S> = Evm<RollupContext<'s, S>, Watcher, Instructions<'s, S>, MeteredPrecompiles, Frame>;

/// What watches transactions, where a node traces them.
#[cfg(not(feature = "trace"))]
type Watcher = ();
#[cfg(feature = "trace")]
type Watcher = Option<Box<super::trace::Tracer>>;

/// What the EVM stops with, other than with a result.
pub(super) type EvmError = EVMError<StateError, InvalidTransaction>;

/// The EVM over a block's state. Its journal spans the block.
pub(super) struct RollupEvm<'s, S: ChainState>(pub(super) Inner<'s, S>);

impl<'s, S: ChainState> RollupEvm<'s, S> {
    pub(super) fn new(config: &RollupConfig, state: BlockState<'s, S>, header: &Header) -> Self {
        let spec = SpecId::OSAKA;
        let block = BlockEnv {
            number: U256::from(header.number),
            beneficiary: header.beneficiary,
            timestamp: U256::from(header.timestamp),
            gas_limit: header.gas_limit,
            basefee: header.base_fee_per_gas.unwrap_or(0),
            difficulty: U256::ZERO,
            prevrandao: Some(header.mix_hash),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: 1 }),
            ..BlockEnv::default()
        };
        let mut cfg = CfgEnv::new_with_spec(spec).with_chain_id(config.chain_id);
        cfg.tx_gas_limit_cap = Some(config.transaction_gas_limit);
        let context = Context {
            block,
            tx: TxEnv::default(),
            cfg,
            journaled_state: Journal::new(state),
            chain: Meter::new(),
            local: Default::default(),
            error: Ok(()),
        };
        let mut instructions = EthInstructions::new_mainnet_with_spec(spec);
        swap::by_words(&mut instructions);
        #[cfg(not(feature = "trace"))]
        {
            Self(Evm::new(context, instructions, MeteredPrecompiles::new(spec)))
        }
        #[cfg(feature = "trace")]
        Self(Evm::new_with_inspector(context, None, instructions, MeteredPrecompiles::new(spec)))
    }

    pub(super) fn journal(&mut self) -> &mut Journal<BlockState<'s, S>> {
        &mut self.0.ctx.journaled_state
    }

    pub(super) fn meter(&mut self) -> &mut Meter {
        &mut self.0.ctx.chain
    }

    /// Takes back everything that the current transaction did.
    pub(super) fn discard(&mut self) {
        self.0.ctx.local.clear();
        self.0.ctx.journaled_state.discard_tx();
        self.0.frame_stack.clear();
        // An error of the state that the EVM kept belongs to this transaction.
        self.0.ctx.error = Ok(());
    }

    /// Charges for the code of a frame that begins: that of the account, or its delegate's (EIP-7702).
    fn charge_frame(&mut self, input: &FrameInput) {
        if let FrameInput::Call(call) = input {
            let (hash, code) = &call.known_bytecode;
            self.0.ctx.chain.code(*hash, code.len());
        }
    }

    /// Charges for the code of the account that an instruction has just looked at.
    fn charge_lookup(context: &mut RollupContext<'s, S>, address: Address) {
        if let Some(account) = context.journaled_state.inner.state.get(&address)
            && let Some(code) = &account.info.code
        {
            context.chain.code(account.info.code_hash, code.len());
        }
    }

    /// Charges for what a frame gives back when it ends.
    fn charge_end(&mut self, action: &InterpreterAction) {
        if let InterpreterAction::Return(result) = action {
            let Evm { ctx, frame_stack, .. } = &mut self.0;
            ctx.chain.returned(result.output.len());
            if result.is_ok() && matches!(frame_stack.get().data, FrameData::Create(_)) {
                ctx.chain.created(result.output.len());
            }
        }
    }

    /// Runs the frame on top of the stack until it ends or calls, and meters each instruction. A transaction that is over
    /// its limit runs out of gas, in every frame.
    fn run_frame(&mut self) -> InterpreterAction {
        let Evm {
            ctx,
            instruction,
            frame_stack,
            #[cfg(feature = "trace")]
                inspector: tracer,
            ..
        } = &mut self.0;
        let interpreter = &mut frame_stack.get().interpreter;
        let (table, gas_table) = (instruction.instruction_table(), instruction.gas_table());
        let end = loop {
            // Also before the first instruction: an instruction that calls is followed by this, not by another one.
            if ctx.chain.is_over() {
                interpreter.gas.spend_all();
                break InstructionResult::OutOfGas;
            }
            let opcode = interpreter.bytecode.opcode();
            #[cfg(feature = "trace")]
            if let Some(tracer) = tracer {
                tracer.instruction(ctx, interpreter, opcode);
            }
            let price = meter::price(opcode);
            ctx.chain.add_base(price.base);
            // Most instructions have one cost.
            let result = if price.per_gas == 0 {
                interpreter.step(table, gas_table, ctx)
            } else {
                Self::step_by_gas(interpreter, table, gas_table, ctx, price)
            };
            if let Err(end) = result {
                break end;
            }
        };
        if interpreter.bytecode.action().is_none() {
            interpreter.halt(end);
        }
        interpreter.take_next_action()
    }

    /// Runs an instruction that costs what its gas, memory and code say.
    fn step_by_gas(
        interpreter: &mut Interpreter,
        table: &InstructionTable<EthInterpreter, RollupContext<'s, S>>,
        gas_table: &GasTable,
        ctx: &mut RollupContext<'s, S>,
        price: &Price,
    ) -> InstructionExecResult {
        let (before, memory) = (interpreter.gas.remaining(), *interpreter.gas.memory());
        let size = interpreter.memory.size();
        let lookup = meter::reads_code(interpreter.bytecode.opcode())
            .then(|| interpreter.stack.peek(0).map(|word| Address::from_word(word.into())).ok())
            .flatten();
        let result = interpreter.step(table, gas_table, ctx);
        let gas = if result.is_err_and(InstructionResult::is_halt) {
            before
        } else {
            let passed_on = interpreter.bytecode.action().as_ref().map_or(0, passed_on);
            let expansion = interpreter.gas.memory().expansion_cost.saturating_sub(memory.expansion_cost);
            let other = passed_on.saturating_add(expansion).saturating_add(price.free.into());
            before.saturating_sub(interpreter.gas.remaining()).saturating_sub(other)
        };
        ctx.chain.add(gas.saturating_mul(price.per_gas.into()).min(price.most.into()));
        // By the memory, and not by the words that its gas was counted for: of a place that does not fit into 32 bits the guest counts
        // none, and of one that gas does not suffice for nobody has any.
        let grown = interpreter.memory.size().saturating_sub(size);
        if grown != 0 {
            ctx.chain.expansion(num_words(grown));
        }
        // After a failure there may be a code that was read by an earlier transaction only, be it one that is refused.
        if let (Ok(()), Some(address)) = (&result, lookup) {
            Self::charge_lookup(ctx, address);
        }
        result
    }
}

/// Gas that an action gives to a frame that begins.
fn passed_on(action: &InterpreterAction) -> u64 {
    match action {
        InterpreterAction::NewFrame(FrameInput::Call(call)) => call.gas_limit,
        InterpreterAction::NewFrame(FrameInput::Create(create)) => create.gas_limit(),
        InterpreterAction::NewFrame(FrameInput::Empty) | InterpreterAction::Return(_) => 0,
    }
}

impl<'s, S: ChainState> EvmTr for RollupEvm<'s, S> {
    type Context = RollupContext<'s, S>;
    type Instructions = Instructions<'s, S>;
    type Precompiles = MeteredPrecompiles;
    type Frame = Frame;

    fn all(&self) -> (&Self::Context, &Self::Instructions, &Self::Precompiles, &FrameStack<Self::Frame>) {
        self.0.all()
    }

    fn all_mut(
        &mut self,
    ) -> (&mut Self::Context, &mut Self::Instructions, &mut Self::Precompiles, &mut FrameStack<Self::Frame>)
    {
        self.0.all_mut()
    }

    fn frame_init(
        &mut self,
        frame_input: <Self::Frame as FrameTr>::FrameInit,
    ) -> Result<FrameInitResult<'_, Self::Frame>, ContextError<StateError>> {
        self.charge_frame(&frame_input.frame_input);
        #[cfg(feature = "trace")]
        if self.0.inspector.is_some() {
            return self.init_traced(frame_input);
        }
        self.0.frame_init(frame_input)
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<Self::Frame>, ContextError<StateError>> {
        let action = self.run_frame();
        self.charge_end(&action);
        #[cfg(feature = "trace")]
        self.trace_stop(&action);
        let frame = self.0.frame_stack.get();
        let next = frame.process_next_action::<_, ContextError<StateError>>(&mut self.0.ctx, action)?;
        if next.is_result() {
            frame.set_finished(true);
        }
        #[cfg(feature = "trace")]
        let next = self.trace_end(next)?;
        Ok(next)
    }

    fn frame_return_result(
        &mut self,
        result: <Self::Frame as FrameTr>::FrameResult,
    ) -> Result<Option<<Self::Frame as FrameTr>::FrameResult>, ContextError<StateError>> {
        self.0.frame_return_result(result)
    }
}

/// Executes Ethereum's transactions by Ethereum's rules, but for who receives the base fee, and for what an emptied account is to
/// authorizations.
pub(super) struct RollupHandler<'s, S>(PhantomData<&'s mut S>);

impl<S> RollupHandler<'_, S> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'s, S: ChainState> Handler for RollupHandler<'s, S> {
    type Evm = RollupEvm<'s, S>;
    type Error = EvmError;
    type HaltReason = HaltReason;

    fn reward_beneficiary(&self, evm: &mut Self::Evm, result: &mut FrameResult) -> Result<(), Self::Error> {
        let context = evm.ctx();
        let price = context.tx().effective_gas_price(context.block().basefee().into());
        let fee = U256::from(price).saturating_mul(U256::from(result.gas().used()));
        let beneficiary = context.block().beneficiary();
        context.journal_mut().balance_incr(beneficiary, fee)?;
        Ok(())
    }

    /// EIP-7702's list, one authorization after the other. An account that earlier transactions of the block emptied has left the
    /// state (EIP-161), but the EVM takes what the journal has touched for existing, and would refund it.
    fn apply_eip7702_auth_list(
        &self,
        evm: &mut Self::Evm,
        _gas: &mut GasTracker,
    ) -> Result<Option<u64>, Self::Error> {
        let context = evm.ctx_mut();
        let (chain_id, refund) =
            (context.cfg.chain_id, context.cfg.gas_params.tx_eip7702_auth_refund_regular());
        let mut refunded: u64 = 0;
        for authorization in &context.tx.authorization_list {
            let journal = &mut context.journaled_state;
            let known = authorization.authority().and_then(|authority| journal.inner.state.get(&authority));
            let is_empty = known.is_some_and(Account::is_empty);
            let existed = apply_auth_list::<_, EvmError>(chain_id, once(authorization), journal)?;
            if !is_empty {
                refunded = refunded.saturating_add(existed);
            }
        }
        Ok(Some(refunded.saturating_mul(refund)))
    }
}

impl<'s, S: ChainState> RollupHandler<'s, S> {
    /// Executes the transaction of the context up to its result, which is not committed.
    pub(super) fn run_to_result(
        &mut self,
        evm: &mut RollupEvm<'s, S>,
    ) -> Result<(FrameResult, ResultGas), EvmError> {
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
        // An error of the state that the EVM kept comes before whatever the frames made of it.
        core::mem::replace(&mut evm.0.ctx.error, Ok(())).map_err(EVMError::from)?;
        Ok((frame, gas))
    }

    /// Makes the result final, and the journal ready for the next transaction.
    pub(super) fn commit(
        &mut self,
        evm: &mut RollupEvm<'s, S>,
        frame: FrameResult,
        gas: ResultGas,
    ) -> Result<ExecutionResult<HaltReason>, EvmError> {
        self.execution_result(evm, frame, gas)
    }
}

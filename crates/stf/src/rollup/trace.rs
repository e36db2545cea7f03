//! Traces of transactions, for a node: they are executed as ever, and what they call or look at is recorded.

mod calls;
mod looks;

pub use calls::CallRecorder;
pub use looks::{AccountView, LookRecorder, Looked};
pub use revm_inspectors::tracing::types::CallTraceNode;

use super::{
    block::{Refusal, RollupBlockBuilder},
    evm::{Frame, RollupContext, RollupEvm},
    simulate::{Simulated, SimulationError, Simulator},
    state::ChainState,
    transaction::{RollupTransaction, RollupTransactionKind},
};
use crate::error::StateError;
use alloc::{borrow::ToOwned, boxed::Box, vec, vec::Vec};
use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
use revm::{
    context::{Evm, TxEnv},
    context_interface::{context::ContextError, transaction::AuthorizationTr},
    handler::{EvmTr, FrameInitOrResult, FrameResult, ItemOrResult, evm::FrameInitResult},
    interpreter::{FrameInput, Interpreter, InterpreterAction, interpreter_action::FrameInit},
    primitives::TxKind,
};
use thiserror::Error;

/// What is recorded of a transaction.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, behind a pointer while it records")]
pub enum Tracer {
    /// Its calls.
    Calls(CallRecorder),
    /// The accounts and slots that it looks at.
    Looks(LookRecorder),
}

/// Why there is no trace.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TraceError {
    /// It has more bytes than it may have.
    #[error("the trace is larger than it may be")]
    Full,
    /// The transaction is not executed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The call is not executed.
    #[error(transparent)]
    Call(#[from] SimulationError),
    /// The state cannot be read.
    #[error("the state cannot be read: {0}")]
    State(#[from] StateError),
    /// The EVM has lost the tracer.
    #[error("there is no record")]
    Lost,
}

/// Bytes that may still be recorded.
#[derive(Clone, Copy, Debug)]
struct Budget(Option<usize>);

impl Budget {
    /// Spends so many bytes, if there are as many.
    fn spend(&mut self, bytes: usize) -> Result<(), ContextError<StateError>> {
        self.0 = self.0.and_then(|left| left.checked_sub(bytes));
        self.0
            .map(|_| ())
            .ok_or_else(|| ContextError::Custom("the trace is larger than it may be".to_owned()))
    }
}

impl Tracer {
    const fn budget(&self) -> &Budget {
        match self {
            Self::Calls(calls) => &calls.budget,
            Self::Looks(looks) => &looks.budget,
        }
    }

    /// Bytes that are left of those that it was given; `None` if they did not suffice.
    pub const fn bytes_left(&self) -> Option<usize> {
        self.budget().0
    }

    /// Before a frame of the EVM begins.
    fn begin<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        input: &mut FrameInput,
    ) -> Result<(), ContextError<StateError>> {
        match self {
            Self::Calls(calls) => calls.begin(context, input),
            Self::Looks(looks) => looks.begin(context, input),
        }
    }

    /// Before an instruction.
    pub(super) fn instruction<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        interpreter: &Interpreter,
        opcode: u8,
    ) {
        match self {
            Self::Calls(calls) => calls.instruction(context, interpreter, opcode),
            Self::Looks(looks) => looks.instruction(context, interpreter, opcode),
        }
    }

    /// After the instructions of a frame, before what they did is undone if they failed.
    fn stop<S: ChainState>(&mut self, context: &mut RollupContext<'_, S>, action: &InterpreterAction) {
        if let Self::Calls(calls) = self {
            calls.stop(context, action);
        }
    }

    /// After a frame has ended.
    fn end<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        input: &FrameInput,
        result: &mut FrameResult,
    ) -> Result<(), ContextError<StateError>> {
        match self {
            Self::Calls(calls) => calls.end(context, input, result),
            Self::Looks(_) => Ok(()),
        }
    }
}

/// The tracer has its hooks where the EVM begins and ends frames; nothing is executed here.
impl<'s, S: ChainState> RollupEvm<'s, S> {
    pub(super) fn init_traced(
        &mut self,
        mut init: FrameInit,
    ) -> Result<FrameInitResult<'_, Frame>, ContextError<StateError>> {
        if let Evm { ctx, inspector: Some(tracer), .. } = &mut self.0 {
            tracer.begin(ctx, &mut init.frame_input)?;
        }
        let input = init.frame_input.clone();
        let ended = match self.0.frame_init(init)? {
            ItemOrResult::Item(_) => None,
            ItemOrResult::Result(result) => Some(result),
        };
        let Some(mut result) = ended else { return Ok(ItemOrResult::Item(self.0.frame_stack.get())) };
        if let Evm { ctx, inspector: Some(tracer), .. } = &mut self.0 {
            tracer.end(ctx, &input, &mut result)?;
        }
        Ok(ItemOrResult::Result(result))
    }

    pub(super) fn trace_stop(&mut self, action: &InterpreterAction) {
        if let Evm { ctx, inspector: Some(tracer), .. } = &mut self.0 {
            tracer.stop(ctx, action);
        }
    }

    pub(super) fn trace_end(
        &mut self,
        mut next: FrameInitOrResult<Frame>,
    ) -> Result<FrameInitOrResult<Frame>, ContextError<StateError>> {
        let Evm { ctx, inspector, frame_stack, .. } = &mut self.0;
        if let (Some(tracer), ItemOrResult::Result(result)) = (inspector, &mut next) {
            tracer.end(ctx, &frame_stack.get().input, result)?;
        }
        Ok(next)
    }

    /// Begins to trace. `involved` are accounts that the transaction changes whatever it calls.
    fn begin_trace(&mut self, mut tracer: Tracer, involved: &[Address]) {
        if let Tracer::Looks(looks) = &mut tracer {
            for address in involved {
                looks.account(&mut self.0.ctx, *address);
            }
        }
        self.0.inspector = Some(Box::new(tracer));
    }

    /// Looks at the state once more, as the transaction leaves it.
    pub(super) fn trace_after(&mut self) {
        if let Evm { ctx, inspector: Some(tracer), .. } = &mut self.0
            && let Tracer::Looks(looks) = tracer.as_mut()
        {
            looks.after(ctx);
        }
    }

    /// Ends the trace.
    fn end_trace(&mut self) -> Result<Tracer, TraceError> {
        let mut tracer = self.0.inspector.take().ok_or(TraceError::Lost)?;
        if let Tracer::Looks(looks) = tracer.as_mut()
            && let Some(failure) = looks.failure.take()
        {
            return Err(failure.into());
        }
        match tracer.bytes_left() {
            Some(_) => Ok(*tracer),
            None => Err(TraceError::Full),
        }
    }
}

impl<S: ChainState> RollupBlockBuilder<'_, S> {
    /// [`RollupBlockBuilder::push`], with a record of what the transaction does. After an error the block must not be used again.
    pub fn push_traced(
        &mut self,
        transaction: &RollupTransaction,
        bytes: &[u8],
        tracer: Tracer,
    ) -> Result<Tracer, TraceError> {
        let mut involved = involved(transaction);
        involved.push(self.header().beneficiary);
        self.evm.begin_trace(tracer, &involved);
        let pushed = self.push(transaction, bytes).map(drop);
        self.evm.trace_after();
        let tracer = self.evm.end_trace()?;
        pushed?;
        Ok(tracer)
    }
}

impl<S: ChainState> Simulator<'_, S> {
    /// [`Simulator::run`], with a record of what the call does.
    pub fn trace(
        &mut self,
        call: TxEnv,
        bytes: usize,
        tracer: Tracer,
    ) -> Result<(Simulated, Tracer), TraceError> {
        let mut involved = vec![call.caller, self.evm.0.ctx.block.beneficiary];
        involved.extend(call.kind.to());
        involved.extend(call.authorization_list.iter().filter_map(AuthorizationTr::authority));
        self.evm.begin_trace(tracer, &involved);
        let simulated = self.run(call, bytes);
        let tracer = self.evm.end_trace()?;
        Ok((simulated?, tracer))
    }
}

/// Accounts that a transaction changes, whatever it calls.
fn involved(transaction: &RollupTransaction) -> Vec<Address> {
    match &transaction.kind {
        RollupTransactionKind::Signed { transaction, sender } => {
            let mut all = vec![*sender];
            if let TxKind::Call(to) = transaction.kind() {
                all.push(to);
            }
            let lists = transaction.authorization_list().into_iter().flatten();
            all.extend(lists.filter_map(|signed| crate::transaction::authority(signed).authority()));
            all
        }
        RollupTransactionKind::Operation(operation) => {
            vec![operation.from, operation.to, operation.refund_recipient]
        }
        RollupTransactionKind::Upgrade(upgrade) => {
            let deployed = upgrade.deployments.iter().map(|deployment| deployment.address);
            deployed.chain([ashlar_primitives::rollup::UPGRADER, upgrade.to]).collect()
        }
    }
}

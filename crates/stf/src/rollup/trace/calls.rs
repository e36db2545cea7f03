//! The calls of a transaction.

use super::Budget;
use crate::{
    error::StateError,
    rollup::{evm::RollupContext, state::ChainState},
};
use alloc::vec::Vec;
use alloy_primitives::{Address, U256};
use revm::{
    Inspector,
    bytecode::opcode,
    context_interface::context::ContextError,
    handler::FrameResult,
    interpreter::{
        FrameInput, InstructionResult, Interpreter, InterpreterAction, interpreter_types::InputsTr,
    },
};
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig, types::CallTraceNode};

/// What a call takes in memory beside its input and output, and as JSON, bytes.
const CALL_BYTES: usize = 1_024;
/// What a log takes beside its data, bytes.
const LOG_BYTES: usize = 512;

/// Records the calls of a transaction: who calls whom with what, what came of it, and logs.
#[derive(Debug)]
pub struct CallRecorder {
    inspector: TracingInspector,
    pub(super) budget: Budget,
    has_logs: bool,
    /// Whether nothing but the first call is recorded.
    is_top_only: bool,
    /// Calls that have begun and not ended.
    depth: usize,
    /// Logs of the journal that are recorded.
    logs: usize,
    /// A contract that is at `SELFDESTRUCT`, who gets what it has, and how much that is.
    destroyed: Option<(Address, Address, U256)>,
}

impl CallRecorder {
    /// Records at most so many bytes; logs if they are wanted; calls inside of the first one if they are.
    pub fn new(bytes_max: usize, has_logs: bool, is_top_only: bool) -> Self {
        let config = TracingInspectorConfig::none().set_record_inputs(true).set_record_logs(has_logs);
        Self {
            inspector: TracingInspector::new(config),
            budget: Budget(Some(bytes_max)),
            has_logs,
            is_top_only,
            depth: 0,
            logs: 0,
            destroyed: None,
        }
    }

    /// The calls; a call is before those that it makes. There is none if the transaction made none.
    pub fn into_calls(self) -> Vec<CallTraceNode> {
        let mut nodes = self.inspector.into_traces().into_nodes();
        if nodes.first().is_some_and(|first| first.trace.status.is_some()) {
            return nodes;
        }
        // The inspector begins with a call of nobody, for the one at depth 0. The call of an operation can be undone, and so is
        // deeper in the journal.
        let mut calls = nodes.split_off(nodes.len().min(1));
        for call in &mut calls {
            call.idx = call.idx.saturating_sub(1);
            call.parent = call.parent.and_then(|parent| parent.checked_sub(1));
            call.children.iter_mut().for_each(|child| *child = child.saturating_sub(1));
        }
        calls
    }

    const fn is_recorded(&self) -> bool {
        self.depth == 0 || !self.is_top_only
    }

    pub(super) fn begin<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        input: &mut FrameInput,
    ) -> Result<(), ContextError<StateError>> {
        self.record_logs(context);
        if self.is_recorded() {
            match input {
                FrameInput::Call(call) => {
                    self.budget.spend(call.input.len().saturating_add(CALL_BYTES))?;
                    self.inspector.call(context, call);
                }
                FrameInput::Create(create) => {
                    self.budget.spend(create.init_code().len().saturating_add(CALL_BYTES))?;
                    self.inspector.create(context, create);
                }
                FrameInput::Empty => {}
            }
        }
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    pub(super) fn instruction<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        interpreter: &Interpreter,
        opcode: u8,
    ) {
        if opcode == opcode::SELFDESTRUCT {
            let contract = interpreter.input.target_address();
            let account = context.journaled_state.inner.state.get(&contract);
            let balance = account.map_or(U256::ZERO, |account| account.info.balance);
            let heir = interpreter.stack.peek(0).ok().map(|word| Address::from_word(word.into()));
            self.destroyed = heir.map(|heir| (contract, heir, balance));
        }
    }

    pub(super) fn stop<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        action: &InterpreterAction,
    ) {
        self.record_logs(context);
        let destroyed = self.destroyed.take();
        if let (InterpreterAction::Return(result), Some((contract, heir, balance))) = (action, destroyed)
            && result.result == InstructionResult::SelfDestruct
            && !self.is_top_only
        {
            Inspector::<RollupContext<'_, S>>::selfdestruct(&mut self.inspector, contract, heir, balance);
        }
    }

    pub(super) fn end<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        input: &FrameInput,
        result: &mut FrameResult,
    ) -> Result<(), ContextError<StateError>> {
        self.depth = self.depth.saturating_sub(1);
        // Those of a call that failed are gone.
        self.logs = self.logs.min(context.journaled_state.inner.logs.len());
        if !self.is_recorded() {
            return Ok(());
        }
        match (input, result) {
            (FrameInput::Call(call), FrameResult::Call(outcome)) => {
                self.budget.spend(outcome.result.output.len())?;
                self.inspector.call_end(context, call, outcome);
            }
            (FrameInput::Create(create), FrameResult::Create(outcome)) => {
                self.budget.spend(outcome.result.output.len())?;
                self.inspector.create_end(context, create, outcome);
            }
            _ => {}
        }
        Ok(())
    }

    /// Records the logs since the last time: the call that has run until now made them.
    fn record_logs<S: ChainState>(&mut self, context: &mut RollupContext<'_, S>) {
        let logs = context.journaled_state.inner.logs.get(self.logs..).unwrap_or_default().to_vec();
        self.logs = self.logs.saturating_add(logs.len());
        if !self.has_logs || (self.is_top_only && self.depth != 1) {
            return;
        }
        for log in logs {
            // Where the budget is spent, the next call that begins or ends is the last one.
            if self.budget.spend(log.data.data.len().saturating_add(LOG_BYTES)).is_ok() {
                self.inspector.log(context, log);
            }
        }
    }
}

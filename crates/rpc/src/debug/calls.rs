//! Calls in the format of geth's `callTracer`.

use crate::{
    api::Answer,
    blocks::{Placed, sender},
    call,
    error::{RpcError, revert_reason},
    json::{fields, quantity},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_types_trace::geth::{CallFrame, CallLogFrame};
use ashlar_stf::rollup::{CallTraceNode, OverLimit, RollupTransaction, RollupTransactionKind};
use revm::{
    context::{
        TxEnv,
        result::{ExecutionResult, HaltReason},
    },
    interpreter::{InstructionResult, SuccessOrHalt},
};
use serde_json::{Map, Value, json};

/// What is known of a transaction beside its calls.
#[derive(Clone, Debug)]
pub(super) struct Root {
    from: Address,
    to: Option<Address>,
    value: U256,
    input: Bytes,
    gas: u64,
    gas_used: u64,
    is_success: bool,
    /// The limit that made it fail.
    over_limit: Option<OverLimit>,
    /// Index in the block of its first log.
    first_log: usize,
}

impl Root {
    /// A transaction in a block.
    pub(super) fn of(placed: &Placed<'_>) -> Self {
        let transaction = placed.transaction;
        let (to, value, input) = request(transaction);
        Self {
            from: sender(transaction),
            to,
            value,
            input,
            gas: transaction.gas_limit(),
            gas_used: placed.result.gas_used,
            is_success: placed.result.receipt.is_success(),
            over_limit: placed.result.over_limit,
            first_log: placed.block.logs_before(placed.index),
        }
    }

    /// A call that nobody signed.
    pub(super) fn of_call(call: &TxEnv, result: &ExecutionResult<HaltReason>) -> Self {
        Self {
            from: call.caller,
            to: call.kind.to().copied(),
            value: call.value,
            input: call.data.clone(),
            gas: call.gas_limit,
            gas_used: result.tx_gas_used(),
            is_success: result.is_success(),
            over_limit: None,
            first_log: 0,
        }
    }

    /// The frame of a transaction whose call is not made.
    fn without_call(&self) -> CallFrame {
        CallFrame {
            typ: "CALL".to_owned(),
            from: self.from,
            to: self.to,
            value: Some(self.value),
            input: self.input.clone(),
            error: (!self.is_success).then(|| "the operation's call is not made".to_owned()),
            ..CallFrame::default()
        }
    }

    /// Puts into the frame of the first call what the transaction is and has become.
    fn complete(&self, frame: &mut CallFrame) {
        frame.gas = U256::from(self.gas);
        frame.gas_used = U256::from(self.gas_used);
        if let Some(over) = &self.over_limit {
            frame.error = Some(format!("the transaction passes a limit of the chain: {over}"));
            (frame.output, frame.revert_reason) = (None, None);
        }
    }
}

fn request(transaction: &RollupTransaction) -> (Option<Address>, U256, Bytes) {
    match &transaction.kind {
        RollupTransactionKind::Signed { transaction, .. } => {
            let to = match transaction.kind() {
                TxKind::Call(to) => Some(to),
                TxKind::Create => None,
            };
            (to, transaction.value(), transaction.input().clone())
        }
        RollupTransactionKind::Operation(operation) => {
            (Some(operation.to), operation.value, operation.data.clone())
        }
        RollupTransactionKind::Upgrade(upgrade) => (Some(upgrade.to), U256::ZERO, upgrade.data.clone()),
    }
}

/// The frames of a transaction's calls, each in the one that makes it. The tree is built from its leaves, without recursion: calls
/// can be hundreds deep.
pub(super) fn answer(calls: &[CallTraceNode], root: &Root) -> Answer {
    if calls.is_empty() {
        let mut frame = root.without_call();
        root.complete(&mut frame);
        return Ok(Value::Object(fields(&frame)?));
    }
    let logs = visible_logs(calls, root.is_success);
    let mut numbers: Vec<_> = logs.iter().flatten().filter_map(|log| log.index).collect();
    numbers.sort_unstable();
    let mut inner: Vec<Vec<Value>> = vec![Vec::new(); calls.len()];
    for call in calls.iter().rev() {
        let mut frame = call_frame(call);
        if call.parent.is_none() {
            root.complete(&mut frame);
        }
        let of_call = inner.get_mut(call.idx).map(std::mem::take).unwrap_or_default();
        let logs = logs.get(call.idx).map_or(&[][..], Vec::as_slice);
        let all = with_inner(&frame, call, of_call, logs_json(logs, &numbers, root.first_log))?;
        match call.parent {
            Some(parent) => inner.get_mut(parent).ok_or(RpcError::Internal)?.push(Value::Object(all)),
            None => return Ok(Value::Object(all)),
        }
    }
    Err(RpcError::Internal)
}

/// The fields of a frame with the frames inside of it, which come in reverse.
fn with_inner(
    frame: &CallFrame,
    call: &CallTraceNode,
    mut inner: Vec<Value>,
    logs: Vec<Value>,
) -> Result<Map<String, Value>, RpcError> {
    inner.reverse();
    if let Some(destruction) = call.geth_selfdestruct_call_trace().filter(|_| call.trace.success) {
        inner.push(Value::Object(fields(&destruction)?));
    }
    let mut all = fields(frame)?;
    if !inner.is_empty() {
        all.insert("calls".to_owned(), Value::Array(inner));
    }
    if !logs.is_empty() {
        all.insert("logs".to_owned(), Value::Array(logs));
    }
    Ok(all)
}

/// The logs of each call; none of one that failed, or is inside of one that did.
fn visible_logs(calls: &[CallTraceNode], is_success: bool) -> Vec<Vec<CallLogFrame>> {
    let mut lasting = Vec::with_capacity(calls.len());
    let mut visible = Vec::with_capacity(calls.len());
    for call in calls {
        let outer = call.parent.map_or(is_success, |parent| lasting.get(parent).copied().unwrap_or(false));
        let lasts = outer && call.trace.success;
        lasting.push(lasts);
        visible.push(if lasts { call.geth_empty_call_frame(true).logs } else { Vec::new() });
    }
    visible
}

/// Logs, numbered as in the block: `numbers` are those that they were recorded with, without gaps.
fn logs_json(logs: &[CallLogFrame], numbers: &[u64], first: usize) -> Vec<Value> {
    let number = |log: &CallLogFrame| numbers.partition_point(|number| Some(*number) < log.index) + first;
    logs.iter()
        .map(|log| {
            json!({
                "address": log.address,
                "topics": log.topics,
                "data": log.data,
                "index": quantity(number(log)),
                "position": quantity(log.position.unwrap_or(0)),
            })
        })
        .collect()
}

/// A call alone, with errors in geth's words.
fn call_frame(call: &CallTraceNode) -> CallFrame {
    let mut frame = call.geth_empty_call_frame(false);
    frame.error = call.trace.status.and_then(error);
    let is_revert = call.trace.status == Some(InstructionResult::Revert);
    frame.revert_reason = is_revert.then(|| revert_reason(&call.trace.output)).flatten();
    frame
}

fn error(status: InstructionResult) -> Option<String> {
    match SuccessOrHalt::<HaltReason>::from(status) {
        SuccessOrHalt::Success(_) => None,
        SuccessOrHalt::Revert => Some("execution reverted".to_owned()),
        SuccessOrHalt::Halt(reason) => Some(call::halt(&reason)),
        SuccessOrHalt::FatalExternalError | SuccessOrHalt::Internal(_) => Some("internal failure".to_owned()),
    }
}

//! Traces: transactions are executed again, in the block and on the state that they had.

use super::{
    calls::{self, Root},
    looks,
};
use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    blocks::{Block, Placed},
    call::{self, Changed},
    error::RpcError,
    methods::Methods,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use alloy_rpc_types_trace::geth::{CallConfig, PreStateConfig};
use ashlar_stf::{
    SealedHeader, WitnessState,
    rollup::{CallRecorder, LookRecorder, Refusal, RollupBlockBuilder, TraceError, Tracer},
};
use ashlar_storage::ChainRecords;
use jsonrpsee::core::RegisterMethodError;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("debug_traceTransaction", Work::Execute, trace_transaction)?;
    methods.add("debug_traceBlockByNumber", Work::Execute, trace_block_by_number)?;
    methods.add("debug_traceBlockByHash", Work::Execute, trace_block_by_hash)?;
    methods.add("debug_traceCall", Work::Execute, trace_call)
}

/// What a client asks for beside what is traced. A time limit is not looked at: the node has its own limits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    tracer: Option<String>,
    tracer_config: Option<Value>,
    state_overrides: Option<StateOverride>,
    block_overrides: Option<BlockOverrides>,
    tx_index: Option<Value>,
}

/// A tracer of geth's.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Calls(CallConfig),
    State(PreStateConfig),
}

impl Kind {
    fn of(options: &Options) -> Result<Self, RpcError> {
        let config = options.tracer_config.as_ref();
        match options.tracer.as_deref() {
            Some("callTracer") => Ok(Self::Calls(tracer_config(config)?)),
            Some("prestateTracer") => Ok(Self::State(tracer_config(config)?)),
            Some(other) => {
                let shown: String = other.chars().take(40).collect();
                let text = format!("no tracer {shown:?}: there are \"callTracer\" and \"prestateTracer\"");
                Err(RpcError::Invalid(text))
            }
            None => {
                let text =
                    "name a tracer: \"callTracer\" or \"prestateTracer\"; there is none of single steps";
                Err(RpcError::Invalid(text.to_owned()))
            }
        }
    }

    /// A tracer that records at most so many bytes.
    fn tracer(&self, bytes_max: usize) -> Tracer {
        match self {
            Self::Calls(CallConfig { only_top_call, with_log }) => {
                let (has_logs, is_top_only) = (with_log.unwrap_or(false), only_top_call.unwrap_or(false));
                Tracer::Calls(CallRecorder::new(bytes_max, has_logs, is_top_only))
            }
            Self::State(_) => Tracer::Looks(LookRecorder::new(bytes_max)),
        }
    }

    fn answer(&self, tracer: Tracer, root: &Root) -> Answer {
        match (self, tracer) {
            (Self::Calls(_), Tracer::Calls(recorder)) => calls::answer(&recorder.into_calls(), root),
            (Self::State(config), Tracer::Looks(recorder)) => looks::answer(recorder.into_accounts(), config),
            _ => Err(RpcError::Internal),
        }
    }
}

fn tracer_config<T: DeserializeOwned + Default>(config: Option<&Value>) -> Result<T, RpcError> {
    let Some(config) = config.filter(|config| !config.is_null()) else { return Ok(T::default()) };
    T::deserialize(config).map_err(|error| RpcError::Invalid(format!("tracerConfig: {error}")))
}

fn options(arguments: &mut Arguments) -> Result<(Options, Kind), RpcError> {
    let options: Options = arguments.optional()?.unwrap_or_default();
    let kind = Kind::of(&options)?;
    Ok((options, kind))
}

fn trace_transaction(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    let (_, kind) = options(&mut arguments)?;
    arguments.end()?;
    let unknown = || RpcError::Refused("transaction not found".to_owned());
    let place = api.node.store.transaction_place(&hash)?.ok_or_else(unknown)?;
    let block = api.block(place.block)?.ok_or_else(unknown)?;
    let index = usize::try_from(place.index).unwrap_or(usize::MAX);
    let traces = trace_block(api, &block, &kind, Some(index))?;
    traces.into_iter().next().map(|(_, trace)| trace).ok_or_else(unknown)
}

fn trace_block_by_number(api: &Api, mut arguments: Arguments) -> Answer {
    let tag: BlockNumberOrTag = arguments.required()?;
    trace_whole_block(api, tag.into(), arguments)
}

fn trace_block_by_hash(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    trace_whole_block(api, hash.into(), arguments)
}

fn trace_whole_block(api: &Api, block: BlockId, mut arguments: Arguments) -> Answer {
    let (_, kind) = options(&mut arguments)?;
    arguments.end()?;
    let block = block_of(api, block)?;
    let traces = trace_block(api, &block, &kind, None)?;
    Ok(traces.into_iter().map(|(hash, trace)| json!({ "txHash": hash, "result": trace })).collect())
}

/// A block that can be executed again.
pub(super) fn block_of(api: &Api, block: BlockId) -> Result<Arc<Block>, RpcError> {
    let number = api.existing_number(block)?.ok_or(RpcError::UnknownBlock)?;
    api.block(number)?.ok_or(RpcError::UnknownBlock)
}

/// The block before a block, on whose state it is executed again.
pub(super) fn parent(api: &Api, block: &Block) -> Result<SealedHeader, RpcError> {
    let genesis = || RpcError::Refused("genesis is not traceable".to_owned());
    let number = block.number().checked_sub(1).ok_or_else(genesis)?;
    api.node.store.header(number)?.ok_or(RpcError::UnknownBlock)
}

/// Executes a block again and traces its transactions, or the one with this index; traces by hash.
fn trace_block(
    api: &Api,
    block: &Block,
    kind: &Kind,
    only: Option<usize>,
) -> Result<Vec<(B256, Value)>, RpcError> {
    api.with_state(&parent(api, block)?, |state| {
        let header = &block.record.header.header;
        let (beneficiary, timestamp) = (header.beneficiary, header.timestamp);
        let mut builder = RollupBlockBuilder::new(&api.node.config, state, beneficiary, timestamp)?;
        let (mut left, mut traces) = (api.limits.trace_bytes, Vec::new());
        let until = only.map_or(usize::MAX, |index| index.saturating_add(1));
        for placed in block.transactions().take(until) {
            let placed = placed?;
            if only.is_none_or(|index| index == placed.index) {
                let tracer = builder
                    .push_traced(placed.transaction, placed.bytes, kind.tracer(left))
                    .map_err(|error| not_traced(api, &placed, error))?;
                left = tracer.bytes_left().unwrap_or(0);
                traces.push((placed.result.hash, kind.answer(tracer, &Root::of(&placed))?));
            } else {
                let pushed = builder.push(placed.transaction, placed.bytes).map(drop);
                pushed.map_err(|refusal| not_traced(api, &placed, refusal.into()))?;
            }
            compare(&builder, &placed)?;
        }
        Ok(traces)
    })
}

/// A trace is that of what happened, or none.
fn compare(builder: &RollupBlockBuilder<'_, WitnessState<'_>>, placed: &Placed<'_>) -> Result<(), RpcError> {
    let is_same = builder.results().last().is_some_and(|result| {
        result.receipt == placed.result.receipt && result.gas_used == placed.result.gas_used
    });
    is_same.then_some(()).ok_or_else(|| other_result(placed, "has another result"))
}

fn other_result(placed: &Placed<'_>, reason: impl std::fmt::Display) -> RpcError {
    let number = placed.block.number();
    RpcError::Replay(format!("transaction {} of block {number}: {reason}", placed.index))
}

fn not_traced(api: &Api, placed: &Placed<'_>, error: TraceError) -> RpcError {
    match error {
        TraceError::Refused(Refusal::Transaction(reason)) => other_result(placed, reason),
        TraceError::Refused(Refusal::Block(error)) => error.into(),
        TraceError::State(error) => error.into(),
        TraceError::Full => full(api),
        TraceError::Call(_) | TraceError::Lost => RpcError::Internal,
    }
}

fn full(api: &Api) -> RpcError {
    let limit = api.limits.trace_bytes;
    RpcError::Limit(format!("the trace records more than {limit} bytes; ask for less, such as onlyTopCall"))
}

fn trace_call(api: &Api, mut arguments: Arguments) -> Answer {
    let request: TransactionRequest = arguments.required()?;
    let block = arguments.optional()?.unwrap_or_default();
    let (options, kind) = options(&mut arguments)?;
    arguments.end()?;
    if options.tx_index.is_some() {
        return Err(RpcError::Invalid("txIndex: calls are traced after a block, not inside".to_owned()));
    }
    let place = api.place(block)?;
    let call = api.call(request)?;
    let changed =
        Changed { state: options.state_overrides.unwrap_or_default(), block: options.block_overrides };
    let (simulated, tracer) = api.simulate(&place, changed, |simulator| {
        call::trace(simulator, &call, kind.tracer(api.limits.trace_bytes)).map_err(|error| match error {
            call::NotTraced::Full => full(api),
            call::NotTraced::Other(error) => error,
        })
    })?;
    kind.answer(tracer, &Root::of_call(&call, &simulated.result))
}

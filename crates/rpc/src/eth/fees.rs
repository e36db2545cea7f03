//! What gas costs.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    blocks::{Block, effective_gas_price},
    error::RpcError,
    json::quantity,
    methods::Methods,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::U64;
use ashlar_stf::rollup::{base_fee, next_excess};
use ashlar_storage::ChainRecords;
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};

/// Most percentiles of a request.
const PERCENTILES_MAX: usize = 100;

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("eth_gasPrice", Work::Read, gas_price)?;
    methods.add("eth_maxPriorityFeePerGas", Work::Read, priority_fee)?;
    methods.add("eth_blobBaseFee", Work::Read, blob_base_fee)?;
    methods.add("eth_feeHistory", Work::Execute, fee_history)
}

/// A price that the next block takes even if a full one comes before it.
fn gas_price(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    let config = &api.node.config;
    let pending = api.pending_header()?;
    let excess = next_excess(config, &pending, pending.timestamp)?;
    Ok(quantity(base_fee(config, excess.saturating_add(config.block_gas_limit))))
}

/// A transaction without a tip is taken, too. The pool gives what pays most first, so a tip decides the order, where more wait than a
/// block has room for.
fn priority_fee(_: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(quantity(0))
}

/// There are no blobs; it is what contracts read.
fn blob_base_fee(_: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(quantity(1))
}

/// A number of blocks, as a quantity or as a number.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Count {
    Quantity(U64),
    Number(u64),
}

fn fee_history(api: &Api, mut arguments: Arguments) -> Answer {
    let count = match arguments.required()? {
        Count::Quantity(count) => count.saturating_to(),
        Count::Number(count) => count,
    };
    let newest: BlockNumberOrTag = arguments.required()?;
    let percentiles: Option<Vec<f64>> = arguments.optional()?;
    arguments.end()?;
    check_percentiles(percentiles.as_deref().unwrap_or_default())?;
    let newest = api.existing_number(newest.into())?.ok_or(RpcError::UnknownBlock)?;
    let count = count.min(api.limits.fee_history_blocks).min(newest.saturating_add(1));
    if count == 0 {
        return Ok(json!({ "oldestBlock": "0x0", "gasUsedRatio": [], "baseFeePerGas": [] }));
    }
    let oldest = newest - (count - 1);
    let mut history = History::default();
    for number in oldest..=newest {
        let block = api.block(number)?.ok_or(RpcError::UnknownBlock)?;
        history.push(&block, percentiles.as_deref())?;
    }
    let next = match api.node.store.header(newest.saturating_add(1))? {
        Some(header) => header.header,
        None => api.pending_header()?,
    };
    history.base_fees.push(quantity(next.base_fee_per_gas.unwrap_or(0)));
    let mut answer = json!({
        "oldestBlock": quantity(oldest),
        "baseFeePerGas": history.base_fees,
        "gasUsedRatio": history.ratios,
        "baseFeePerBlobGas": vec!["0x1"; history.ratios.len() + 1],
        "blobGasUsedRatio": vec![0.0; history.ratios.len()],
    });
    if let (Some(answer), true) = (answer.as_object_mut(), percentiles.is_some()) {
        answer.insert("reward".to_owned(), Value::Array(history.rewards));
    }
    Ok(answer)
}

fn check_percentiles(percentiles: &[f64]) -> Result<(), RpcError> {
    let invalid = |reason: String| Err(RpcError::Invalid(format!("invalid reward percentile: {reason}")));
    if percentiles.len() > PERCENTILES_MAX {
        return invalid(format!("over the query limit {PERCENTILES_MAX}"));
    }
    if let Some(wrong) = percentiles.iter().find(|percentile| !(0.0..=100.0).contains(*percentile)) {
        return invalid(wrong.to_string());
    }
    if !percentiles.is_sorted() {
        return invalid("they must ascend".to_owned());
    }
    Ok(())
}

#[derive(Default)]
struct History {
    base_fees: Vec<Value>,
    ratios: Vec<f64>,
    rewards: Vec<Value>,
}

impl History {
    fn push(&mut self, block: &Block, percentiles: Option<&[f64]>) -> Result<(), RpcError> {
        let header = &block.record.header.header;
        self.base_fees.push(quantity(block.base_fee()));
        self.ratios.push(header.gas_used as f64 / header.gas_limit.max(1) as f64);
        if let Some(percentiles) = percentiles {
            self.rewards.push(Value::Array(rewards(block, percentiles)?));
        }
        Ok(())
    }
}

/// What transactions paid above the base fee, at these percentiles of the block's gas.
fn rewards(block: &Block, percentiles: &[f64]) -> Result<Vec<Value>, RpcError> {
    let base_fee = block.base_fee();
    let mut paid = Vec::with_capacity(block.record.transactions.len());
    for placed in block.transactions() {
        let placed = placed?;
        let price = effective_gas_price(placed.transaction, Some(base_fee));
        paid.push((price.saturating_sub(base_fee.into()), placed.result.gas_used));
    }
    paid.sort_unstable();
    let total = block.record.header.header.gas_used as f64;
    let (mut index, mut passed) = (0, 0);
    let rewards = percentiles.iter().map(|percentile| {
        let threshold = total * percentile / 100.0;
        // The last one stands for all that follows.
        while index + 1 < paid.len() && ((passed + gas_of(&paid, index)) as f64) < threshold {
            passed += gas_of(&paid, index);
            index += 1;
        }
        quantity(paid.get(index).map_or(0, |(reward, _)| *reward))
    });
    Ok(rewards.collect())
}

fn gas_of(paid: &[(u128, u64)], index: usize) -> u64 {
    paid.get(index).map_or(0, |(_, gas)| *gas)
}

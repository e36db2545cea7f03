//! Logs, and filters of blocks, logs and transactions.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    error::RpcError,
    filters::Watched,
    json::quantity,
    methods::Methods,
};
use alloy_primitives::{B256, U128};
use alloy_rpc_types_eth::Filter;
use ashlar_storage::ChainRecords;
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("eth_getLogs", Work::Execute, get_logs)?;
    methods.add("eth_newFilter", Work::Read, new_filter)?;
    methods.add("eth_newBlockFilter", Work::Read, new_block_filter)?;
    methods.add("eth_newPendingTransactionFilter", Work::Read, new_transaction_filter)?;
    methods.add("eth_getFilterChanges", Work::Execute, filter_changes)?;
    methods.add("eth_getFilterLogs", Work::Execute, filter_logs)?;
    methods.add("eth_uninstallFilter", Work::Read, uninstall_filter)
}

fn filter(api: &Api, mut arguments: Arguments) -> Result<Filter, RpcError> {
    let filter = arguments.required()?;
    arguments.end()?;
    api.check_filter(&filter)?;
    Ok(filter)
}

fn get_logs(api: &Api, arguments: Arguments) -> Answer {
    Ok(Value::Array(api.logs(&filter(api, arguments)?)?))
}

fn new_filter(api: &Api, arguments: Arguments) -> Answer {
    let filter = filter(api, arguments)?;
    let next = api.head()?.header.number.saturating_add(1);
    Ok(quantity(api.filters.install(Watched::Logs(Box::new(filter), next))?))
}

fn new_block_filter(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    let next = api.head()?.header.number.saturating_add(1);
    Ok(quantity(api.filters.install(Watched::Blocks(next))?))
}

fn new_transaction_filter(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(quantity(api.filters.install(Watched::Transactions(api.node.heads.transactions()))?))
}

fn id(mut arguments: Arguments) -> Result<U128, RpcError> {
    let id = arguments.required()?;
    arguments.end()?;
    Ok(id)
}

fn uninstall_filter(api: &Api, arguments: Arguments) -> Answer {
    Ok(Value::Bool(api.filters.uninstall(&id(arguments)?)))
}

/// What a filter has not answered yet.
enum Change {
    Blocks(RangeInclusive<u64>),
    Logs(Box<Filter>, RangeInclusive<u64>),
    Transactions(Vec<B256>),
}

fn filter_changes(api: &Api, arguments: Arguments) -> Answer {
    let head = api.head()?.header.number;
    let id = id(arguments)?;
    // The search itself does not hold up other filters.
    let change = api.filters.ask(&id, |watched| match watched {
        Watched::Blocks(next) => Ok(Change::Blocks(advance(api, next, head))),
        Watched::Logs(filter, next) => Ok(Change::Logs(filter.clone(), advance(api, next, head))),
        Watched::Transactions(receiver) => Ok(Change::Transactions(received(receiver))),
    })?;
    match change {
        Change::Blocks(blocks) => blocks.map(|number| hash(api, number)).collect(),
        Change::Logs(filter, blocks) if filter.block_option.is_block_hash() || blocks.is_empty() => {
            Ok(json!([]))
        }
        Change::Logs(filter, blocks) => {
            let (from, to) = filter.block_option.as_range();
            let named = |tag: Option<_>, other| tag.map_or(Ok(other), |tag: &_| api.number(*tag));
            let is_number = |tag: &&alloy_eips::BlockNumberOrTag| tag.is_number();
            let from = named(from.filter(is_number), 0)?.max(*blocks.start());
            let to = named(to.filter(is_number), u64::MAX)?.min(*blocks.end());
            if from > to {
                return Ok(json!([]));
            }
            Ok(Value::Array(api.logs_in(&filter, from..=to)?))
        }
        Change::Transactions(hashes) => Ok(json!(hashes)),
    }
}

/// Blocks from `next` to the last one, as far as one answer goes.
fn advance(api: &Api, next: &mut u64, head: u64) -> RangeInclusive<u64> {
    let from = *next;
    let to = head.min(from.saturating_add(api.limits.log_blocks.saturating_sub(1)));
    *next = from.max(to.saturating_add(1));
    from..=to
}

fn hash(api: &Api, number: u64) -> Answer {
    Ok(json!(api.node.store.header(number)?.ok_or(RpcError::UnknownBlock)?.hash))
}

/// Transactions since the last time; of more than are kept the last ones.
fn received(receiver: &mut Receiver<B256>) -> Vec<B256> {
    let mut hashes = Vec::new();
    loop {
        match receiver.try_recv() {
            Ok(hash) => hashes.push(hash),
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return hashes,
        }
    }
}

fn filter_logs(api: &Api, arguments: Arguments) -> Answer {
    let filter = api.filters.ask(&id(arguments)?, |watched| match watched {
        Watched::Logs(filter, _) => Ok(filter.clone()),
        Watched::Blocks(_) | Watched::Transactions(_) => Err(RpcError::UnknownFilter),
    })?;
    Ok(Value::Array(api.logs(&filter)?))
}

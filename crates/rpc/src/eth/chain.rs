//! What chain this is, and how far it is.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    json::quantity,
    methods::Methods,
};
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("eth_chainId", Work::Read, chain_id)?;
    methods.add("eth_blockNumber", Work::Read, block_number)?;
    methods.add("eth_syncing", Work::Read, syncing)?;
    methods.add("eth_accounts", Work::Read, accounts)
}

fn chain_id(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(quantity(api.node.config.chain_id))
}

fn block_number(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(quantity(api.head()?.header.number))
}

/// The node makes the chain: it is never behind.
fn syncing(_: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(Value::Bool(false))
}

/// The node signs for nobody.
fn accounts(_: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(json!([]))
}

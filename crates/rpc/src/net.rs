//! Methods of the namespaces `net` and `web3`.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    json::quantity,
    methods::Methods,
};
use alloy_primitives::{Bytes, keccak256};
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};

pub(crate) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("net_version", Work::Read, version)?;
    methods.add("net_listening", Work::Read, listening)?;
    methods.add("net_peerCount", Work::Read, peer_count)?;
    methods.add("web3_clientVersion", Work::Read, client_version)?;
    methods.add("web3_sha3", Work::Read, sha3)
}

/// The chain id, in decimal digits.
fn version(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(json!(api.node.config.chain_id.to_string()))
}

fn listening(_: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(Value::Bool(true))
}

/// The node has no peers.
fn peer_count(_: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(quantity(0))
}

fn client_version(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    Ok(json!(api.node.client_version))
}

fn sha3(_: &Api, mut arguments: Arguments) -> Answer {
    let bytes: Bytes = arguments.required()?;
    arguments.end()?;
    Ok(json!(keccak256(bytes)))
}

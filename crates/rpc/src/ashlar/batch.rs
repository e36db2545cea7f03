//! Batches, what they publish, and their proofs.

use super::stage::Stage;
use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    json::quantity,
    methods::Methods,
};
use alloy_primitives::{Bytes, U64};
use ashlar_storage::{BatchRecord, ChainRecords};
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("ashlar_batch", Work::Read, batch)?;
    methods.add("ashlar_batchOfBlock", Work::Read, batch_of_block)?;
    methods.add("ashlar_pubdata", Work::Read, pubdata)?;
    methods.add("ashlar_proof", Work::Read, proof)
}

fn number(mut arguments: Arguments) -> Result<u64, crate::error::RpcError> {
    let number: U64 = arguments.required()?;
    arguments.end()?;
    Ok(number.to())
}

fn batch(api: &Api, arguments: Arguments) -> Answer {
    let record = api.node.store.batch(number(arguments)?)?;
    record.map_or(Ok(Value::Null), |record| facts(api, &record))
}

fn batch_of_block(api: &Api, arguments: Arguments) -> Answer {
    let record = api.node.store.batch_of_block(number(arguments)?)?;
    record.map_or(Ok(Value::Null), |record| facts(api, &record))
}

fn facts(api: &Api, record: &BatchRecord) -> Answer {
    let output = &record.output;
    let data = if record.versioned_hashes.is_empty() { "calldata" } else { "blobs" };
    Ok(json!({
        "number": quantity(record.number),
        "status": Stage::of_batch(api, &api.node.settlement.progress(), record.number)?,
        "firstBlock": quantity(output.first_block),
        "lastBlock": quantity(output.last_block),
        "transactions": quantity(output.transactions),
        "operations": quantity(output.operations),
        "logs": quantity(output.logs),
        "batchRoot": output.batch_root,
        "outputHash": output.hash(),
        "pubdataBytes": quantity(record.pubdata.len()),
        "data": data,
        "cost": quantity(record.cost),
        "sealedAt": quantity(record.sealed_at),
    }))
}

fn pubdata(api: &Api, arguments: Arguments) -> Answer {
    let record = api.node.store.batch(number(arguments)?)?;
    Ok(json!(record.map(|record| record.pubdata)))
}

fn proof(api: &Api, arguments: Arguments) -> Answer {
    let number = number(arguments)?;
    let store = &api.node.store;
    let (Some(record), Some(proof)) = (store.batch(number)?, store.proof(number)?) else {
        return Ok(Value::Null);
    };
    Ok(json!({
        "programKey": api.node.details.program_key,
        "publicOutput": record.output.hash(),
        "proof": Bytes::from(proof),
    }))
}

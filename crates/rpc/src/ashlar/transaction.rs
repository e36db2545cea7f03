//! What became of transactions, and what calls take.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    call,
    error::RpcError,
    eth::call::Asked,
    json::quantity,
    methods::Methods,
    node::PoolState,
};
use alloy_primitives::B256;
use ashlar_storage::ChainRecords;
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("ashlar_transactionStatus", Work::Read, status)?;
    methods.add("ashlar_cost", Work::Execute, cost)
}

fn status(api: &Api, mut arguments: Arguments) -> Answer {
    let hash: B256 = arguments.required()?;
    arguments.end()?;
    if let Some(included) = included(api, &hash)? {
        return Ok(included);
    }
    let (status, reason) = match api.node.pool.state(&hash) {
        PoolState::Pending => ("pending", None),
        PoolState::Queued => ("queued", None),
        PoolState::Rejected { reason } => ("rejected", Some(reason)),
        PoolState::Unknown => ("unknown", None),
    };
    // Between the two looks it may have come into a block.
    if status == "unknown"
        && let Some(included) = included(api, &hash)?
    {
        return Ok(included);
    }
    Ok(json!({ "status": status, "reason": reason, "block": null, "batch": null }))
}

fn included(api: &Api, hash: &B256) -> Result<Option<Value>, RpcError> {
    let Some(place) = api.node.store.transaction_place(hash)? else { return Ok(None) };
    let batch = api.node.store.batch_of_block(place.block)?;
    Ok(Some(json!({
        "status": "included",
        "reason": null,
        "block": quantity(place.block),
        "batch": batch.map(|batch| quantity(batch.number)),
    })))
}

fn cost(api: &Api, arguments: Arguments) -> Answer {
    let Asked { request, block, changed } = Asked::of_next(arguments)?;
    let place = api.place(block)?;
    let call = api.call(request)?;
    let simulated = api.simulate(&place, changed, |simulator| call::run(simulator, &call))?;
    let (gas, usage) = (simulated.result.tx_gas_used(), simulated.usage);
    call::output(simulated.result)?;
    let config = &api.node.config;
    Ok(json!({
        "gas": quantity(gas),
        "provingCost": quantity(usage.cost),
        "pubdata": quantity(usage.pubdata),
        "logs": quantity(usage.logs),
        "limits": {
            "gas": quantity(config.transaction_gas_limit),
            "provingCost": quantity(config.transaction_cost_limit),
            "pubdata": quantity(config.transaction_pubdata_limit),
            "logs": quantity(config.transaction_logs_limit),
        },
    }))
}

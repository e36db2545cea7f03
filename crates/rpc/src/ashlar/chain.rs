//! What the chain is, and how far it is.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    error::RpcError,
    json::quantity,
    methods::Methods,
    node::{L1Contracts, Proving, ProvingJob},
};
use ashlar_primitives::rollup::{MESSENGER, RollupConfig};
use ashlar_settlement::{L2_ASSET_ROUTER, L2_VAULT, WRAPPED_BASE_TOKEN};
use ashlar_storage::{ChainRecords, OperationRecords};
use jsonrpsee::core::RegisterMethodError;
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("ashlar_chain", Work::Read, chain)?;
    methods.add("ashlar_status", Work::Read, status)
}

fn chain(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    let (config, details) = (&api.node.config, &api.node.details);
    let genesis = api.node.store.header(0)?.ok_or(RpcError::UnknownBlock)?;
    let L1Contracts { bridgehub, asset_router, vault, message_root, protocol_versions, chain } =
        details.contracts;
    Ok(json!({
        "chainId": quantity(config.chain_id),
        "configHash": config.hash(),
        "config": rules(config),
        "l1ChainId": quantity(details.l1_chain_id),
        "genesisHash": genesis.hash,
        "contracts": {
            "bridgehub": bridgehub,
            "assetRouter": asset_router,
            "vault": vault,
            "messageRoot": message_root,
            "protocolVersions": protocol_versions,
            "chain": chain,
        },
        "predeploys": {
            "messenger": MESSENGER,
            "assetRouter": L2_ASSET_ROUTER,
            "vault": L2_VAULT,
            "wrappedBaseToken": WRAPPED_BASE_TOKEN,
        },
        "baseAssetId": config.base_asset,
    }))
}

fn rules(config: &RollupConfig) -> Value {
    json!({
        "chainId": quantity(config.chain_id),
        "protocolVersion": quantity(config.protocol_version),
        "history": config.history,
        "baseAsset": config.base_asset,
        "blockGasLimit": quantity(config.block_gas_limit),
        "transactionGasLimit": quantity(config.transaction_gas_limit),
        "gasTarget": quantity(config.gas_target),
        "baseFeeMin": quantity(config.base_fee_min),
        "baseFeeDoubling": quantity(config.base_fee_doubling),
        "transactionCostLimit": quantity(config.transaction_cost_limit),
        "batchCostLimit": quantity(config.batch_cost_limit),
        "transactionPubdataLimit": quantity(config.transaction_pubdata_limit),
        "batchPubdataLimit": quantity(config.batch_pubdata_limit),
        "transactionLogsLimit": quantity(config.transaction_logs_limit),
        "batchLogsLimit": quantity(config.batch_logs_limit),
    })
}

fn status(api: &Api, arguments: Arguments) -> Answer {
    arguments.end()?;
    // Before what comes from it: a batch is sealed before it is proven.
    let progress = api.node.settlement.progress();
    let store = &api.node.store;
    let (included, known) = (store.operations_included()?, store.operations_count()?);
    let contract = progress.contract;
    let known = contract.map_or(known, |contract| contract.operations.max(known));
    let seen = progress.l1_seen.and_then(|seen| seen.duration_since(UNIX_EPOCH).ok());
    let number = |number: Option<u64>| number.map(quantity);
    Ok(json!({
        "head": quantity(api.head()?.header.number),
        "sealedBatch": quantity(store.last_batch()?),
        "provenBatch": quantity(progress.proven),
        "committedBatch": number(contract.map(|contract| contract.committed)),
        "executedBatch": number(contract.map(|contract| contract.executed)),
        "finalizedBatch": number(contract.and_then(|contract| contract.finalized)),
        "operationsIncluded": quantity(included),
        "operationsKnown": quantity(known),
        "l1": {
            "head": number(progress.l1_head),
            "lastSeen": number(seen.map(|seen| seen.as_secs())),
            "error": progress.l1_error,
            "held": progress.l1_held,
        },
        "prover": api.node.settlement.proving().map(|proving| prover(&proving)),
        "jobs": api.node.settlement.jobs().iter().map(job).collect::<Vec<_>>(),
    }))
}

fn job(job: &ProvingJob) -> Value {
    json!({"batch": quantity(job.batch), "worker": job.worker, "failures": quantity(job.failures)})
}

fn prover(proving: &Proving) -> Value {
    json!({
        "batch": quantity(proving.batch),
        "phase": proving.phase,
        "done": quantity(proving.done),
        "total": quantity(proving.total),
        "secondsLeft": proving.left.map(|left| quantity(left.as_secs())),
    })
}

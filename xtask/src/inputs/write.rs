//! A block as the folder that `ashlar execute` reads: the shapes of `eth_getBlockByNumber` and `debug_executionWitness`.

use alloy_consensus::{
    Block, BlockBody, Header, TxEnvelope, transaction::SignerRecoverable, transaction::TransactionInfo,
};
use alloy_eips::{eip2718::Decodable2718, eip4895::Withdrawal};
use alloy_primitives::B256;
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::{Block as RpcBlock, Transaction};
use ashlar_primitives::{BatchInput, BatchInputOwned, BlockInputOwned, ChainConfig, NEVER};
use ashlar_stf::{BatchSummary, execute_batch_input};
use ashlar_witness::{ExecutionWitness, batch_input, chain_config};
use eyre::{OptionExt, WrapErr, ensure};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

/// Files of a folder: texts by name.
pub(super) type Files = BTreeMap<&'static str, String>;

const BLOCK: &str = "block.json";
const WITNESS: &str = "execution_witness.json";
const CHAIN: &str = "chain.json";

/// The files of a batch of one block, with the smallest witness that executes, and what executing them yields.
pub(super) fn files(input: BatchInputOwned) -> eyre::Result<(Files, BatchSummary)> {
    let input = smallest(input)?;
    let config = ChainConfig::decode(&input.config)?;
    let block = input.blocks.first().ok_or_eyre("the batch has no block")?;
    let mut files = Files::from([(BLOCK, text(&rpc_block(block)?)?), (WITNESS, text(&witness(&input))?)]);
    // The rules of a chain that is built in are not repeated.
    if chain_config(config.chain_id).is_err() {
        files.insert(CHAIN, text(&chain(&config))?);
    }
    let summary = execute(&files, &config)?;
    Ok((files, summary))
}

/// Writes the files into a folder, which is created.
pub(super) fn write(folder: &Path, files: &Files) -> eyre::Result<()> {
    fs::create_dir_all(folder).wrap_err_with(|| format!("creating {}", folder.display()))?;
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).wrap_err_with(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// Executes what was written, not what it was written from.
fn execute(files: &Files, config: &ChainConfig) -> eyre::Result<BatchSummary> {
    let block: RpcBlock = serde_json::from_str(&files[BLOCK])?;
    let witness: ExecutionWitness = serde_json::from_str(&files[WITNESS])?;
    let state_root = block.header.state_root;
    let bytes = batch_input(config, block, witness)?.borrow().encode()?;
    let (output, summary) = execute_batch_input(&BatchInput::decode(&bytes)?)?;
    ensure!(output.post_state_root == state_root, "execution ends at another state root than the header's");
    Ok(summary)
}

/// Drops what execution does not read: nodes, codes, and the ancestors that `BLOCKHASH` does not reach.
fn smallest(input: BatchInputOwned) -> eyre::Result<BatchInputOwned> {
    let mut input = ashlar_witness::prune(input).wrap_err("the block does not execute")?;
    let ancestors = std::mem::take(&mut input.ancestors);
    for ancestor in ancestors {
        input.ancestors.push(ancestor);
        if execute_batch_input(&input.borrow()).is_ok() {
            break;
        }
    }
    // One order of sets, whatever the order in which execution happens to read them.
    input.state.sort();
    input.codes.sort();
    Ok(input)
}

fn rpc_block(block: &BlockInputOwned) -> eyre::Result<RpcBlock> {
    let header = Header::decode(&mut block.header.as_ref())?;
    let (base_fee, timestamp, number) = (header.base_fee_per_gas, header.timestamp, header.number);
    let transactions = block
        .transactions
        .iter()
        .map(|bytes| TxEnvelope::decode_2718_exact(bytes))
        .collect::<Result<Vec<_>, _>>()?;
    let withdrawals = block
        .withdrawals
        .iter()
        .map(|rlp| Withdrawal::decode(&mut rlp.as_ref()))
        .collect::<Result<Vec<_>, _>>()?;
    let body = BlockBody { transactions, ommers: Vec::new(), withdrawals: Some(withdrawals.into()) };
    let block = RpcBlock::from_consensus(Block { header, body }, None);
    let hash: B256 = block.header.hash;
    let mut index = 0..;
    block.try_map_transactions(|transaction| {
        let info = TransactionInfo {
            hash: Some(*transaction.tx_hash()),
            index: index.next(),
            block_hash: Some(hash),
            block_number: Some(number),
            base_fee,
            block_timestamp: Some(timestamp),
        };
        Ok(Transaction::from_transaction(transaction.try_into_recovered()?, info))
    })
}

fn witness(input: &BatchInputOwned) -> ExecutionWitness {
    ExecutionWitness {
        state: input.state.clone(),
        codes: input.codes.clone(),
        keys: Vec::new(),
        headers: input.ancestors.clone(),
    }
}

fn chain(config: &ChainConfig) -> Value {
    let schedule: Vec<_> = config
        .blob_schedule
        .iter()
        .map(|entry| {
            json!({
                "activation": entry.activation,
                "target": entry.target,
                "max": entry.max,
                "updateFraction": entry.update_fraction,
            })
        })
        .collect();
    let scheduled = |time| (time != NEVER).then_some(time);
    json!({
        "chainId": config.chain_id,
        "cancun": config.cancun,
        "prague": scheduled(config.prague),
        "osaka": scheduled(config.osaka),
        "depositContract": config.deposit_contract,
        "blobSchedule": schedule,
    })
}

fn text(value: &impl serde::Serialize) -> eyre::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

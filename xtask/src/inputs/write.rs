//! A block as the folder that `ashlar execute` reads: the shapes of `eth_getBlockByNumber` and `debug_executionWitness`.

use alloy_consensus::{
    Block, BlockBody, Header, TxEnvelope, transaction::SignerRecoverable, transaction::TransactionInfo,
};
use alloy_eips::{eip2718::Decodable2718, eip4895::Withdrawal};
use alloy_primitives::{Address, B256};
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::{Block as RpcBlock, Transaction};
use ashlar_primitives::{BatchInput, BatchInputOwned, BlockInputOwned, ChainConfig, NEVER};
use ashlar_stf::{BatchSummary, execute_batch_input};
use ashlar_witness::{ExecutionWitness, batch_input, chain_config};
use eyre::{OptionExt, WrapErr, ensure};
use serde::Serialize;
use std::{collections::BTreeMap, fs, path::Path};

/// Files of a folder: texts by name.
pub(super) type Files = BTreeMap<&'static str, String>;

const BLOCK: &str = "block.json";
const WITNESS: &str = "execution_witness.json";
const CHAIN: &str = "chain.json";

/// `chain.json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChainFile {
    chain_id: u64,
    cancun: u64,
    prague: Option<u64>,
    osaka: Option<u64>,
    deposit_contract: Address,
    blob_schedule: Vec<BlobFile>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobFile {
    activation: u64,
    target: u16,
    max: u16,
    update_fraction: u64,
}

/// The files of a batch of one block, with the smallest witness that executes, and what executing them yields.
pub(super) fn files(input: BatchInputOwned) -> eyre::Result<(Files, BatchSummary)> {
    let input = smallest(input)?;
    let config = ChainConfig::decode(&input.config)?;
    let block = input.blocks.first().ok_or_eyre("the batch has no block")?;
    let mut files = Files::from([(BLOCK, text(&rpc_block(block)?)?), (WITNESS, text(&witness(&input))?)]);
    // The rules of a chain that is built in are not repeated.
    if chain_config(config.chain_id).is_err() {
        files.insert(CHAIN, text(&ChainFile::from(&config))?);
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

impl From<&ChainConfig> for ChainFile {
    fn from(config: &ChainConfig) -> Self {
        let scheduled = |time| (time != NEVER).then_some(time);
        let blobs = config.blob_schedule.iter().map(|entry| BlobFile {
            activation: entry.activation,
            target: entry.target,
            max: entry.max,
            update_fraction: entry.update_fraction,
        });
        Self {
            chain_id: config.chain_id,
            cancun: config.cancun,
            prague: scheduled(config.prague),
            osaka: scheduled(config.osaka),
            deposit_contract: config.deposit_contract,
            blob_schedule: blobs.collect(),
        }
    }
}

fn text(value: &impl Serialize) -> eyre::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;

    fn folder(name: &str) -> std::path::PathBuf {
        repository::root().join("inputs").join(name)
    }

    #[test]
    fn what_was_read_from_a_folder_is_written_as_it_was() {
        for name in ["small", "mixed"] {
            let input = ashlar_witness::read_folder(&folder(name), None).unwrap();
            let (files, _) = files(input).unwrap();
            for (file, text) in files {
                assert_eq!(text, fs::read_to_string(folder(name).join(file)).unwrap(), "{name}/{file}");
            }
        }
    }

    #[test]
    fn a_block_that_does_not_execute_is_not_written() {
        let mut input = ashlar_witness::read_folder(&folder("small"), None).unwrap();
        input.blocks[0].transactions.pop();
        assert!(files(input).is_err());
    }
}

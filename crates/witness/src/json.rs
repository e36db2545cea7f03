//! Batch inputs from the JSON of Ethereum clients.

use alloy_consensus::{Header, Transaction as _};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::Block;
use ashlar_primitives::{BatchInputOwned, BlobEntry, BlockInputOwned, ChainConfig, ConfigError, NEVER};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fs, io, path::Path, path::PathBuf};
use thiserror::Error;

/// Result of `debug_executionWitness`. `keys` are preimages that execution does not need.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExecutionWitness {
    /// RLP trie nodes.
    pub state: Vec<Bytes>,
    /// Contract bytecode.
    pub codes: Vec<Bytes>,
    /// Addresses and slots that were touched.
    #[serde(default)]
    pub keys: Vec<Bytes>,
    /// RLP headers: the parent, and the ancestors that `BLOCKHASH` read.
    pub headers: Vec<Bytes>,
}

/// Chain rules as a file: the fields of a chain configuration, in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChainFile {
    chain_id: u64,
    cancun: u64,
    #[serde(default)]
    prague: Option<u64>,
    #[serde(default)]
    osaka: Option<u64>,
    #[serde(default)]
    deposit_contract: Address,
    blob_schedule: Vec<BlobFile>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BlobFile {
    activation: u64,
    target: u16,
    max: u16,
    update_fraction: u64,
}

/// Why no batch input can be made.
#[derive(Debug, Error)]
pub enum InputError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not the JSON that it should be.
    #[error("{path} is not the expected JSON: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// The block has transaction hashes only.
    #[error(
        "block.json has transaction hashes only: ask eth_getBlockByNumber for full transactions (second parameter true)"
    )]
    HashesOnly,
    /// A header of the witness does not decode.
    #[error("header {0} of the execution witness is not RLP")]
    HeaderRlp(usize),
    /// The witness lacks the parent's header.
    #[error("the execution witness lacks the parent's header {0}")]
    NoParent(B256),
    /// The chain is not known and the folder has no `chain.json`.
    #[error(
        "chain {0} is not built in: put its rules into chain.json beside block.json, or name a file with --chain"
    )]
    UnknownChain(u64),
    /// The chain configuration is refused.
    #[error("chain.json: {0}")]
    Config(#[from] ConfigError),
}

/// Reads `block.json` and `execution_witness.json`. The chain's rules are those given, else those in `chain.json`
/// where the folder has one, else those that are built in.
pub fn read_folder(folder: &Path, config: Option<ChainConfig>) -> Result<BatchInputOwned, InputError> {
    let block: Block = read(&folder.join("block.json"))?;
    let witness: ExecutionWitness = read(&folder.join("execution_witness.json"))?;
    let path = folder.join("chain.json");
    let config = match config {
        Some(config) => config,
        None if path.exists() => read_chain(&path)?,
        None => chain_config(chain_id(&block))?,
    };
    batch_input(&config, block, witness)
}

/// Reads a chain's rules from a file in the format of `chain.json`.
pub fn read_chain(path: &Path) -> Result<ChainConfig, InputError> {
    from_file(read(path)?)
}

/// Rules of a chain that is built in: Ethereum mainnet.
pub fn chain_config(chain_id: u64) -> Result<ChainConfig, InputError> {
    match chain_id {
        1 => Ok(ChainConfig::mainnet()),
        other => Err(InputError::UnknownChain(other)),
    }
}

/// A batch of one block.
pub fn batch_input(
    config: &ChainConfig,
    block: Block,
    witness: ExecutionWitness,
) -> Result<BatchInputOwned, InputError> {
    let header = block.header.inner;
    let ancestors = ancestors(header.parent_hash, &witness.headers)?;
    if !block.transactions.is_full() && !block.transactions.is_empty() {
        return Err(InputError::HashesOnly);
    }
    let transactions =
        block.transactions.into_transactions().map(|tx| tx.inner.encoded_2718().into()).collect();
    let withdrawals = block.withdrawals.unwrap_or_default();
    Ok(BatchInputOwned {
        config: config.encode().into(),
        ancestors,
        blocks: vec![BlockInputOwned {
            header: alloy_rlp::encode(&header).into(),
            transactions,
            withdrawals: withdrawals.iter().map(|item| alloy_rlp::encode(item).into()).collect(),
        }],
        state: witness.state,
        codes: witness.codes,
    })
}

/// The witness's headers as a chain, newest first, from the block's parent as far as they go.
fn ancestors(parent: B256, headers: &[Bytes]) -> Result<Vec<Bytes>, InputError> {
    let mut by_hash = HashMap::new();
    for (index, rlp) in headers.iter().enumerate() {
        let header = Header::decode(&mut rlp.as_ref()).map_err(|_| InputError::HeaderRlp(index))?;
        by_hash.insert(keccak256(rlp), (header.parent_hash, rlp));
    }
    let mut chain = Vec::new();
    let mut next = parent;
    while let Some((before, rlp)) = by_hash.remove(&next) {
        chain.push(rlp.clone());
        next = before;
    }
    if chain.is_empty() { Err(InputError::NoParent(parent)) } else { Ok(chain) }
}

/// The chain id that the block's transactions name; mainnet if none does.
fn chain_id(block: &Block) -> u64 {
    block.transactions.txns().find_map(|tx| tx.inner.chain_id()).unwrap_or(1)
}

fn from_file(file: ChainFile) -> Result<ChainConfig, InputError> {
    let config = ChainConfig {
        chain_id: file.chain_id,
        cancun: file.cancun,
        prague: file.prague.unwrap_or(NEVER),
        osaka: file.osaka.unwrap_or(NEVER),
        deposit_contract: file.deposit_contract,
        blob_schedule: file
            .blob_schedule
            .iter()
            .map(|entry| BlobEntry {
                activation: entry.activation,
                target: entry.target,
                max: entry.max,
                update_fraction: entry.update_fraction,
            })
            .collect(),
    };
    config.validate()?;
    Ok(config)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, InputError> {
    let bytes = fs::read(path).map_err(|source| InputError::Read { path: path.into(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| InputError::Json { path: path.into(), source })
}

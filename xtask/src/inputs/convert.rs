//! Blocks in another shape: one JSON object with `blocks`, `witness` and `chainConfig`, as the state transition functions
//! of some clients dump them.

use super::write;
use alloy_consensus::{Header, TxEnvelope};
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, Bytes};
use ashlar_primitives::{BatchInputOwned, BlobEntry, BlockInputOwned, ChainConfig, NEVER};
use ashlar_witness::chain_config;
use clap::Args;
use eyre::{OptionExt, WrapErr, bail, ensure};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Converts a block from another shape into a folder that `ashlar execute` reads.
///
/// The file is one JSON object: `blocks` (one, as header, transactions, withdrawals), `witness` (state, codes,
/// ancestors) and `chainConfig`, whose rules count where the chain is not built in. The block is executed before
/// anything is written.
#[derive(Args)]
pub(crate) struct ConvertArguments {
    /// The file.
    file: PathBuf,
    /// The folder to write, which is created.
    folder: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dump {
    blocks: Vec<DumpBlock>,
    witness: DumpWitness,
    chain_config: DumpConfig,
}

#[derive(Deserialize)]
struct DumpBlock {
    header: DumpHeader,
    transaction: Vec<TxEnvelope>,
    #[serde(default)]
    withdrawals: Vec<Withdrawal>,
}

#[derive(Deserialize)]
struct DumpHeader {
    hash: B256,
    #[serde(flatten)]
    header: Header,
}

#[derive(Deserialize)]
struct DumpWitness {
    state: Vec<Bytes>,
    codes: Vec<Bytes>,
    ancestors: Vec<DumpHeader>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DumpConfig {
    chain_id: u64,
    cancun_time: u64,
    prague_time: Option<u64>,
    osaka_time: Option<u64>,
    #[serde(default)]
    deposit_contract_address: Address,
    #[serde(default)]
    blob_schedule: BTreeMap<String, DumpBlobs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DumpBlobs {
    target: u16,
    max: u16,
    base_fee_update_fraction: u64,
}

/// Reads, executes, writes.
pub(crate) fn convert(arguments: &ConvertArguments) -> eyre::Result<()> {
    let path = &arguments.file;
    let bytes = fs::read(path).wrap_err_with(|| format!("reading {}", path.display()))?;
    let input = read(&bytes).wrap_err_with(|| format!("{} has no block in this shape", path.display()))?;
    let (files, summary) = write::files(input)?;
    write::write(&arguments.folder, &files)?;
    println!("{} transactions, {} gas", summary.transactions, summary.gas_used);
    Ok(())
}

fn read(json: &[u8]) -> eyre::Result<BatchInputOwned> {
    let Dump { blocks, witness, chain_config: rules } = serde_json::from_slice(json)?;
    let count = blocks.len();
    let Ok([block]) = <[DumpBlock; 1]>::try_from(blocks) else { bail!("{count} blocks, expected one") };
    let config = match chain_config(rules.chain_id) {
        Ok(config) => config,
        Err(_) => rules.config()?,
    };
    // Newest first is the order of ancestors here.
    let mut ancestors = witness.ancestors;
    ancestors.sort_by_key(|ancestor| std::cmp::Reverse(ancestor.header.number));
    Ok(BatchInputOwned {
        config: config.encode().into(),
        ancestors: ancestors.iter().map(DumpHeader::rlp).collect::<Result<_, _>>()?,
        blocks: vec![BlockInputOwned {
            header: block.header.rlp()?,
            transactions: block.transaction.iter().map(|tx| tx.encoded_2718().into()).collect(),
            withdrawals: block.withdrawals.iter().map(|item| alloy_rlp::encode(item).into()).collect(),
        }],
        state: witness.state,
        codes: witness.codes,
    })
}

impl DumpHeader {
    /// RLP of the header, if its fields make the hash beside them.
    fn rlp(&self) -> eyre::Result<Bytes> {
        let number = self.header.number;
        ensure!(self.header.hash_slow() == self.hash, "the fields of header {number} do not make its hash");
        Ok(alloy_rlp::encode(&self.header).into())
    }
}

impl DumpConfig {
    fn config(&self) -> eyre::Result<ChainConfig> {
        let (prague, osaka) = (self.prague_time.unwrap_or(NEVER), self.osaka_time.unwrap_or(NEVER));
        let mut blob_schedule = Vec::new();
        for (name, activation) in [("cancun", self.cancun_time), ("prague", prague), ("osaka", osaka)] {
            if activation == NEVER {
                continue;
            }
            let blobs = self.blob_schedule.get(name).ok_or_eyre("a fork has no entry in blobSchedule")?;
            // Forks at the same time: the last one's parameters hold.
            blob_schedule.retain(|entry: &BlobEntry| entry.activation != activation);
            blob_schedule.push(BlobEntry {
                activation,
                target: blobs.target,
                max: blobs.max,
                update_fraction: blobs.base_fee_update_fraction,
            });
        }
        let config = ChainConfig {
            chain_id: self.chain_id,
            cancun: self.cancun_time,
            prague,
            osaka,
            deposit_contract: self.deposit_contract_address,
            blob_schedule,
        };
        config.validate()?;
        Ok(config)
    }
}

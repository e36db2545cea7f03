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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;
    use alloy_rlp::Decodable;
    use serde_json::{Value, json};

    /// `inputs/<name>`, as it is and in the other shape.
    fn dump(name: &str) -> (BatchInputOwned, Value) {
        let folder = repository::root().join("inputs").join(name);
        let input = ashlar_witness::read_folder(&folder, None).unwrap();
        let block: Value = serde_json::from_slice(&fs::read(folder.join("block.json")).unwrap()).unwrap();
        let ancestors = input.ancestors.iter().rev().map(|rlp| header(rlp)).collect::<Vec<_>>();
        let dump = json!({
            "version": "1",
            "blocks": [{
                "header": header(&input.blocks[0].header),
                "transaction": block["transactions"],
                "uncles": [],
                "withdrawals": block["withdrawals"],
            }],
            "witness": {"state": input.state, "codes": input.codes, "ancestors": ancestors},
            "chainConfig": {
                "chainId": 1_337_042, "londonBlock": 0, "cancunTime": 0, "pragueTime": 0, "osakaTime": 0,
                "blobSchedule": {
                    "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3_338_477},
                    "prague": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716},
                    "osaka": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716},
                },
            },
        });
        (input, dump)
    }

    fn header(rlp: &[u8]) -> Value {
        let header = Header::decode(&mut &*rlp).unwrap();
        let mut value = serde_json::to_value(&header).unwrap();
        value["hash"] = json!(alloy_primitives::keccak256(rlp));
        value
    }

    fn read(dump: &Value) -> eyre::Result<BatchInputOwned> {
        super::read(&serde_json::to_vec(dump).unwrap())
    }

    #[test]
    fn a_dump_of_our_own_blocks_makes_the_same_input() {
        for name in ["small", "mixed"] {
            let (input, dump) = dump(name);
            assert_eq!(read(&dump).unwrap(), input, "{name}");
        }
    }

    #[test]
    fn a_header_with_another_hash_is_refused() {
        let root = json!(B256::ZERO);
        for (pointer, value) in
            [("/blocks/0/header/gasUsed", json!("0x1")), ("/witness/ancestors/0/stateRoot", root)]
        {
            let (_, mut dump) = dump("small");
            *dump.pointer_mut(pointer).unwrap() = value;
            let error = read(&dump).map(drop).unwrap_err().to_string();
            assert!(error.contains("do not make its hash"), "{pointer}: {error}");
        }
    }

    #[test]
    fn two_blocks_are_refused() {
        let (_, mut dump) = dump("small");
        dump["blocks"] = json!([dump["blocks"][0], dump["blocks"][0]]);
        assert_eq!(read(&dump).unwrap_err().to_string(), "2 blocks, expected one");
    }

    #[test]
    fn a_fork_without_blob_parameters_is_refused() {
        let (_, mut dump) = dump("small");
        dump["chainConfig"]["blobSchedule"].as_object_mut().unwrap().remove("osaka");
        assert_eq!(read(&dump).unwrap_err().to_string(), "a fork has no entry in blobSchedule");
    }

    #[test]
    fn a_fork_that_is_not_scheduled_never_comes() {
        let (_, mut dump) = dump("small");
        dump["chainConfig"]["osakaTime"] = Value::Null;
        let config = ChainConfig::decode(&read(&dump).unwrap().config).unwrap();
        assert_eq!((config.prague, config.osaka), (0, NEVER));
    }

    #[test]
    fn a_chain_that_is_built_in_keeps_its_own_rules() {
        let (_, mut dump) = dump("small");
        dump["chainConfig"]["chainId"] = json!(1);
        let config = ChainConfig::decode(&read(&dump).unwrap().config).unwrap();
        assert_eq!(config, ChainConfig::mainnet());
    }

    #[test]
    fn a_block_whose_transactions_were_changed_is_not_written() {
        let (_, mut dump) = dump("small");
        dump["blocks"][0]["transaction"][0]["value"] = json!("0x1");
        assert!(write::files(read(&dump).unwrap()).is_err());
    }

    #[test]
    #[ignore = "reads ASHLAR_FIXTURES"]
    fn a_mainnet_block_ends_at_its_state_root() {
        let fixtures =
            std::env::var_os("ASHLAR_FIXTURES").expect("ASHLAR_FIXTURES names the folder of the fixtures");
        let json = fs::read(PathBuf::from(fixtures).join("mainnet/22615247.json")).unwrap();
        let input = super::read(&json).unwrap();
        let (files, summary) = write::files(input).unwrap();
        assert_eq!((summary.transactions, summary.gas_used), (26, 0x1450d5));
        assert_eq!(files.keys().copied().collect::<Vec<_>>(), ["block.json", "execution_witness.json"]);
        // The hash as explorers show it.
        assert!(
            files["block.json"]
                .contains("0x0497f69549701d578c67a43951f9e4fcb92b1691b9f6bbdfa63a17bc41d3971e")
        );
    }
}

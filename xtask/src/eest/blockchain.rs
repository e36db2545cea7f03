//! Blockchain tests: a genesis block, then blocks as RLP of which some must be refused.

use super::{
    Case, Verdict,
    common::{Allocation, ConfigFixture, chain_config, genesis},
    guest::Candidate,
};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{Decodable, Header as RlpHeader};
use ashlar_primitives::BlockInputOwned;
use ashlar_witness::Chain;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fixture {
    network: String,
    #[serde(default)]
    config: ConfigFixture,
    #[serde(rename = "genesisRLP")]
    genesis_rlp: Bytes,
    pre: Allocation,
    blocks: Vec<BlockFixture>,
    lastblockhash: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockFixture {
    rlp: Bytes,
    expect_exception: Option<String>,
}

pub(super) fn run(bytes: &[u8], group: &str) -> eyre::Result<Vec<Case>> {
    let fixtures: BTreeMap<String, Fixture> = serde_json::from_slice(bytes)?;
    Ok(fixtures
        .into_iter()
        .map(|(name, fixture)| {
            let Some(config) = chain_config(&fixture.network, &fixture.config) else {
                return Case { name, verdict: Verdict::BeforeCancun, block: None };
            };
            let mut block = None;
            let verdict = match play(&fixture, config, &mut block) {
                Ok(()) => Verdict::Passed,
                Err(reason) => Verdict::Failed(reason),
            };
            let group = format!("{}/{group}", fixture.network);
            let block = block.map(|input| Candidate { name: name.clone(), group, input });
            Case { name, verdict, block }
        })
        .collect())
}

fn play(
    fixture: &Fixture,
    config: ashlar_primitives::ChainConfig,
    kept: &mut Option<ashlar_primitives::BatchInputOwned>,
) -> Result<(), String> {
    let first = split(&fixture.genesis_rlp).ok_or("the genesis block is not RLP")?;
    let header = Header::decode(&mut first.header.as_ref()).map_err(|error| error.to_string())?;
    let mut chain = Chain::new(config, genesis(&fixture.pre), header).map_err(|error| error.to_string())?;
    if *chain.tip() != first.header {
        return Err("the allocation does not have the genesis block's state root".into());
    }
    for (index, block) in fixture.blocks.iter().enumerate() {
        let result = match split(&block.rlp) {
            Some(block) => chain.import(block).map_err(|error| error.to_string()),
            None => Err("not the RLP of a block".into()),
        };
        match (result, &block.expect_exception) {
            (Ok(made), None) => *kept = Some(made.input),
            (Err(_), Some(_)) => {}
            (Ok(_), Some(exception)) => return Err(format!("block {index} accepted, expected {exception}")),
            (Err(error), None) => return Err(format!("block {index} refused: {error}")),
        }
    }
    if keccak256(chain.tip()) == fixture.lastblockhash {
        Ok(())
    } else {
        Err("the last block is another one".into())
    }
}

/// Cuts a block's RLP into what a batch input carries. Ommers must be there and empty.
fn split(rlp: &[u8]) -> Option<BlockInputOwned> {
    let mut rest = rlp;
    let mut fields = RlpHeader::decode_bytes(&mut rest, true).ok()?;
    let header = item(&mut fields)?;
    let mut transactions = RlpHeader::decode_bytes(&mut fields, true).ok()?;
    let mut ommers = RlpHeader::decode_bytes(&mut fields, true).ok()?;
    let mut withdrawals = RlpHeader::decode_bytes(&mut fields, true).ok()?;
    if !rest.is_empty() || !fields.is_empty() || item(&mut ommers).is_some() {
        return None;
    }
    let mut block = BlockInputOwned { header, ..BlockInputOwned::default() };
    while !transactions.is_empty() {
        // A legacy transaction is a list, a typed one a string that contains it.
        let is_list = transactions.first().is_some_and(|byte| *byte >= 0xc0);
        block.transactions.push(match is_list {
            true => item(&mut transactions)?,
            false => Bytes::copy_from_slice(RlpHeader::decode_bytes(&mut transactions, false).ok()?),
        });
    }
    while !withdrawals.is_empty() {
        block.withdrawals.push(item(&mut withdrawals)?);
    }
    Some(block)
}

/// The next item with its header.
fn item(from: &mut &[u8]) -> Option<Bytes> {
    let start = *from;
    let header = RlpHeader::decode(from).ok()?;
    *from = from.get(header.payload_length..)?;
    Some(Bytes::copy_from_slice(start.get(..start.len() - from.len())?))
}

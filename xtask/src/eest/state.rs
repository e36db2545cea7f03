//! State tests: one transaction on an allocation. Each is made a block, so that the whole of `stf` runs.
//!
//! A block needs a parent from which its base fee and excess blob gas follow, and from Prague on the contracts that
//! collect requests. Both are made up; the contracts are left out again before the state root is compared.

use super::{
    Case, Verdict,
    common::{Allocation, ConfigFixture, chain_config, genesis},
    guest::Candidate,
};
use alloy_consensus::{Header, proofs};
use alloy_eips::{eip7002, eip7251};
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use ashlar_primitives::{BatchInputOwned, ChainConfig, NEVER};
use ashlar_witness::{Chain, GenesisAccount};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Fixture {
    env: Environment,
    pre: Allocation,
    post: BTreeMap<String, Vec<Expectation>>,
    #[serde(default)]
    config: ConfigFixture,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    current_coinbase: Address,
    current_gas_limit: U64,
    current_number: U64,
    current_timestamp: U64,
    current_base_fee: Option<U64>,
    current_random: Option<B256>,
    current_excess_blob_gas: Option<U64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expectation {
    hash: B256,
    logs: B256,
    txbytes: Bytes,
    expect_exception: Option<String>,
}

pub(super) fn run(bytes: &[u8], group: &str) -> eyre::Result<Vec<Case>> {
    let fixtures: BTreeMap<String, Fixture> = serde_json::from_slice(bytes)?;
    let mut cases = Vec::new();
    for (name, fixture) in &fixtures {
        for (network, expectations) in &fixture.post {
            for (index, expectation) in expectations.iter().enumerate() {
                let name = format!("{name} {network}/{index}");
                let Some(config) = chain_config(network, &fixture.config) else {
                    cases.push(Case { name, verdict: Verdict::BeforeCancun, block: None });
                    continue;
                };
                let mut block = None;
                let verdict = match play(fixture, config, expectation, &mut block) {
                    Ok(()) => Verdict::Passed,
                    Err(reason) => Verdict::Failed(reason),
                };
                let group = format!("{network}/{group}");
                let block = block.map(|input| Candidate { name: name.clone(), group, input });
                cases.push(Case { name, verdict, block });
            }
        }
    }
    Ok(cases)
}

fn play(
    fixture: &Fixture,
    config: ChainConfig,
    expectation: &Expectation,
    kept: &mut Option<BatchInputOwned>,
) -> Result<(), String> {
    let mut accounts = genesis(&fixture.pre);
    let pre_root = root(accounts.clone())?;
    let added = add_request_contracts(&config, &mut accounts);
    let (mut chain, draft) = start(&fixture.env, &config, accounts)?;
    let made = chain.make(draft, vec![expectation.txbytes.clone()], Vec::new());
    let (post_root, logs) = match (&made, &expectation.expect_exception) {
        (Ok(_), Some(exception)) => return Err(format!("accepted, expected {exception}")),
        (Err(error), None) => return Err(format!("refused: {error}")),
        (Err(_), Some(_)) => (pre_root, Vec::new()),
        (Ok(made), None) => {
            let mut accounts = chain.accounts().clone();
            added.iter().for_each(|address| drop(accounts.remove(address)));
            let logs = made.outcome.receipts.iter().flat_map(|receipt| receipt.logs()).cloned();
            (root(accounts)?, logs.collect())
        }
    };
    if post_root != expectation.hash {
        return Err(format!("state root {post_root}, expected {}", expectation.hash));
    }
    if keccak256(alloy_rlp::encode(&logs)) != expectation.logs {
        return Err("other logs".into());
    }
    *kept = made.ok().map(|made| made.input);
    Ok(())
}

fn root(accounts: BTreeMap<Address, GenesisAccount>) -> Result<B256, String> {
    let chain = Chain::new(ChainConfig::mainnet(), accounts, Header::default());
    chain.map(|chain| chain.state_root()).map_err(|error| error.to_string())
}

/// Adds the contracts that every block calls from Prague on, where the allocation lacks them; returns which.
fn add_request_contracts(
    config: &ChainConfig,
    accounts: &mut BTreeMap<Address, GenesisAccount>,
) -> Vec<Address> {
    if config.prague == NEVER {
        return Vec::new();
    }
    let contracts = [
        (eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, &eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE),
        (eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, &eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE),
    ];
    let absent: Vec<_> =
        contracts.into_iter().filter(|(address, _)| !accounts.contains_key(address)).collect();
    for (address, code) in &absent {
        let account = GenesisAccount { nonce: 1, code: (*code).clone(), ..GenesisAccount::default() };
        accounts.insert(*address, account);
    }
    absent.into_iter().map(|(address, _)| address).collect()
}

/// A chain whose first header makes the environment's base fee and excess blob gas follow, and the block's draft.
fn start(
    env: &Environment,
    config: &ChainConfig,
    accounts: BTreeMap<Address, GenesisAccount>,
) -> Result<(Chain, Header), String> {
    let gas_limit: u64 = env.current_gas_limit.to();
    let timestamp: u64 = env.current_timestamp.to();
    let excess: u64 = env.current_excess_blob_gas.unwrap_or_default().to();
    let base_fee: u64 = env.current_base_fee.unwrap_or(U64::from(7)).to();
    let target = config.blobs_at(timestamp).map_or(0, |entry| u64::from(entry.target) << 17);
    let draft = Header {
        beneficiary: env.current_coinbase,
        gas_limit,
        timestamp,
        mix_hash: env.current_random.unwrap_or_default(),
        parent_beacon_block_root: Some(B256::ZERO),
        ..Header::default()
    };
    // With the reserve price (EIP-7918) the excess stays, without it the target is taken off.
    for parent_excess in [excess + target, excess] {
        let parent = Header {
            number: env.current_number.to::<u64>() - 1,
            timestamp: timestamp - 1,
            gas_limit,
            gas_used: gas_limit / 2,
            base_fee_per_gas: Some(base_fee),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(parent_excess),
            withdrawals_root: Some(proofs::calculate_withdrawals_root(&[])),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: (config.prague != NEVER).then_some(B256::ZERO),
            difficulty: U256::ZERO,
            ..Header::default()
        };
        let chain =
            Chain::new(config.clone(), accounts.clone(), parent).map_err(|error| error.to_string())?;
        let empty = chain.clone().make(draft.clone(), Vec::new(), Vec::new());
        if empty.is_ok_and(|made| made.header.header.excess_blob_gas == Some(excess)) {
            return Ok((chain, draft));
        }
    }
    Err(format!("no parent leads to an excess blob gas of {excess}"))
}

//! Deployment of the chain that `ashlar up` runs.

use super::{folder::Folder, view::Shown};
use alloy_primitives::{Address, B256, U256, utils::parse_ether};
use ashlar_batcher::rollup_key;
use ashlar_ethereum::{Client, DeployParameters, ETHER, WEI_PER_GWEI, Wallet, deploy};
use ashlar_node::{ChainFile, Genesis};
use ashlar_primitives::rollup::RollupConfig;
use eyre::{WrapErr, ensure};
use serde_json::{Value, json};
use std::fs;

/// Chain id of the anvil.
pub(super) const ANVIL_CHAIN_ID: u64 = 31_337;

/// Most that is paid for a unit of gas, wei.
pub(super) const MAX_FEE: u128 = 200 * WEI_PER_GWEI;

/// Lowest price of the new chain's gas, wei: `specs/014-rollup-config.md` says why not less.
const LOWEST_FEE: u64 = 10_000_000;

/// Name of the chain's file in the folder.
pub(super) const CHAIN_FILE: &str = "chain.json";

/// Rules of a new chain. Its base asset is set when it is deployed.
pub(crate) fn rules(chain_id: u64) -> RollupConfig {
    RollupConfig {
        chain_id,
        protocol_version: 1,
        history: true,
        base_asset: B256::ZERO,
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 5_000_000,
        base_fee_min: LOWEST_FEE,
        base_fee_doubling: 1 << 29,
        transaction_cost_limit: 1 << 28,
        batch_cost_limit: 1 << 31,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 64,
        batch_logs_limit: 1_024,
    }
}

/// Money on an Ethereum that is ours.
pub(super) fn fund_on_anvil(client: &Client, account: Address) -> eyre::Result<()> {
    let enough: U256 = parse_ether("1000")?;
    if client.balance(account)? < enough {
        let balance: U256 = parse_ether("10000")?;
        client.call_optional::<Value>("anvil_setBalance", json!([account, balance]))?;
    }
    Ok(())
}

pub(super) fn read(folder: &Folder) -> eyre::Result<ChainFile> {
    let file = folder.file(CHAIN_FILE);
    let text = fs::read_to_string(&file).wrap_err_with(|| format!("reading {}", file.display()))?;
    serde_json::from_str(&text).wrap_err_with(|| format!("{} is no chain's file", file.display()))
}

/// Deploys the chain if that is not done, or not done to the end.
pub(super) fn deploy_once(
    folder: &Folder,
    wallet: &Wallet,
    chain_id: u64,
    shown: &Shown,
) -> eyre::Result<()> {
    if folder.file(CHAIN_FILE).exists() {
        return check(folder, wallet, chain_id);
    }
    let balance = wallet.client().balance(wallet.address())?;
    let needed: U256 = parse_ether("0.2")?;
    ensure!(
        balance >= needed,
        "the account {} has {} ether on Ethereum, and deploying takes up to some 0.2: send it ether, then run the command again",
        wallet.address(),
        alloy_primitives::utils::format_ether(balance)
    );
    shown.step("deploying the contracts");
    let program_key = B256::from(rollup_key()?.program_key().0);
    let parameters = DeployParameters {
        config: rules(chain_id),
        base_token: ETHER,
        program_key,
        operation_gas_price: u128::from(LOWEST_FEE),
        wrapped_name: "Wrapped Ether".to_owned(),
        wrapped_symbol: "WETH".to_owned(),
        operators: vec![wallet.address()],
    };
    let deployed = deploy(wallet, &parameters, &folder.file("deployment.json"), |parameters, timestamp| {
        let genesis = Genesis {
            config: parameters.config.encode().into(),
            timestamp,
            wrapped_name: parameters.wrapped_name.clone(),
            wrapped_symbol: parameters.wrapped_symbol.clone(),
        };
        Ok(genesis.header(parameters.asset_router, parameters.l1_chain_id)?.hash)
    })?;
    let file = ChainFile::deployed(&deployed, program_key)?;
    ensure!(
        file.genesis_hash == deployed.genesis_commitment,
        "the genesis block is another one than was deployed"
    );
    folder.write(CHAIN_FILE, &serde_json::to_string_pretty(&file)?)?;
    Ok(())
}

/// The chain of the folder is on this Ethereum.
fn check(folder: &Folder, wallet: &Wallet, chain_id: u64) -> eyre::Result<()> {
    let chain = read(folder)?;
    let found = chain.config()?.chain_id;
    if found != chain_id {
        eprintln!("the folder has the chain with the id {found}; --chain-id is for new ones");
    }
    let code = wallet.client().code(chain.contracts.chain)?;
    ensure!(
        chain.l1_chain_id == wallet.chain_id() && !code.is_empty(),
        "the chain of the folder {} is not on this Ethereum: its contract {} is not there. Without --l1 it is \
         the one that the folder was begun with; a new chain takes another --dir",
        folder.path().display(),
        chain.contracts.chain
    );
    Ok(())
}

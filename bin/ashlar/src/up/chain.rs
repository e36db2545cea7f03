//! Deployment and money of the chain that `ashlar up` runs.

use super::{folder::Folder, view::Shown};
use alloy_primitives::{Address, B256, Bytes, U256, utils::parse_ether};
use alloy_sol_types::SolCall;
use ashlar_batcher::rollup_key;
use ashlar_ethereum::{Account, BlockAt, Client, DeployParameters, ETHER, WEI_PER_GWEI, Wallet, deploy};
use ashlar_node::{ChainFile, Genesis, Node, Stop};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_settlement::abi::{chain::RollupChain, hub::Bridgehub};
use eyre::{WrapErr, ensure};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, time::Duration};

/// Chain id of the anvil.
pub(super) const ANVIL_CHAIN_ID: u64 = 31_337;

/// Most that is paid for a unit of gas, wei.
pub(super) const MAX_FEE: u128 = 200 * WEI_PER_GWEI;

const CHAIN_FILE: &str = "chain.json";
const SETTINGS_FILE: &str = "node.toml";

/// What an account of the chain gets at the start, ether.
const ACCOUNT_MONEY: &str = "100";

/// Gas limit of a deposit of ether: a transfer, its data and margin.
const DEPOSIT_GAS: u64 = 100_000;

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
        base_fee_min: 1_000_000,
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
        operation_gas_price: 1_000_000,
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
        "the chain of the folder {} is not on this Ethereum: its contract {} is not there. Give the --l1 that it was begun with, or \
         another --dir for a new chain",
        folder.path().display(),
        chain.contracts.chain
    );
    Ok(())
}

/// Writes the node's configuration file, if there is none.
pub(super) fn write_settings(
    folder: &Folder,
    l1: &str,
    is_own: bool,
    fee_recipient: Address,
) -> eyre::Result<PathBuf> {
    let file = folder.file(SETTINGS_FILE);
    if file.exists() {
        return Ok(file);
    }
    // On an anvil of one's own nobody takes blocks back.
    let (confirmations, poll_ms) = if is_own { (0, 500) } else { (12, 3_000) };
    let text = format!(
        r#"# Settings of this chain's node. `ashlar up` reads them, and `ashlar node` does. Paths are relative to this folder.

data = "data"
chain = "{CHAIN_FILE}"

[l1]
rpc = "{l1}"
# Blocks that must follow one before its deposits count.
confirmations = {confirmations}
# The account that settles. It must be this node's alone.
key_file = "keys/operator.key"
# Most that is paid for a unit of gas, and of blob gas.
max_fee_gwei = 200
max_blob_fee_gwei = 200
poll_ms = {poll_ms}

[rpc]
listen = "127.0.0.1:3050"

[sequencer]
fee_recipient = "{fee_recipient}"
block_time_ms = 250

[batches]
# Longest time from a block to its batch.
max_age_seconds = 60
# How batches are published: "cheapest", or "blobs".
data = "cheapest"

[prover]
# Whether this process proves.
local = true
"#
    );
    folder.write(SETTINGS_FILE, &text)
}

/// Deposits money for accounts of the chain that have none, and waits until they have it. `None` if that was stopped.
pub(super) fn fund_accounts(
    folder: &Folder,
    wallet: &Wallet,
    node: &Node,
    count: u32,
    stop: &Stop,
    shown: &Shown,
) -> eyre::Result<Option<Vec<Value>>> {
    let chain = read(folder)?;
    let l2 = Client::new(&format!("http://{}", node.address()));
    let mut accounts = Vec::new();
    let mut waiting = Vec::new();
    for number in 1..=count {
        let file = folder.key(&format!("account-{number}"))?;
        let address = Account::from_file(&file)?.address();
        accounts.push(json!({"address": address, "keyFile": file}));
        // A node that was just started may not have looked at Ethereum; who has a nonce has had money.
        let has_money = !l2.balance(address)?.is_zero() || l2.nonce(address, BlockAt::Latest)? > 0;
        if !has_money && !was_asked(folder, number) {
            shown.step(&format!("depositing for account {number}"));
            deposit(wallet, &chain, address)?;
            folder.write(&format!("keys/account-{number}.deposited"), "")?;
            waiting.push(address);
        }
    }
    shown.step("waiting for the first blocks");
    for address in waiting {
        while l2.balance(address)?.is_zero() {
            // A component that failed orders the stop.
            if stop.wait(Duration::from_millis(50)) {
                return Ok(None);
            }
        }
    }
    Ok(Some(accounts))
}

/// Whether the deposit of an account was made, and is perhaps not in a block.
fn was_asked(folder: &Folder, number: u32) -> bool {
    folder.file(&format!("keys/account-{number}.deposited")).exists()
}

fn deposit(wallet: &Wallet, chain: &ChainFile, to: Address) -> eyre::Result<()> {
    let price = wallet.client().ask(chain.contracts.chain, &RollupChain::gasPriceCall {}, BlockAt::Latest)?;
    let value: U256 = parse_ether(ACCOUNT_MONEY)?;
    let mint = value + U256::from(DEPOSIT_GAS) * U256::from(price);
    let request = Bridgehub::L2Request {
        chainId: U256::from(chain.config()?.chain_id),
        to,
        value,
        data: Bytes::new(),
        gasLimit: DEPOSIT_GAS,
        mint,
        refundRecipient: to,
    };
    let data = Bridgehub::requestL2TransactionCall { request }.abi_encode().into();
    wallet.send(Some(chain.contracts.bridgehub), &data, mint).wrap_err("depositing")?;
    Ok(())
}

//! `ashlar up`: a chain, from nothing or from where it was.

mod anvil;
mod chain;
mod folder;
mod view;

use crate::logging;
use anvil::Anvil;
use ashlar_ethereum::{Account, Client, Wallet};
use ashlar_node::{Node, Settings, Stop};
pub(crate) use chain::rules;
use clap::Args;
use eyre::WrapErr;
use folder::Folder;
use serde_json::json;
use std::{net::SocketAddr, path::PathBuf, time::Instant};
use view::Shown;

/// Starts a rollup chain: an Ethereum to settle on, the contracts, the node, and the prover.
///
/// Without --l1, the Ethereum is an anvil on this machine. Everything is kept in one folder: the same command goes on where it was,
/// and removing the folder begins anew. Keys are generated; some accounts of the chain have money from the start, by real deposits.
/// Batches are proven for real, on this machine, and verified by the contract.
///
/// Ctrl-C stops in order. Nothing is lost by a kill: what a user was told is in a block, or waits for one, is on disk.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of the chain.
    #[arg(long, value_name = "FOLDER", default_value = "ashlar-data")]
    dir: PathBuf,

    /// Where JSON-RPC is served.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3050")]
    rpc: SocketAddr,

    /// An Ethereum node to settle on, instead of an anvil of this command's own. The account whose key is
    /// keys/operator.key in the folder pays there, and must have money: the command says so, and how much.
    #[arg(long, value_name = "URL")]
    l1: Option<String>,

    /// Port of the anvil.
    #[arg(long, value_name = "PORT", default_value_t = 8545)]
    l1_port: u16,

    /// EIP-155 id of the new chain.
    #[arg(long, value_name = "ID", default_value_t = 271_828)]
    chain_id: u64,

    /// Longest time from a block to its batch, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    batch_age: u64,

    /// Accounts of the chain that get money at the start.
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=64))]
    accounts: u32,

    /// Do not prove: batches are sealed and wait. `ashlar up` without it proves them.
    #[arg(long)]
    no_prover: bool,

    /// Print the readiness as one JSON object, and no view.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let begun = Instant::now();
    let shown = Shown::new(arguments.json);
    let folder = Folder::open(&arguments.dir)?;
    logging::to_file(&folder.file("node.log"))?;
    let stop = Stop::default();
    crate::interrupt::order(&stop)?;
    // Declared before the node, and so dropped after it.
    let anvil = match &arguments.l1 {
        Some(_) => None,
        None => {
            shown.step("starting anvil");
            Some(Anvil::start(folder.path(), arguments.l1_port, chain::ANVIL_CHAIN_ID)?)
        }
    };
    let l1 = match (&arguments.l1, &anvil) {
        (Some(url), _) => url.clone(),
        (None, Some(anvil)) => anvil.url.clone(),
        (None, None) => unreachable!("without an address there is an anvil"),
    };
    let operator = folder.key("operator")?;
    let account = Account::from_file(&operator)?;
    let client = Client::new(&l1);
    if anvil.is_some() {
        chain::fund_on_anvil(&client, account.address())?;
    }
    let wallet = Wallet::with_key(client, account.clone(), chain::MAX_FEE)?;
    chain::deploy_once(&folder, &wallet, arguments.chain_id, &shown)?;
    let settings_file = chain::write_settings(&folder, &l1, anvil.is_some(), account.address())?;
    let mut settings = Settings::read(&settings_file)?;
    settings.rpc = arguments.rpc;
    settings.l1.url.clone_from(&l1);
    settings.batch_age = std::time::Duration::from_secs(arguments.batch_age.max(1));
    settings.prove = !arguments.no_prover;
    shown.step("starting the node");
    let node = Node::start(&settings, stop.clone()).wrap_err("the node does not start")?;
    let ready = chain::fund_accounts(&folder, &wallet, &node, arguments.accounts, &stop, &shown)?;
    if let Some(accounts) = ready {
        let details = json!({
            "rpc": format!("http://{}", node.address()),
            "webSocket": format!("ws://{}", node.address()),
            "chainId": chain::read(&folder)?.config()?.chain_id,
            "l1": l1,
            "contracts": chain::read(&folder)?.contracts,
            "accounts": accounts,
            "folder": folder.path(),
            "settings": settings_file,
            "seconds": begun.elapsed().as_secs_f64(),
        });
        shown.ready(&details)?;
        view::follow(&node.view(), &stop, &shown);
    }
    shown.step("stopping");
    let ended = node.wait();
    drop(anvil);
    shown.end();
    ended.map_err(Into::into)
}

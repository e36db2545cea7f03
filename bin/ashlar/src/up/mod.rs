//! `ashlar up`: a chain, from nothing or from where it was.

mod accounts;
mod anvil;
mod chain;
mod ethereum;
mod folder;
mod settings;
mod view;

use crate::logging;
use ashlar_ethereum::{Account, Client, Wallet};
use ashlar_node::{Node, Settings, Stop};
pub(crate) use chain::rules;
use clap::Args;
use ethereum::Ethereum;
use eyre::WrapErr;
use folder::Folder;
use serde_json::{Value, json};
use std::{net::SocketAddr, path::PathBuf, time::Instant};
use view::Shown;

/// Starts a rollup chain: an Ethereum to settle on, the contracts, the node, and the prover.
///
/// Without --l1, the Ethereum is an anvil on this machine. Everything is kept in one folder: the same command goes on where it was,
/// and removing the folder begins anew. Keys are generated; some accounts of the chain have money from the start, by real deposits.
/// Batches are proven for real, on this machine, and verified by the contract.
///
/// Ctrl-C stops in order, and so do SIGTERM and SIGHUP. Nothing is lost by a kill: what a user was told is in a block, or waits for one, is on disk.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of the chain.
    #[arg(long, value_name = "FOLDER", default_value = "ashlar-data")]
    dir: PathBuf,

    /// Where JSON-RPC is served. Without it node.toml in the folder says it, which the first start writes, with 127.0.0.1:3050 if
    /// nothing else is given.
    #[arg(long, value_name = "ADDRESS")]
    rpc: Option<SocketAddr>,

    /// An Ethereum node to settle on, instead of an anvil of this command's own; later starts know it. The account whose key is
    /// keys/operator.key in the folder pays there, and must have money: the command says so, and how much.
    #[arg(long, value_name = "URL")]
    l1: Option<String>,

    /// Port of the anvil. Without it the one that l1.rpc in node.toml has, at first 8545.
    #[arg(long, value_name = "PORT")]
    l1_port: Option<u16>,

    /// EIP-155 id of the new chain.
    #[arg(long, value_name = "ID", default_value_t = 271_828)]
    chain_id: u64,

    /// Longest time from a block to its batch, seconds, 1 to 86400. Without it node.toml in the folder says it, at first 15.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    batch_age: Option<u64>,

    /// Accounts of the chain that get money at the start, 100 ether each, up to 64. Without it 2 with the anvil, and none with
    /// --l1: there the account of keys/funder.key pays, which somebody has to give the ether before.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=64))]
    accounts: Option<u32>,

    /// Do not prove, this time: batches are sealed and wait. `ashlar up` without it proves them.
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
    let kept = settings::read(&folder)?;
    // Declared before the node, and so dropped after it.
    let ethereum = Ethereum::find(arguments, &folder, kept.as_ref(), &shown)?;
    let operator = Account::from_file(&folder.key("operator")?)?;
    let fee_recipient = operator.address();
    let client = Client::new(&ethereum.url);
    if ethereum.is_own() {
        chain::fund_on_anvil(&client, operator.address())?;
    }
    let wallet = Wallet::with_key(client, operator, chain::MAX_FEE)?;
    chain::deploy_once(&folder, &wallet, arguments.chain_id, &shown)?;
    settings::write_once(&folder, arguments, &ethereum.url, ethereum.is_own(), fee_recipient)?;
    let mut settings = Settings::read(&folder.file(settings::FILE))?;
    settings::apply(&mut settings, arguments, &ethereum.url);
    shown.step("starting the node");
    let node = Node::start(&settings, stop.clone()).wrap_err("the node does not start")?;
    let count = accounts::count(arguments.accounts, ethereum.is_own());
    let funded = accounts::fund(&folder, &ethereum, &node, count, &stop, &shown);
    match &funded {
        Ok(Some(accounts)) => {
            shown.ready(&details(&folder, &ethereum, &node, accounts, begun)?)?;
            view::follow(&node.view(), &stop, &shown);
        }
        Ok(None) => {}
        Err(_) => stop.order(),
    }
    shown.step("stopping");
    let ended = node.wait();
    drop(ethereum);
    shown.end();
    // A component that failed is why there is no money, if both are so.
    ended?;
    funded.map(drop)
}

/// What a program that has started the chain wants to know.
fn details(
    folder: &Folder,
    ethereum: &Ethereum,
    node: &Node,
    accounts: &[Value],
    begun: Instant,
) -> eyre::Result<Value> {
    let chain = chain::read(folder)?;
    Ok(json!({
        "rpc": format!("http://{}", node.address()),
        "webSocket": format!("ws://{}", node.address()),
        "workers": node.workers_address().map(|address| format!("http://{address}")),
        "chainId": chain.config()?.chain_id,
        "l1": ethereum.url,
        "contracts": chain.contracts,
        "accounts": accounts,
        "folder": folder.path(),
        "settings": folder.file(settings::FILE),
        "seconds": begun.elapsed().as_secs_f64(),
    }))
}

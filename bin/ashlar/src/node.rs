//! `ashlar node`.

use crate::{interrupt, logging, output};
use ashlar_node::{Node, Settings, Stop};
use clap::Args;
use eyre::WrapErr;
use serde_json::json;
use std::path::PathBuf;

/// Runs the node of a chain that is deployed.
///
/// The configuration file names the chain's file, Ethereum, and what this node does; `ashlar up` writes one that says what each
/// setting is. The log goes to stderr; ASHLAR_LOG names what is in it, such as `debug`. The process ends when one of its parts cannot
/// go on, and says why; started again, it goes on where it was. Ctrl-C, SIGTERM and SIGHUP stop it in order.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "node.toml")]
    config: PathBuf,

    /// Print one JSON object when it is ready.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    logging::to_stderr()?;
    let settings = Settings::read(&arguments.config)?;
    let stop = Stop::default();
    interrupt::order(&stop)?;
    let node = Node::start(&settings, stop).wrap_err("the node does not start")?;
    let rpc = format!("http://{}", node.address());
    let workers = node.workers_address().map(|address| format!("http://{address}"));
    match (arguments.json, workers) {
        (true, workers) => output::print(&json!({"rpc": rpc, "workers": workers}).to_string())?,
        (false, None) => output::print(&format!("ready  {rpc}"))?,
        (false, Some(workers)) => {
            output::print(&format!("ready  {rpc}\n       jobs for workers at {workers}"))?
        }
    }
    Ok(node.wait()?)
}

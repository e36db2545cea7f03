//! Where a block comes from: a folder, or an Ethereum node; and what it is to the guest.

use ashlar_ethereum::{Client, Limits};
use ashlar_primitives::{BatchInput, BatchInputOwned, ChainConfig, PublicOutput};
use ashlar_stf::{BatchSummary, execute_batch_input};
use ashlar_vm::Run;
use ashlar_witness::{batch_input, chain_config, hints, prune};
use clap::Args;
use eyre::{WrapErr, bail};
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    path::PathBuf,
    time::Duration,
};

/// A witness is recomputed by the node, and that of a full mainnet block is some 10 MB.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(120), answer_bytes: 1 << 30 };

/// The block to execute and the witness of the state that it touches.
#[derive(Args)]
pub(crate) struct Source {
    /// Folder with `block.json` (result of eth_getBlockByNumber with full transactions) and `execution_witness.json`
    /// (result of debug_executionWitness); `chain.json` with the chain's rules if it is not Ethereum mainnet.
    #[arg(value_name = "FOLDER", required_unless_present = "rpc", conflicts_with = "rpc")]
    folder: Option<PathBuf>,

    /// Ethereum node to ask instead; it must serve debug_executionWitness.
    #[arg(long, value_name = "URL", requires = "block")]
    rpc: Option<String>,

    /// Number of the block to ask for.
    #[arg(long, value_name = "NUMBER", requires = "rpc")]
    block: Option<u64>,

    /// File with the chain's rules, in the format of `chain.json` (see inputs/README.md); needed with --rpc for any
    /// chain but Ethereum mainnet.
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
}

impl Source {
    /// Reads the block and its witness.
    pub(crate) fn read(&self) -> eyre::Result<BatchInputOwned> {
        let chain = self.chain.as_deref().map(ashlar_witness::read_chain).transpose()?;
        match (&self.folder, &self.rpc, self.block) {
            (Some(folder), _, _) => ashlar_witness::read_folder(folder, chain)
                .wrap_err_with(|| format!("no block in {}", folder.display())),
            (None, Some(url), Some(number)) => fetch(url, number, chain),
            (None, ..) => bail!("name a folder, or --rpc with --block"),
        }
    }
}

/// Fetches a block and its witness. Nothing of it is believed: `stf` checks all of it. Without given rules, those of the node's
/// chain are used where they are built in.
fn fetch(url: &str, number: u64, config: Option<ChainConfig>) -> eyre::Result<BatchInputOwned> {
    let client = Client::with_limits(url, LIMITS);
    let config = match config {
        Some(config) => config,
        None => chain_config(client.chain_id()?)?,
    };
    let tag = format!("{number:#x}");
    let block = client.call("eth_getBlockByNumber", json!([tag, true]))?;
    let witness = client.call("debug_executionWitness", json!([tag]))?;
    Ok(batch_input(&config, block, witness)?)
}

/// A block that was executed natively, as the guest gets it.
pub(crate) struct Block {
    /// What the guest has to put out.
    pub(crate) output: PublicOutput,
    pub(crate) summary: BatchSummary,
    input_bytes: usize,
    pub(crate) hints: Vec<u32>,
}

impl Block {
    /// Cuts the witness to what execution reads, and executes.
    pub(crate) fn new(input: BatchInputOwned) -> eyre::Result<Self> {
        let input = prune(input).wrap_err("the block does not execute")?;
        let bytes = input.borrow().encode()?;
        let (output, summary) = execute_batch_input(&BatchInput::decode(&bytes)?)?;
        Ok(Self { output, summary, input_bytes: bytes.len(), hints: hints(&bytes) })
    }

    /// Compares what the guest committed with native execution.
    pub(crate) fn check_committed(&self, run: &Run) -> eyre::Result<()> {
        if run.committed != [self.output.hash().0] {
            bail!(
                "the guest committed another output than native execution: this is a bug, please report the block"
            );
        }
        Ok(())
    }

    /// Adds what the block is to a report.
    pub(crate) fn describe(&self, report: &mut Value) {
        describe(&self.output, report);
        report["blocks"] = json!(self.summary.blocks);
        report["transactions"] = json!(self.summary.transactions);
        report["gas"] = json!(self.summary.gas_used);
        report["input_bytes"] = json!(self.input_bytes);
    }
}

/// Adds what a public output says to a report.
pub(crate) fn describe(output: &PublicOutput, report: &mut Value) {
    report["chain_id"] = json!(output.chain_id);
    report["config_hash"] = json!(output.config_hash);
    report["first_block"] = json!(output.first_block);
    report["last_block"] = json!(output.last_block);
    report["pre_state_root"] = json!(output.pre_state_root);
    report["post_state_root"] = json!(output.post_state_root);
    report["output_hash"] = json!(output.hash());
}

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "block         {}", self.output.last_block)?;
        writeln!(f, "state root    {}", self.output.post_state_root)?;
        writeln!(f, "transactions  {}", self.summary.transactions)?;
        writeln!(f, "gas           {}", self.summary.gas_used)
    }
}

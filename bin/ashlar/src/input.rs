//! Where a block comes from: a folder, or an Ethereum node.

use crate::rpc::Client;
use ashlar_primitives::BatchInputOwned;
use clap::Args;
use eyre::{WrapErr, bail};
use std::path::PathBuf;

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
            (None, Some(url), Some(number)) => Client::new(url).batch_input(number, chain),
            (None, ..) => bail!("name a folder, or --rpc with --block"),
        }
    }
}

//! `ashlar l1 submit`.

use super::{
    account::{self, Sender},
    node::Node,
    read_final,
};
use crate::{
    final_file::FinalFile,
    output,
    statement::{Statement, list},
};
use alloy_primitives::{Address, B256, U256};
use ashlar_contracts::{is_joined_call, is_verified_call};
use ashlar_ethereum::{Receipt, WalletError};
use clap::Args;
use eyre::{ensure, eyre};
use serde_json::json;
use std::{
    fmt::{self, Display, Formatter},
    path::PathBuf,
};

/// Has the registry verify a final proof and remember its statements.
///
/// Sends one transaction. From then on every contract can ask the registry for each of the statements. Checks first that
/// the registry and the verifier that it trusts are those of this version.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The Ethereum node.
    #[arg(long, value_name = "URL")]
    rpc: String,

    /// The registry, as `ashlar l1 deploy-verifier` printed it.
    #[arg(long, value_name = "ADDRESS")]
    registry: Address,

    /// The proof, as `ashlar prove --final` or `ashlar join --final` writes it.
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    #[command(flatten)]
    sender: Sender,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let file = read_final(&arguments.proof)?;
    let node = Node::new(&arguments.rpc);
    let verifier = node.check_registry(arguments.registry)?;
    let wallet = arguments.sender.wallet(&node.0)?;
    let receipt = wallet.send(Some(arguments.registry), &file.submission(), U256::ZERO);
    let receipt = receipt.map_err(|error| match error {
        WalletError::Reverts(reason) => eyre!("the contract refuses the proof: {reason}"),
        error => account::with_advice(error),
    })?;
    check_known(&node, arguments.registry, &file)?;
    let report = Report { statements: Statement::all(file.runs, None)?, receipt };
    if arguments.json {
        let mut json = account::json(&wallet);
        json["registry"] = json!(arguments.registry);
        json["verifier"] = json!(verifier);
        json["transaction"] = json!(report.receipt.transaction_hash);
        json["gas_used"] = json!(report.receipt.gas_used());
        json["statements"] = report.statements.iter().map(Statement::json).collect();
        return output::print(&serde_json::to_string_pretty(&json)?);
    }
    output::print(&report.to_string())
}

/// An error unless the registry knows all that is proven.
fn check_known(node: &Node, registry: Address, file: &FinalFile) -> eyre::Result<()> {
    let questions = match file.joined() {
        Some(joined) => vec![is_joined_call(&joined.tree())],
        None => file.statements().iter().map(is_verified_call).collect(),
    };
    for question in questions {
        let known = node.word(registry, &question)? == B256::with_last_byte(1);
        ensure!(known, "the transaction is in a block, but the registry does not know what it proved");
    }
    Ok(())
}

/// What the registry knows now.
struct Report {
    statements: Vec<Statement>,
    receipt: Receipt,
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "the registry knows the statements")?;
        list(f, &self.statements)?;
        writeln!(f, "transaction       {}", self.receipt.transaction_hash)?;
        write!(f, "gas               {}", self.receipt.gas_used())
    }
}

//! `ashlar l1 verify`.

use super::{
    account::{self, Sender},
    node::{Node, revert_reason},
    read_final,
};
use crate::{
    output,
    statement::{Statement, list},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_contracts::CalldataPrice;
use clap::Args;
use eyre::bail;
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    path::PathBuf,
    process::ExitCode,
};

/// Has the contract verify a final proof, and prints the gas that this takes.
///
/// Checks first that the contract is the verifier of this version: its code and its constraints, byte for byte. Without
/// --send nothing is sent and nothing is paid: the call is made on the node alone. Exit code 1 says that the contract refuses
/// the proof, and stderr says why (with --json, `reason` on stdout).
#[derive(Args)]
pub(crate) struct Arguments {
    /// The Ethereum node.
    #[arg(long, value_name = "URL")]
    rpc: String,

    /// The verifier, as `ashlar l1 deploy-verifier` printed it.
    #[arg(long, value_name = "ADDRESS")]
    contract: Address,

    /// The proof, as `ashlar prove --final` or `ashlar join --final` writes it.
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    /// Send the call as a transaction, too. It changes nothing on the chain, but its gas is what a transaction takes.
    #[arg(long)]
    send: bool,

    #[command(flatten)]
    sender: Sender,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// What the contract accepted.
struct Accepted {
    statements: Vec<Statement>,
    proof_bytes: usize,
    calldata: Bytes,
    gas: Gas,
}

enum Gas {
    /// What the node would give a transaction.
    Estimated(u64),
    /// What a transaction used.
    Used { transaction: B256, gas: u64 },
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<ExitCode> {
    let file = read_final(&arguments.proof)?;
    let node = Node::new(&arguments.rpc);
    node.check_verifier(arguments.contract)?;
    let calldata = file.calldata();
    if let Err(error) = node.0.view(arguments.contract, &calldata) {
        let Some(reason) = revert_reason(&error) else { return Err(error.into()) };
        let refused = format!("the contract refuses the proof: {reason}");
        if !arguments.json {
            bail!(refused);
        }
        output::print(&serde_json::to_string_pretty(&json!({"accepted": false, "reason": refused}))?)?;
        return Ok(ExitCode::FAILURE);
    }
    let accepted = Accepted {
        proof_bytes: file.proof.len(),
        gas: gas(arguments, &node, &calldata)?,
        statements: Statement::all(file.runs, None)?,
        calldata,
    };
    match arguments.json {
        true => output::print(&serde_json::to_string_pretty(&accepted.json(arguments.contract))?)?,
        false => output::print(&accepted.to_string())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn gas(arguments: &Arguments, node: &Node, calldata: &Bytes) -> eyre::Result<Gas> {
    if !arguments.send {
        let gas = node.0.estimate(&json!({"to": arguments.contract, "input": calldata}))?;
        return Ok(Gas::Estimated(gas));
    }
    let wallet = arguments.sender.wallet(&node.0)?;
    let receipt =
        wallet.send(Some(arguments.contract), calldata, U256::ZERO).map_err(account::with_advice)?;
    Ok(Gas::Used { transaction: receipt.transaction_hash, gas: receipt.gas_used() })
}

/// The least that a transaction with this calldata costs whatever it executes.
fn floor(price: CalldataPrice, calldata: &[u8]) -> u64 {
    let zeros = calldata.iter().filter(|byte| **byte == 0).count() as u64;
    price.transaction_gas(calldata.len() as u64, zeros, 0)
}

impl Accepted {
    fn json(&self, contract: Address) -> Value {
        let mut report = json!({
            "accepted": true,
            "contract": contract,
            "statements": self.statements.iter().map(Statement::json).collect::<Vec<_>>(),
            "proof_bytes": self.proof_bytes,
            "calldata_bytes": self.calldata.len(),
            "floor_gas": floor(CalldataPrice::PRAGUE, &self.calldata),
            "floor_gas_eip7976": floor(CalldataPrice::EIP_7976, &self.calldata),
        });
        match self.gas {
            Gas::Estimated(gas) => report["gas_estimated"] = json!(gas),
            Gas::Used { transaction, gas } => {
                report["gas_used"] = json!(gas);
                report["transaction"] = json!(transaction);
            }
        }
        report
    }
}

impl Display for Accepted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "the contract accepts the proof")?;
        list(f, &self.statements)?;
        writeln!(f, "proof             {} bytes", self.proof_bytes)?;
        writeln!(f, "calldata          {} bytes", self.calldata.len())?;
        match self.gas {
            Gas::Estimated(gas) => write!(f, "gas               {gas}, estimated"),
            Gas::Used { transaction, gas } => {
                writeln!(f, "transaction       {transaction}")?;
                write!(f, "gas               {gas}")
            }
        }
    }
}

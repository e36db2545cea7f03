//! `ashlar l1 deploy-verifier`.

use super::{
    account::{self, Sender},
    node::Node,
};
use crate::output;
use alloy_primitives::{Address, Bytes};
use ashlar_contracts::{Artifact, Contract, DeploymentKey, VerifierCode};
use ashlar_ethereum::{Receipt, Wallet};
use clap::Args;
use eyre::{WrapErr, eyre};
use serde_json::{Value, json};

/// Deploys the verifier of final proofs, and a registry of what it verified.
///
/// The compiled contracts are inside this binary. Neither has an owner, nor anything that could be changed: another version of
/// the proof system is another address. The verifier alone is enough for `ashlar l1 verify`; the registry lets many contracts
/// rely on one verification.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The Ethereum node.
    #[arg(long, value_name = "URL")]
    rpc: String,

    #[command(flatten)]
    sender: Sender,

    /// Deploy no registry.
    #[arg(long)]
    no_registry: bool,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// A deployed contract.
struct Deployed {
    address: Address,
    receipt: Receipt,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let node = Node::new(&arguments.rpc);
    let wallet = arguments.sender.wallet(&node.0)?;
    eprintln!("deploying to chain {} from {}", wallet.chain_id(), wallet.address());
    let artifact = Artifact::load(Contract::FinalVerifier)?;
    let verifier = deploy(&wallet, &artifact.bytecode).wrap_err("the verifier is not deployed")?;
    node.check_verifier(verifier.address)?;
    let registry = match arguments.no_registry {
        true => None,
        false => {
            let artifact = Artifact::load(Contract::VerifiedStatements)?;
            let code = artifact.creation_with(verifier.address);
            let registry = deploy(&wallet, &code).wrap_err_with(|| {
                format!("the verifier is at {}, but the registry is not deployed", verifier.address)
            })?;
            node.check_registry(registry.address)?;
            Some(registry)
        }
    };
    let report = report(&wallet, &verifier, registry.as_ref())?;
    match arguments.json {
        true => output::print(&serde_json::to_string_pretty(&report)?),
        false => output::print(&text(&verifier, registry.as_ref())),
    }
}

fn deploy(wallet: &Wallet, code: &Bytes) -> eyre::Result<Deployed> {
    let (address, receipt) = wallet.create(code).map_err(account::with_advice)?;
    Ok(Deployed { address, receipt })
}

fn report(wallet: &Wallet, verifier: &Deployed, registry: Option<&Deployed>) -> eyre::Result<Value> {
    let expected = VerifierCode::expected(verifier.address).map_err(|error| eyre!(error))?;
    let [circuits, last_circuit] = DeploymentKey::current()?.words();
    let mut report = account::json(wallet);
    report["verifier"] = verifier.json();
    report["constraints"] = json!(expected.program_address);
    report["circuits"] = json!(circuits);
    report["last_circuit"] = json!(last_circuit);
    report["registry"] = registry.map_or(Value::Null, Deployed::json);
    Ok(report)
}

fn text(verifier: &Deployed, registry: Option<&Deployed>) -> String {
    let line = |what: &str, deployed: &Deployed| {
        format!("{what:<10}{} ({} gas)", deployed.address, deployed.receipt.gas_used())
    };
    let mut text = line("verifier", verifier);
    if let Some(registry) = registry {
        text.push('\n');
        text.push_str(&line("registry", registry));
    }
    text
}

impl Deployed {
    fn json(&self) -> Value {
        json!({
            "address": self.address,
            "transaction": self.receipt.transaction_hash,
            "gas_used": self.receipt.gas_used(),
        })
    }
}

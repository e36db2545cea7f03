//! The contracts: generated sources, and compiled code that is part of the tree.

use std::fs;
use std::path::Path;
use std::process::Command;

use ashlar_contracts::DeploymentKey;
use clap::Args;
use eyre::{Context, OptionExt, bail, ensure, eyre};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::repository;

/// Generate and compile the contracts; `contracts/scripts/install.sh` must have run.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Fail if a generated or compiled file in the tree is not the one that comes out, and change nothing.
    #[arg(long)]
    check: bool,
    /// Generate sources only, without a compiler.
    #[arg(long)]
    sources: bool,
}

/// `contracts/key.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    circuits: String,
    last_circuit: String,
}

/// Compiled contracts that are part of the tree, and the files that they are in.
const ARTIFACTS: [(&str, &str); 3] = [
    ("FinalVerifier", "FinalVerifier.sol"),
    ("VerifiedStatements", "VerifiedStatements.sol"),
    // For tests with other tables.
    ("Harness", "Harness.sol"),
];

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let folder = repository::root().join("contracts");
    let sources = key(&folder)?.sources().map_err(|error| eyre!(error))?;
    for (name, source) in sources {
        put(&folder.join("src/generated").join(name), &source, arguments.check)?;
    }
    if arguments.sources {
        return Ok(());
    }
    let status = Command::new(folder.join("scripts/forge"))
        .args(["build", "--force"])
        .status()
        .wrap_err("forge does not start: has contracts/scripts/install.sh run?")?;
    ensure!(status.success(), "forge build: {status}");
    for (contract, file) in ARTIFACTS {
        let compiled = folder.join("out").join(file).join(format!("{contract}.json"));
        let artifact = artifact(&read(&compiled)?).wrap_err_with(|| compiled.display().to_string())?;
        put(&folder.join("artifacts").join(format!("{contract}.json")), &artifact, arguments.check)?;
    }
    Ok(())
}

/// The key in the folder of contracts.
pub(crate) fn key(folder: &Path) -> eyre::Result<DeploymentKey> {
    let key: Key = serde_json::from_str(&read(&folder.join("key.json"))?)?;
    let mut bytes = DeploymentKey { circuits: [0; 32], last_circuit: [0; 26] };
    hex::decode_to_slice(key.circuits, &mut bytes.circuits).wrap_err("circuits")?;
    hex::decode_to_slice(key.last_circuit, &mut bytes.last_circuit).wrap_err("lastCircuit")?;
    Ok(bytes)
}

/// What of the compiler's output is kept: what is needed to deploy and to call.
fn artifact(compiled: &str) -> eyre::Result<String> {
    let compiled: Value = serde_json::from_str(compiled)?;
    let code = |name: &str| {
        let code = compiled[name]["object"].as_str().ok_or_eyre("no code")?;
        ensure!(!code.contains("__"), "code with libraries to be linked");
        Ok(code.to_string())
    };
    let artifact = json!({
        "abi": compiled["abi"],
        "bytecode": code("bytecode")?,
        "deployedBytecode": code("deployedBytecode")?,
    });
    Ok(serde_json::to_string_pretty(&artifact)? + "\n")
}

fn put(path: &Path, text: &str, check: bool) -> eyre::Result<()> {
    if check {
        if read(path)? != text {
            bail!("{} is not what `cargo xtask contracts` makes", path.display());
        }
        return Ok(());
    }
    fs::write(path, text).wrap_err_with(|| path.display().to_string())
}

fn read(path: &Path) -> eyre::Result<String> {
    fs::read_to_string(path).wrap_err_with(|| path.display().to_string())
}

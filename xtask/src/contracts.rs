//! The contracts: generated sources, and compiled code that is part of the tree.

use std::fs;
use std::path::Path;
use std::process::Command;

use ashlar_contracts::{DeploymentKey, joiner_source};
use ashlar_verifier::VerifyingKey;
use clap::Args;
use eyre::{Context, OptionExt, bail, ensure, eyre};
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

/// Compiled contracts that are part of the tree, and the files that they are in.
const ARTIFACTS: [(&str, &str); 3] = [
    ("FinalVerifier", "FinalVerifier.sol"),
    ("VerifiedStatements", "VerifiedStatements.sol"),
    // For tests with other tables.
    ("Harness", "Harness.sol"),
];

/// Compiled contracts of rollup chains, in files of their own names: on Ethereum, then on the chains.
const ROLLUP: [&str; 13] = [
    "AssetRouter",
    "Bridgehub",
    "MessageRoot",
    "ProtocolVersions",
    "RollupChain",
    "Vault",
    "Messenger",
    "L2AssetRouter",
    "L2Vault",
    "SystemInfo",
    "BridgedTokenBeacon",
    "BridgedToken",
    "WrappedBaseToken",
];

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let folder = repository::root().join("contracts");
    // That of the tree, which may be newer than the one that this program was compiled with.
    let key = DeploymentKey::from_json(&read(&folder.join("key.json"))?)?;
    let sources = key.sources().map_err(|error| eyre!(error))?;
    for (name, source) in sources {
        put(&folder.join("src/generated").join(name), &source, arguments.check)?;
    }
    put(&folder.join("src/generated/JoinerKey.sol"), &joiner_source(&joiner()?), arguments.check)?;
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
    for contract in ROLLUP {
        let compiled = folder.join(format!("out/{contract}.sol/{contract}.json"));
        let compiled: Value = serde_json::from_str(&read(&compiled)?)?;
        let artifact = rollup_artifact(&compiled).wrap_err(contract)?;
        put(&folder.join(format!("artifacts/rollup/{contract}.json")), &artifact, arguments.check)?;
    }
    Ok(())
}

/// Of a rollup's contract, what is needed to deploy it, to put it into a genesis state, and to call it.
fn rollup_artifact(compiled: &Value) -> eyre::Result<String> {
    let artifact = json!({
        "abi": compiled["abi"],
        "bytecode": code(compiled, "bytecode")?,
        "deployedBytecode": code(compiled, "deployedBytecode")?,
    });
    Ok(serde_json::to_string_pretty(&artifact)? + "\n")
}

fn code(compiled: &Value, name: &str) -> eyre::Result<String> {
    let code = compiled[name]["object"].as_str().ok_or_eyre("no code")?;
    ensure!(!code.contains("__"), "code with libraries to be linked");
    Ok(code.to_owned())
}

/// The programKey of the joiner in the tree.
fn joiner() -> eyre::Result<[u8; 32]> {
    let path = repository::root().join("guests/elf/joiner.key");
    let bytes = fs::read(&path).wrap_err_with(|| path.display().to_string())?;
    let key = VerifyingKey::decode(&bytes).map_err(|error| eyre!("{}: {error}", path.display()))?;
    Ok(key.program_key().0)
}

/// What of the compiler's output is kept: what is needed to deploy and to call.
fn artifact(compiled: &str) -> eyre::Result<String> {
    let compiled: Value = serde_json::from_str(compiled)?;
    let artifact = json!({
        "abi": compiled["abi"],
        "bytecode": code(&compiled, "bytecode")?,
        "deployedBytecode": code(&compiled, "deployedBytecode")?,
        "immutableReferences": immutables(&compiled["deployedBytecode"]["immutableReferences"])?,
    });
    Ok(serde_json::to_string_pretty(&artifact)? + "\n")
}

/// Places of the one immutable in the deployed code, in order. The compiler names it by a number of its own, which has no
/// meaning.
fn immutables(references: &Value) -> eyre::Result<Vec<u64>> {
    let Some(references) = references.as_object() else { return Ok(Vec::new()) };
    ensure!(references.len() <= 1, "more than one immutable: the form of artifacts has no place for it");
    let mut places = Vec::new();
    for reference in references.values().flat_map(|list| list.as_array().into_iter().flatten()) {
        ensure!(reference["length"] == 32, "an immutable that is not of 32 bytes");
        places.push(reference["start"].as_u64().ok_or_eyre("an immutable without a place")?);
    }
    places.sort_unstable();
    Ok(places)
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

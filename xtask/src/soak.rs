//! `cargo xtask soak`: suites that take longer than CI may, with their last result in `bench/results`.

use crate::anvil::Anvil;
use crate::origin::{commit, origin};
use crate::{eest, repository, solidity, worst_case};
use clap::{Args, Subcommand};
use eyre::{WrapErr, bail};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command, time::Instant};

/// Runs a long suite and writes its counts to `bench/results/soak-<name>.json`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    suite: Suite,
}

#[derive(Subcommand)]
enum Suite {
    /// Every block of the Ethereum Execution Spec Tests that is accepted, inside the VM (fixtures: ASHLAR_FIXTURES).
    EestVm,
    /// Random programs against qemu-riscv32 (`apt-get install qemu-user`).
    Qemu {
        /// How many programs.
        #[arg(long, default_value_t = 20_000)]
        programs: u32,
        /// Seed of the first program; the others follow from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Makes the final proof of a real block, verifies it, and has the contract verify it on anvil
    /// (`contracts/scripts/install.sh`); the result has all figures (fixtures: ASHLAR_FIXTURES). A run that was stopped goes on
    /// where it was.
    Mainnet {
        /// Folder below the fixtures' `mainnet`.
        #[arg(long, default_value = "24073997")]
        block: String,
    },
    /// Changed encodings of a real proof, each of which must be refused without a panic.
    Mutations {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        count: u32,
        /// Seed of the changes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Changed final proofs: the contract, in an EVM, and the native verifier give one verdict on each.
    Contracts {
        /// How many.
        #[arg(long, default_value_t = 10_000)]
        count: u32,
        /// Seed of the changes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The contracts with one change each, which a test must notice (contracts/scripts/install.sh must have run).
    Solidity(solidity::Arguments),
    /// Kills a node at random moments, under load: nothing that it acknowledged is lost or done twice (contracts/scripts/install.sh
    /// must have run). A run that was stopped goes on where it was.
    NodeKill {
        /// How often; ten at a time, each ten on a chain of their own.
        #[arg(long, default_value_t = 100)]
        kills: u32,
        /// Seed of the first ten; that of the next is one more.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Changed proofs of segments and of circuits: Plonky3's verifier and the circuits give one verdict on each. A run that
    /// was stopped goes on where it was.
    Recursion {
        /// How many of segments, of folds, and of proofs of smaller tables; a tenth as many of each of the others.
        #[arg(long, default_value_t = 10_000)]
        count: u32,
        /// Seed of the changes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Batches that use the limit of proving cost up with one costly operation each: none takes longer to prove than the limit
    /// promises. A run that was stopped goes on where it was.
    WorstCase(worst_case::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let start = Instant::now();
    let (name, result) = match &arguments.suite {
        Suite::EestVm => ("eest-vm", eest_vm()?),
        Suite::Qemu { programs, seed } => ("qemu", qemu(*programs, *seed)?),
        Suite::Mainnet { block } => ("mainnet", mainnet(block)?),
        Suite::Mutations { count, seed } => ("mutations", mutations(*count, *seed)?),
        Suite::Contracts { count, seed } => ("contracts", contracts(*count, *seed)?),
        Suite::Solidity(arguments) => match solidity::run(arguments)? {
            Some(result) => ("solidity", result),
            None => return Ok(()),
        },
        Suite::NodeKill { kills, seed } => ("node-kill", node_kill(*kills, *seed)?),
        Suite::Recursion { count, seed } => ("recursion", recursion(*count, *seed)?),
        Suite::WorstCase(arguments) => match worst_case::run(arguments)? {
            Some(result) => ("worst-case", result),
            None => return Ok(()),
        },
    };
    let report = json!({
        "origin": origin()?,
        "seconds": start.elapsed().as_secs(),
        "result": result,
    });
    let path = repository::root().join(format!("bench/results/soak-{name}.json"));
    fs::write(&path, serde_json::to_string_pretty(&report)? + "\n")
        .wrap_err_with(|| format!("writing {}", path.display()))
}

fn eest_vm() -> eyre::Result<Value> {
    let outcome = eest::play(&eest::Arguments { filter: None, vm: usize::MAX, all_failures: true })?;
    if outcome.failed() > 0 {
        bail!("{} tests failed: no result is written", outcome.failed());
    }
    Ok(serde_json::to_value(outcome)?)
}

fn qemu(programs: u32, seed: u64) -> eyre::Result<Value> {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--package", "ashlar-vm", "--features", "qemu-tests", "--test", "qemu"])
        .env("ASHLAR_QEMU_PROGRAMS", programs.to_string())
        .env("ASHLAR_QEMU_SEED", seed.to_string())
        .current_dir(repository::root())
        .status()
        .wrap_err("running cargo")?;
    if !status.success() {
        bail!("the suite failed: no result is written");
    }
    Ok(json!({"programs": programs, "seed": seed, "failed": 0}))
}

/// Proves and verifies with the commands that ship.
fn mainnet(block: &str) -> eyre::Result<Value> {
    let Ok(fixtures) = std::env::var("ASHLAR_FIXTURES") else {
        bail!("ASHLAR_FIXTURES names no folder: set it to the one that has mainnet/{block}");
    };
    let folder = format!("{fixtures}/mainnet/{block}");
    let proof = repository::target_dir().join(format!("soak-mainnet-{block}.json"));
    let proof = proof.display().to_string();
    // Before hours of work: whether it is there.
    let anvil = Anvil::start()?;
    let proven = ashlar(&["prove", &folder, "--final", "--output", &proof, "--json"])?;
    let verified = ashlar(&["verify", &proof, "--json"])?;
    let deployed = ashlar(&["l1", "deploy-verifier", "--rpc", &anvil.url, "--json"])?;
    let contract = deployed["verifier"]["address"].as_str().unwrap_or_default();
    let on_chain =
        ashlar(&["l1", "verify", "--rpc", &anvil.url, "--contract", contract, "--send", "--json", &proof])?;
    Ok(json!({
        "block": block,
        "proven": proven,
        "verified": verified,
        "deployed": deployed,
        "on_chain": on_chain,
    }))
}

/// Runs the command in release and reads the JSON that it prints.
fn ashlar(arguments: &[&str]) -> eyre::Result<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--release", "--quiet", "--package", "ashlar", "--"])
        .args(arguments)
        .current_dir(repository::root())
        .stderr(std::process::Stdio::inherit())
        .output()
        .wrap_err("running cargo")?;
    if !output.status.success() {
        bail!("ashlar {} failed: no result is written", arguments.join(" "));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn mutations(count: u32, seed: u64) -> eyre::Result<Value> {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--package", "ashlar-prover", "--test", "proofs", "encoding"])
        .env("ASHLAR_MUTATIONS", count.to_string())
        .env("ASHLAR_MUTATIONS_SEED", seed.to_string())
        .current_dir(repository::root())
        .status()
        .wrap_err("running cargo")?;
    if !status.success() {
        bail!("the suite failed: no result is written");
    }
    Ok(json!({"mutations": count, "seed": seed, "accepted": 0, "panics": 0}))
}

/// The same verdict on all, and why they are refused.
fn contracts(count: u32, seed: u64) -> eyre::Result<Value> {
    let tally = repository::target_dir().join("soak-contracts");
    fs::create_dir_all(&tally)?;
    let status = Command::new(env!("CARGO"))
        .args(["test", "--package", "ashlar-contracts", "--test", "verifier", "both_verifiers"])
        .env("ASHLAR_FINAL_MUTATIONS", count.to_string())
        .env("ASHLAR_FINAL_MUTATIONS_SEED", seed.to_string())
        .env("ASHLAR_FINAL_MUTATIONS_TALLY", &tally)
        .current_dir(repository::root())
        .status()
        .wrap_err("running cargo")?;
    if !status.success() {
        bail!("the suite failed: no result is written");
    }
    let refusals = |name: &str| -> eyre::Result<Value> {
        Ok(serde_json::from_str(&fs::read_to_string(tally.join(format!("{name}.json")))?)?)
    };
    Ok(json!({
        "mutations": count,
        "seed": seed,
        "verdicts that differ": 0,
        "accepted": 0,
        "small tables refused for": refusals("small")?,
        "real proofs refused for": refusals("real")?,
    }))
}

/// Kills of one chain.
const KILLS: u32 = 10;

/// Each chain's tally is a file in a folder of this commit and seed; what is there is not done again.
fn node_kill(kills: u32, seed: u64) -> eyre::Result<Value> {
    let folder = repository::target_dir().join(format!("soak-node-kill-{}-{seed}", commit()?));
    fs::create_dir_all(&folder).wrap_err_with(|| format!("making {}", folder.display()))?;
    let mut sums = serde_json::Map::new();
    for chain in 0..kills.div_ceil(KILLS) {
        let file = folder.join(format!("{chain}.json"));
        if !file.exists() {
            let status = Command::new(env!("CARGO"))
                .args([
                    "test",
                    "--package",
                    "ashlar",
                    "--test",
                    "node_kill",
                    "--",
                    "--ignored",
                    "--nocapture",
                ])
                .env("ASHLAR_KILLS", KILLS.to_string())
                .env("ASHLAR_KILLS_SEED", (seed + u64::from(chain)).to_string())
                .env("ASHLAR_KILLS_TALLY", &file)
                .current_dir(repository::root())
                .status()
                .wrap_err("running cargo")?;
            if !status.success() {
                bail!("the suite failed with the seed {}: no result is written", seed + u64::from(chain));
            }
        }
        let tally: serde_json::Map<String, Value> = serde_json::from_slice(&fs::read(&file)?)?;
        for (key, value) in tally {
            let sum = sums.get(&key).and_then(Value::as_u64).unwrap_or(0) + value.as_u64().unwrap_or(0);
            sums.insert(key, sum.into());
        }
    }
    Ok(json!({"seed": seed, "chains": kills.div_ceil(KILLS), "of all chains": sums}))
}

/// Each suite of changes writes down how far it is, in a folder of this commit and seed.
fn recursion(count: u32, seed: u64) -> eyre::Result<Value> {
    let folder = repository::target_dir().join(format!("soak-recursion-{}-{seed}", commit()?));
    fs::create_dir_all(&folder).wrap_err_with(|| format!("making {}", folder.display()))?;
    let suites: [&[&str]; 2] = [
        &["--package", "ashlar-recursion", "--test", "differential"],
        &["--package", "ashlar-prover", "--test", "proofs", "recursion::differential"],
    ];
    for suite in suites {
        let status = Command::new(env!("CARGO"))
            .arg("test")
            .args(suite)
            .env("ASHLAR_RECURSION_MUTATIONS", count.to_string())
            .env("ASHLAR_RECURSION_MUTATIONS_SEED", seed.to_string())
            .env("ASHLAR_RECURSION_PROGRESS", &folder)
            .current_dir(repository::root())
            .status()
            .wrap_err("running cargo")?;
        if !status.success() {
            bail!("the suite failed: no result is written");
        }
    }
    Ok(json!({"seed": seed, "suites": campaigns(&folder)?, "verdicts that differ": 0, "accepted": 0}))
}

/// What the suites have written down, by their names.
fn campaigns(folder: &Path) -> eyre::Result<Value> {
    let mut campaigns = serde_json::Map::new();
    for entry in fs::read_dir(folder).wrap_err_with(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_stem().filter(|_| path.extension().is_some_and(|x| x == "json")) else {
            continue;
        };
        let text = fs::read(&path).wrap_err_with(|| format!("reading {}", path.display()))?;
        let mut campaign: Value = serde_json::from_slice(&text)?;
        if let Some(fields) = campaign.as_object_mut() {
            // It is that of all.
            fields.remove("seed");
        }
        campaigns.insert(name.to_string_lossy().into_owned(), campaign);
    }
    Ok(campaigns.into())
}

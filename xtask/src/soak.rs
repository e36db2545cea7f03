//! `cargo xtask soak`: suites that take longer than CI may, with their last result in `bench/results`.

use crate::{eest, origin::origin, repository};
use clap::{Args, Subcommand};
use eyre::{WrapErr, bail};
use serde_json::{Value, json};
use std::{fs, process::Command, time::Instant};

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
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let start = Instant::now();
    let (name, result) = match arguments.suite {
        Suite::EestVm => ("eest-vm", eest_vm()?),
        Suite::Qemu { programs, seed } => ("qemu", qemu(programs, seed)?),
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

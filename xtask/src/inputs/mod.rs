//! `cargo xtask inputs`: the blocks of the folder `inputs`, made here from contracts that others wrote.

mod accounts;
mod contracts;
mod convert;
mod npm;
mod scenarios;
mod scene;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use convert::{ConvertArguments, convert};

use crate::repository;
use clap::Args;
use contracts::Contracts;
use eyre::{WrapErr, bail};
use scenarios::{SCENARIOS, Scenario};
use std::{collections::BTreeSet, fs, path::Path};
use write::Files;

/// Makes the blocks of the folder `inputs`: the same program makes the same bytes.
///
/// The contracts come from npm, which is asked once for the packages of the lock file. Each block is executed natively,
/// from what was written.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Compare with what is in the tree, and write nothing.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let contracts = Contracts::load(&npm::Packages::install()?)?;
    let root = repository::root().join("inputs");
    if arguments.check {
        check_names(&root)?;
    }
    for scenario in &SCENARIOS {
        let files = generate(scenario, &contracts).wrap_err(scenario.name)?;
        let folder = root.join(scenario.name);
        match arguments.check {
            true => check(&folder, &files)?,
            false => write::write(&folder, &files)?,
        }
    }
    Ok(())
}

fn generate(scenario: &Scenario, contracts: &Contracts) -> eyre::Result<Files> {
    let made = (scenario.make)(contracts)?;
    let (files, summary) = write::files(made.input)?;
    let kib = files.values().map(String::len).sum::<usize>().div_ceil(1024);
    println!(
        "{:<12}{:>3} transactions {:>10} gas {:>5} KiB",
        scenario.name, summary.transactions, summary.gas_used, kib
    );
    Ok(files)
}

fn check(folder: &Path, files: &Files) -> eyre::Result<()> {
    for (name, text) in files {
        let path = folder.join(name);
        let there = fs::read_to_string(&path).wrap_err_with(|| format!("reading {}", path.display()))?;
        if there != *text {
            bail!("{} is not what `cargo xtask inputs` makes", path.display());
        }
    }
    Ok(())
}

/// Refuses folders that nothing makes.
fn check_names(root: &Path) -> eyre::Result<()> {
    let names: BTreeSet<_> = SCENARIOS.iter().map(|scenario| scenario.name.to_owned()).collect();
    for entry in fs::read_dir(root).wrap_err_with(|| format!("reading {}", root.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !names.contains(&name) {
            bail!("{} is made by no scenario", path.display());
        }
    }
    Ok(())
}

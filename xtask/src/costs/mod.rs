//! `cargo xtask costs`: what each operation of the EVM takes to execute in the guest, against its gas.
//!
//! A chain prices proving by the worst of these ratios, so each operation is measured with the inputs that are suspected
//! to be its worst, and by differences of whole blocks: what a block costs anyway, and what surrounds an operation,
//! cancels exactly. Runs of the machine are deterministic, so the figures do not depend on where they were made.

mod asm;
mod block;
mod case;
mod cases;
mod prose;
mod report;
mod sample;
#[cfg(test)]
mod tests;

pub(crate) use asm::{Code, op};
pub(crate) use block::{Accounts, CONTRACT};
pub(crate) use case::Loop;

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;
use eyre::{WrapErr, bail, ensure, eyre};
use indicatif::{ProgressBar, ProgressStyle};

use block::Bench;
use case::{Case, anchors};
use report::{Report, Row};

/// Measures the cycles per gas of every opcode, precompile and part of a transaction in the guest.
///
/// Writes bench/results/opcodes.json and opcodes.md, unless a filter is given.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Measure only cases whose name and variant contain this, and write no files.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Print the report as JSON instead of the tables.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let path = crate::repository::root().join("guests/elf/block.elf");
    // Before the run: others may commit another guest while it lasts.
    let commit = crate::origin::commit()?;
    let elf = fs::read(&path).wrap_err("reading guests/elf/block.elf: run `cargo xtask guest`")?;
    let cases: Vec<_> = cases::all()?
        .into_iter()
        .filter(|case| arguments.filter.as_ref().is_none_or(|text| case.label().contains(text)))
        .collect();
    ensure!(!cases.is_empty(), "no case contains this text");
    let rows = measure(&Bench::new(&elf)?, &cases)?;
    let report = Report::new(rows, &elf, commit);
    let (json, markdown) = (report.json_text()?, report.markdown());
    if arguments.filter.is_none() {
        let folder = crate::repository::root().join("bench/results");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("opcodes.json"), &json)?;
        fs::write(folder.join("opcodes.md"), &markdown)?;
        eprintln!("written: bench/results/opcodes.json, bench/results/opcodes.md");
    }
    print!("{}", if arguments.json { json } else { markdown });
    Ok(())
}

/// The loops of all operations that are measured, by name and variant.
pub(crate) fn loops() -> eyre::Result<HashMap<(String, String), Loop>> {
    let named = |case: Case| {
        let repeated = case.repeated()?.clone();
        Some(((case.name, case.variant), repeated))
    };
    Ok(cases::all()?.into_iter().filter_map(named).collect())
}

/// Measures all cases on all cores; rows come back in the order of the cases. All failures are reported, not only the
/// first.
fn measure(bench: &Bench, cases: &[Case]) -> eyre::Result<Vec<Row>> {
    let anchors = anchors(bench).wrap_err("measuring PUSH1 and POP")?;
    let progress = ProgressBar::new(cases.len() as u64);
    progress
        .set_style(ProgressStyle::with_template("{bar:32} {pos}/{len} {elapsed} (left {eta}) {wide_msg}")?);
    progress.enable_steady_tick(Duration::from_millis(500));
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(cases.len())));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((index, case)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(index).map(|case| (index, case))
                } {
                    progress.set_message(case.label());
                    let result = case.measure(bench, &anchors);
                    if let Ok(mut done) = done.lock() {
                        done.push((index, result));
                    }
                    progress.inc(1);
                }
            });
        }
    });
    progress.finish_and_clear();
    let mut done = done.into_inner().map_err(|_| eyre!("a thread of the bench panicked"))?;
    done.sort_by_key(|(index, _)| *index);
    let mut rows = Vec::with_capacity(cases.len());
    let mut failures = 0;
    for (index, result) in done {
        match result {
            Ok(own) => rows.push(Row::new(&cases[index], own)),
            Err(error) => {
                failures += 1;
                eprintln!("FAILED {error:#}");
            }
        }
    }
    if failures > 0 { bail!("{failures} of {} cases failed", cases.len()) } else { Ok(rows) }
}

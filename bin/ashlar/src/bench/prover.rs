//! `ashlar bench prover`: what proofs of blocks take.

use super::{ecrecover::Cost, origin};
use crate::{
    guest,
    input::Block,
    output,
    progress::{Progress, words},
    proving::{Setup, Times},
    report::{Report, reset_peak_memory},
};
use ashlar_vm::{
    Program,
    bench::{Speed, measure},
};
use ashlar_witness::read_folder;
use clap::Args;
use eyre::{WrapErr, eyre};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// Runs of the executor, of which the fastest counts: other work on the machine can only slow one down.
const EXECUTOR_RUNS: u32 = 5;

/// Measures proofs of blocks: time by phase, memory, cells, bytes; the executor on the same blocks, and what an ECRECOVER
/// costs in the guest.
///
/// Nothing is kept. Each block is proven once; expect differences of some per cent from run to run.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Blocks to prove: folders as `ashlar prove` takes them.
    #[arg(value_name = "FOLDER", default_value = "inputs/small")]
    folders: Vec<PathBuf>,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// What was measured on one block.
struct Row {
    name: String,
    executor: Speed,
    report: Report,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let program = guest::block()?;
    let ecrecover = Cost::measure(&program).wrap_err("ECRECOVER is not measured")?;
    let progress = Progress::new();
    let setup = Setup::new(&program, &progress)?;
    let rows: eyre::Result<Vec<_>> =
        arguments.folders.iter().map(|folder| prove(&program, &setup, folder)).collect();
    progress.finish();
    let rows = rows?;
    match arguments.json {
        true => {
            let blocks: Vec<_> = rows.iter().map(Row::json).collect();
            let report = json!({"origin": origin(), "ecrecover": ecrecover.json(), "blocks": blocks});
            output::print(&serde_json::to_string_pretty(&report)?)
        }
        false => {
            let blocks: String = rows.iter().map(Row::text).collect();
            output::print(&format!(
                "{blocks}ECRECOVER     {:.0} cycles, {:.0} cycle equivalents",
                ecrecover.cycles(),
                ecrecover.equivalents()
            ))
        }
    }
}

fn prove(program: &Program, setup: &Setup<'_>, folder: &Path) -> eyre::Result<Row> {
    let name = folder.file_name().ok_or_else(|| eyre!("{} is no folder of a block", folder.display()))?;
    let name = name.to_string_lossy().into_owned();
    let progress = Progress::new();
    reset_peak_memory();
    let start = Instant::now();
    let input = read_folder(folder, None).wrap_err_with(|| format!("no block in {}", folder.display()))?;
    let read = start.elapsed();
    let native = Instant::now();
    let block = Block::new(input)?;
    let times = Times { read, native: native.elapsed(), ..Times::default() };
    let hints = block.hints.clone();
    let (proven, mut report) = setup.prove(block, times, None, &progress)?;
    let write = Instant::now();
    report.proof_bytes = proven.proof.encode().len();
    report.times.write = write.elapsed();
    // The setup is made once for all blocks; a command that proves one makes it too.
    report.times.total = start.elapsed() + report.times.setup;
    progress.finish();
    progress.say(&format!("{name} is proven in {}", words(report.times.total)));
    let mut executor = measure(program, &hints, &mut ())?;
    for _ in 1..EXECUTOR_RUNS {
        let speed = measure(program, &hints, &mut ())?;
        if speed.time < executor.time {
            executor = speed;
        }
    }
    Ok(Row { name, executor, report })
}

impl Row {
    fn json(&self) -> Value {
        let mut report = self.report.json();
        report["name"] = json!(self.name);
        report["executor"] = json!({
            "seconds": self.executor.time.as_secs_f64(),
            "instructions_per_second": self.executor.per_second(),
        });
        report
    }

    fn text(&self) -> String {
        let speed = self.executor.per_second() / 1e6;
        format!("{}\n{}\nexecutor      {speed:.0} M instructions/s\n\n", self.name, self.report)
    }
}

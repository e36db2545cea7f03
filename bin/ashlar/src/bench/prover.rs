//! `ashlar bench prover`: what proofs of blocks take.

use super::{ecrecover::Cost, layers::Layers, origin};
use crate::{
    allocator::{keep_memory, return_memory},
    circuits,
    finalize::finalize_proof,
    guest,
    input::Block,
    output,
    progress::{Progress, words},
    proving::{How, Setup, Times},
    report::{Report, reset_peak_memory},
};
use ashlar_prover::{Event, aggregate::Aggregator};
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
/// Nothing is kept. Each block is proven once; expect differences of some per cent from run to run. With --aggregate, the
/// segments become one proof, with --final one for Ethereum, and each is proven twice: once for the time, once for the memory of
/// each layer, where freed memory is given back at once, which takes longer.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Blocks to prove: folders as `ashlar prove` takes them.
    #[arg(value_name = "FOLDER", default_value = "inputs/small")]
    folders: Vec<PathBuf>,

    /// Make one proof of all segments, and measure its layers.
    #[arg(long)]
    aggregate: bool,

    /// Make the proof for Ethereum, and measure its layers, too.
    #[arg(long = "final")]
    is_final: bool,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// What was measured on one block.
struct Row {
    name: String,
    executor: Speed,
    report: Report,
    layers: Option<Layers>,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let program = guest::block()?;
    let ecrecover = Cost::measure(&program).wrap_err("ECRECOVER is not measured")?;
    let progress = Progress::new();
    let setup = Setup::new(&program, &progress)?;
    let rows: eyre::Result<Vec<_>> = arguments
        .folders
        .iter()
        .map(|folder| measure_folder(&program, &setup, folder, Target::of(arguments)))
        .collect();
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

/// What is made of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Segments,
    Aggregate,
    Final,
}

impl Target {
    const fn of(arguments: &Arguments) -> Self {
        match (arguments.is_final, arguments.aggregate) {
            (true, _) => Self::Final,
            (false, true) => Self::Aggregate,
            (false, false) => Self::Segments,
        }
    }
}

fn measure_folder(program: &Program, setup: &Setup<'_>, folder: &Path, target: Target) -> eyre::Result<Row> {
    let name = folder.file_name().ok_or_else(|| eyre!("{} is no folder of a block", folder.display()))?;
    let name = name.to_string_lossy().into_owned();
    let mut layers = (target != Target::Segments).then(Layers::default);
    let mut frugal = None;
    if let Some(layers) = &mut layers {
        return_memory();
        let proven = prove(setup, folder, target, &mut |event| layers.watch_memory(event));
        keep_memory();
        frugal = Some(proven?.1);
    }
    if !reset_peak_memory() {
        eprintln!("note: peak memory is that of the whole process");
    }
    let mut watch = |event: &Event<'_>| layers.iter_mut().for_each(|layers| layers.watch_time(event));
    let (hints, mut report) = prove(setup, folder, target, &mut watch)?;
    frugal.iter().for_each(|frugal| report.take_final_peaks(frugal));
    eprintln!("{name} is proven in {}", words(report.times.total));
    let mut executor = measure(program, &hints, &mut ())?;
    for _ in 1..EXECUTOR_RUNS {
        let speed = measure(program, &hints, &mut ())?;
        if speed.time < executor.time {
            executor = speed;
        }
    }
    Ok(Row { name, executor, report, layers })
}

/// Proves a block, with nothing kept and no circuit made before; returns the hints that it was executed with, too.
fn prove(
    setup: &Setup<'_>,
    folder: &Path,
    target: Target,
    watch: &mut dyn FnMut(&Event<'_>),
) -> eyre::Result<(Vec<u32>, Report)> {
    let progress = Progress::new();
    let start = Instant::now();
    let input = read_folder(folder, None).wrap_err_with(|| format!("no block in {}", folder.display()))?;
    let read = start.elapsed();
    let native = Instant::now();
    let block = Block::new(input)?;
    let times = Times { read, native: native.elapsed(), ..Times::default() };
    let hints = block.hints.clone();
    let is_final = target == Target::Final;
    let aggregator = (target != Target::Segments).then(circuits::keys).transpose()?.map(Aggregator::new);
    let how = How { aggregator: aggregator.as_ref(), is_final, store: None, watch };
    let (mut proven, mut report) = setup.prove(block, times, how, &progress)?;
    if let (true, Some(aggregator)) = (is_final, aggregator) {
        proven.proof = finalize_proof(proven.proof, aggregator, None, &mut report, &progress)?;
    }
    let write = Instant::now();
    report.proof_bytes = proven.proof.encode()?.len();
    report.times.write = write.elapsed();
    // The setup is made once for all blocks; a command that proves one makes it too.
    report.times.total = start.elapsed() + report.times.setup;
    progress.finish();
    Ok((hints, report))
}

impl Row {
    fn json(&self) -> Value {
        let mut report = self.report.json();
        report["name"] = json!(self.name);
        report["executor"] = json!({
            "seconds": self.executor.time.as_secs_f64(),
            "instructions_per_second": self.executor.per_second(),
        });
        if let Some(layers) = &self.layers {
            report["layers"] = layers.json();
        }
        report
    }

    fn text(&self) -> String {
        let speed = self.executor.per_second() / 1e6;
        let layers = self.layers.as_ref().map(Layers::to_string).unwrap_or_default();
        format!("{}\n{}\n{layers}executor      {speed:.0} M instructions/s\n\n", self.name, self.report)
    }
}

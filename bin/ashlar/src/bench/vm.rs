//! `ashlar bench vm`: the speed of the executor.

use super::origin;
use crate::{guest, output};
use ashlar_vm::{
    Machine, Meter, Program, SegmentLimits,
    bench::{Speed, measure, mixed_program},
};
use ashlar_witness::{HashKey, batch_hints, prune, read_folder};
use eyre::{WrapErr, bail};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Iterations of the synthetic loop: about half a second.
const ITERATIONS: u32 = 4_000_000;

/// Measures the executor: instructions per second, plain and while it cuts the run into segments. Each figure is the
/// best of several runs, because other work on the machine can only slow a run down.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Blocks to execute besides the synthetic loop: folders as `ashlar execute` takes them.
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,

    /// Runs of each kind.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// A program with its input.
struct Workload {
    name: String,
    program: Program,
    hints: Vec<u32>,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let mut results = Vec::new();
    for workload in workloads(&arguments.folders)? {
        let plain = best(arguments.runs, || Ok(measure(&workload.program, &workload.hints, &mut ())?))?;
        let metered = best(arguments.runs, || {
            let state = Machine::new(&workload.program, &workload.hints);
            let mut meter = Meter::new(SegmentLimits::default(), &state.state());
            Ok(measure(&workload.program, &workload.hints, &mut meter)?)
        })?;
        results.push((workload.name, plain, metered));
    }
    if arguments.json {
        let results: Vec<_> = results.iter().map(json_row).collect();
        let report = json!({"origin": origin(), "runs": arguments.runs, "results": results});
        return output::print(&serde_json::to_string_pretty(&report)?);
    }
    let rows: Vec<_> = results.iter().map(text_row).collect();
    output::print(&rows.join("\n"))
}

fn workloads(folders: &[PathBuf]) -> eyre::Result<Vec<Workload>> {
    let mixed = Program::from_words(0x1000, &mixed_program(ITERATIONS))?;
    let mut workloads = vec![Workload { name: "mixed loop".into(), program: mixed, hints: Vec::new() }];
    for folder in folders {
        let Some(name) = folder.file_name() else { bail!("{} is no folder of a block", folder.display()) };
        let input =
            read_folder(folder, None).wrap_err_with(|| format!("no block in {}", folder.display()))?;
        let bytes = prune(input).wrap_err("the block does not execute")?.borrow().encode()?;
        workloads.push(Workload {
            name: name.to_string_lossy().into_owned(),
            program: guest::block()?,
            hints: batch_hints(&bytes, &HashKey::of(&bytes)),
        });
    }
    Ok(workloads)
}

/// The fastest of several runs.
fn best(runs: u32, mut run: impl FnMut() -> eyre::Result<Speed>) -> eyre::Result<Speed> {
    let mut best = run()?;
    for _ in 1..runs {
        let speed = run()?;
        if speed.time < best.time {
            best = speed;
        }
    }
    Ok(best)
}

fn json_row((name, plain, metered): &(String, Speed, Speed)) -> Value {
    let speed = |speed: &Speed| json!({"seconds": speed.time.as_secs_f64(), "instructions_per_second": speed.per_second()});
    json!({"name": name, "cycles": plain.cycles, "plain": speed(plain), "metered": speed(metered)})
}

fn text_row((name, plain, metered): &(String, Speed, Speed)) -> String {
    format!(
        "{name:<16} {:>12} cycles  {:>5.0} M instructions/s plain  {:>5.0} M metered",
        plain.cycles,
        plain.per_second() / 1e6,
        metered.per_second() / 1e6
    )
}

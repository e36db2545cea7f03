//! `ashlar execute`: a block inside the machine, without a proof.

use crate::{
    guest,
    input::{Block, Source},
    output,
};
use ashlar_vm::{Call, Metering, Options, Profile, Program, Run, Table, meter_cheapest, run_observed};
use clap::Args;
use eyre::{WrapErr, bail};
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    fs,
    path::PathBuf,
    time::Instant,
};

/// Executes a block in the guest on the machine and reports what it takes. No proof is made.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,

    /// Write the cycles by function as a flame graph: SVG if the name ends in .svg, folded stacks otherwise.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,

    /// Stop with an error after this many cycles.
    #[arg(long, value_name = "CYCLES")]
    cycles_max: Option<u64>,
}

/// What one execution came to.
struct Report {
    block: Block,
    run: Run,
    metering: Metering,
    seconds: f64,
    metered_seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let block = Block::new(arguments.source.read()?)?;
    let program = guest::block()?;
    let report = execute(arguments, &program, block)?;
    if let Some(path) = &arguments.profile {
        write_profile(path, &program, &report.block.hints, arguments)?;
    }
    match arguments.json {
        true => output::print(&serde_json::to_string_pretty(&report.json())?),
        false => output::print(&report.to_string()),
    }
}

fn options<'a>(arguments: &Arguments) -> Options<'a> {
    Options { cycles_max: arguments.cycles_max, ..Options::default() }
}

fn execute(arguments: &Arguments, program: &Program, block: Block) -> eyre::Result<Report> {
    let hints = &block.hints;
    let start = Instant::now();
    let run = ashlar_vm::run(program, hints, options(arguments))?;
    let seconds = start.elapsed().as_secs_f64();
    if run.exit.code != 0 {
        bail!("the guest stopped with exit code {}: {}", run.exit.code, run.exit.log.trim_end());
    }
    block.check_committed(&run)?;
    let start = Instant::now();
    let (_, metering) = meter_cheapest(program, hints, options(arguments))?;
    let metered_seconds = start.elapsed().as_secs_f64();
    Ok(Report { block, run, metering, seconds, metered_seconds })
}

fn write_profile(
    path: &PathBuf,
    program: &Program,
    hints: &[u32],
    arguments: &Arguments,
) -> eyre::Result<()> {
    let mut profile = Profile::new(program);
    let run = run_observed(program, hints, options(arguments), &mut profile)?;
    let report = profile.finish(run.cycles);
    let text = match path.extension().is_some_and(|extension| extension == "svg") {
        true => report.to_svg("cycles by function")?,
        false => report.folded().map(|line| line + "\n").collect(),
    };
    fs::write(path, text).wrap_err_with(|| format!("writing {}", path.display()))?;
    eprintln!("cycles by function are in {}", path.display());
    Ok(())
}

impl Report {
    fn json(&self) -> Value {
        let calls: serde_json::Map<_, _> = Call::ALL
            .into_iter()
            .map(|call| (call.name().to_lowercase(), json!(self.run.calls.of(call))))
            .collect();
        let segments: Vec<_> = self.metering.segments.iter().map(segment_json).collect();
        let mut report = json!({
            "output_digest": self.run.digest,
            "cycles": self.run.cycles,
            "calls": calls,
            "segments": segments,
            "cells": self.metering.cells(),
            "cells_used": self.metering.cells_used(),
            "seconds": self.seconds,
            "instructions_per_second": self.run.cycles as f64 / self.seconds,
            "metered_seconds": self.metered_seconds,
        });
        self.block.describe(&mut report);
        report
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let per_gas = self.run.cycles as f64 / self.block.summary.gas_used.max(1) as f64;
        write!(f, "{}", self.block)?;
        writeln!(f, "cycles        {} ({per_gas:.1} per gas)", self.run.cycles)?;
        for call in Call::ALL {
            writeln!(f, "  {:<16}{}", call.name().to_lowercase(), self.run.calls.of(call))?;
        }
        writeln!(f, "segments      {}", self.metering.segments.len())?;
        for segment in &self.metering.segments {
            let shape = segment.shape.as_ref().map_or("none", |shape| shape.name);
            writeln!(f, "  {shape:<10} {} cycles, {} pages", segment.cycles, segment.pages())?;
        }
        let padding = 100.0 * (1.0 - self.metering.cells_used() as f64 / self.metering.cells().max(1) as f64);
        writeln!(f, "cells         {} ({padding:.0} % padding)", self.metering.cells())?;
        let speed = self.run.cycles as f64 / self.seconds / 1e6;
        write!(f, "time          {:.2} s ({speed:.0} M instructions/s)", self.seconds)
    }
}

fn segment_json(segment: &ashlar_vm::Segment) -> Value {
    let rows: serde_json::Map<_, _> = Table::ALL
        .into_iter()
        .map(|table| {
            let counts = json!({"used": segment.rows.of(table), "padding": segment.padding(table)});
            (table.name().to_owned(), counts)
        })
        .collect();
    json!({
        "shape": segment.shape.as_ref().map(|shape| shape.name),
        "cycles": segment.cycles,
        "pages": segment.pages(),
        "pages_written": segment.pages_written,
        "cells": segment.cells(),
        "start_pc": segment.start.pc,
        "rows": rows,
    })
}

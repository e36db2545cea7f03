//! What a proof took.

use crate::{input::Block, progress::words, proving::Times};
use ashlar_prover::{ProvenRun, SegmentFigures};
use ashlar_soundness::shape_profile;
use ashlar_verifier::{ProgramKey, config::SEGMENT};
use ashlar_vm::{Metering, Shape};
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    fs,
    time::Duration,
};

/// What one proof came to.
pub(crate) struct Report {
    block: Block,
    program_key: ProgramKey,
    security_bits: f64,
    pub(crate) proof_bytes: usize,
    /// Cells of all columns, padding included, and those of rows that the run takes.
    cells: u64,
    cells_used: u64,
    segments: Vec<SegmentFigures>,
    pub(crate) times: Times,
    peak_memory: Option<u64>,
}

impl Report {
    pub(crate) fn new(
        block: Block,
        program_key: ProgramKey,
        metering: &Metering,
        proven: &ProvenRun,
        times: Times,
    ) -> Self {
        Self {
            block,
            program_key,
            security_bits: security_bits(proven.segments.iter().map(|segment| segment.shape)),
            proof_bytes: 0,
            cells: metering.cells(),
            cells_used: metering.cells_used(),
            segments: proven.segments.clone(),
            times,
            peak_memory: peak_memory(),
        }
    }

    fn cycles(&self) -> u64 {
        self.segments.iter().map(|segment| segment.cycles).sum()
    }

    fn cells_per_cycle(&self) -> f64 {
        self.cells as f64 / self.cycles().max(1) as f64
    }

    fn padding_share(&self) -> f64 {
        1.0 - self.cells_used as f64 / self.cells.max(1) as f64
    }

    fn sum(&self, time: impl Fn(&SegmentFigures) -> Duration) -> Duration {
        self.segments.iter().map(time).sum()
    }

    /// Cycles a second of the segments that were proven now, from the job to the finished proof.
    fn cycles_per_second(&self) -> Option<f64> {
        let proven = || self.segments.iter().filter(|segment| !segment.resumed);
        let cycles: u64 = proven().map(|segment| segment.cycles).sum();
        let time: Duration = proven().map(|segment| segment.job + segment.trace + segment.prove).sum();
        (cycles > 0).then(|| cycles as f64 / time.as_secs_f64())
    }

    pub(crate) fn json(&self) -> Value {
        let Times { read, native, setup, plan, verify, write, total } = self.times;
        let seconds = json!({
            "read": read.as_secs_f64(),
            "native": native.as_secs_f64(),
            "setup": setup.as_secs_f64(),
            "plan": plan.as_secs_f64(),
            "job": self.sum(|segment| segment.job).as_secs_f64(),
            "trace": self.sum(|segment| segment.trace).as_secs_f64(),
            "prove": self.sum(|segment| segment.prove).as_secs_f64(),
            "verify": verify.as_secs_f64(),
            "write": write.as_secs_f64(),
            "total": total.as_secs_f64(),
        });
        let mut report = json!({
            "program_key": self.program_key.to_string(),
            "security_bits": self.security_bits,
            "proof_bytes": self.proof_bytes,
            "cycles": self.cycles(),
            "cells": self.cells,
            "cells_per_cycle": self.cells_per_cycle(),
            "padding_share": self.padding_share(),
            "segments": self.segments.iter().map(segment_json).collect::<Vec<_>>(),
            "seconds": seconds,
            "cycles_per_second": self.cycles_per_second(),
            "peak_memory_bytes": self.peak_memory,
        });
        self.block.describe(&mut report);
        report
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.block)?;
        writeln!(f, "program key   {}", self.program_key)?;
        writeln!(f, "security      {:.1} bits, proven", self.security_bits)?;
        writeln!(f, "proof         {} bytes", self.proof_bytes)?;
        writeln!(f, "cycles        {}", self.cycles())?;
        writeln!(f, "segments      {}", self.segments.len())?;
        for SegmentFigures { shape, cycles, resumed, job, trace, prove, .. } in &self.segments {
            let time = if *resumed { "finished before".into() } else { words(*job + *trace + *prove) };
            writeln!(f, "  {:<12}{cycles} cycles, {time}", shape.name)?;
        }
        let padding = 100.0 * self.padding_share();
        writeln!(
            f,
            "cells         {} ({:.0} a cycle, {padding:.0} % padding)",
            self.cells,
            self.cells_per_cycle()
        )?;
        if let Some(bytes) = self.peak_memory {
            writeln!(f, "peak memory   {:.1} GiB", bytes as f64 / f64::from(1 << 30))?;
        }
        write!(f, "time          {}", words(self.times.total))?;
        match self.cycles_per_second() {
            Some(speed) => write!(f, ", segments at {:.1} k cycles/s", speed / 1e3),
            None => Ok(()),
        }
    }
}

fn segment_json(segment: &SegmentFigures) -> Value {
    let SegmentFigures { shape, cycles, resumed, job, trace, prove, phases } = segment;
    json!({
        "shape": shape.name,
        "cycles": cycles,
        "cells": shape.cells(),
        "resumed": resumed,
        "seconds": {
            "job": job.as_secs_f64(),
            "trace": trace.as_secs_f64(),
            "prove": prove.as_secs_f64(),
            "prove_commit": phases.commit.as_secs_f64(),
            "prove_messages": phases.messages.as_secs_f64(),
            "prove_quotients": phases.quotients.as_secs_f64(),
            "prove_opening": phases.opening.as_secs_f64(),
        },
    })
}

/// Security of a proof with these shapes: that of the weakest.
pub(crate) fn security_bits(shapes: impl Iterator<Item = Shape>) -> f64 {
    let mut known: Vec<Shape> = Vec::new();
    for shape in shapes {
        if !known.contains(&shape) {
            known.push(shape);
        }
    }
    let bits =
        known.iter().map(|shape| ashlar_soundness::report(shape.name, &SEGMENT, &shape_profile(shape)).bits);
    bits.fold(f64::INFINITY, f64::min)
}

/// The most memory that this process had, in bytes, where the system says it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Starts [`peak_memory`] anew, where the system can; elsewhere it stays that of the whole process.
pub(crate) fn reset_peak_memory() {
    // Not possible everywhere, and then the figure is the larger one.
    if fs::write("/proc/self/clear_refs", "5").is_err() {
        eprintln!("note: peak memory is that of the whole process");
    }
}

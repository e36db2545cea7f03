//! What a proof took.

use crate::{
    finalize::FinalFigures,
    input::Block,
    progress::words,
    proving::{Times, Took},
    security::{Layers, security_bits},
};
use ashlar_prover::{Phases, SegmentFigures, aggregate::RecursionFigures};
use ashlar_verifier::ProgramKey;
use ashlar_vm::Metering;
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
    /// None without aggregation.
    recursion: Option<Vec<RecursionFigures>>,
    /// None without a final proof.
    final_proof: Option<FinalFigures>,
    pub(crate) times: Times,
    peak_memory: Option<u64>,
}

impl Report {
    pub(crate) fn new(
        block: Block,
        program_key: ProgramKey,
        metering: &Metering,
        took: Took,
        times: Times,
    ) -> Self {
        let Took { segments, recursion, .. } = took;
        let layers = match recursion {
            Some(_) => Layers::Aggregate,
            None => Layers::Segments(segments.iter().map(|segment| segment.shape).collect()),
        };
        Self {
            block,
            program_key,
            security_bits: security_bits(layers),
            proof_bytes: 0,
            cells: metering.cells(),
            cells_used: metering.cells_used(),
            segments,
            recursion,
            final_proof: None,
            times,
            peak_memory: peak_memory(),
        }
    }

    /// A final proof was made of it.
    pub(crate) fn finalized(&mut self, figures: FinalFigures) {
        self.security_bits = security_bits(Layers::Final);
        self.peak_memory = self.peak_memory.max(figures.peak_memory());
        self.final_proof = Some(figures);
    }

    /// A report on the same proof, made where freed memory was given back at once.
    pub(crate) fn take_final_peaks(&mut self, other: &Self) {
        if let (Some(figures), Some(other)) = (&mut self.final_proof, &other.final_proof) {
            figures.take_peaks(other);
        }
    }

    /// Bytes of the proof itself: the file of a final one has other things in it.
    fn bytes(&self) -> usize {
        self.final_proof.map_or(self.proof_bytes, |figures| figures.proof_bytes())
    }

    const fn kind(&self) -> &'static str {
        match (&self.final_proof, &self.recursion) {
            (Some(_), _) => "final",
            (None, Some(_)) => "aggregate",
            (None, None) => "segments",
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

    /// Cycles a second from reading the block to the written proof, if all of it was proven now.
    fn cycles_per_second_total(&self) -> Option<f64> {
        let recursion = self.recursion.as_deref().unwrap_or_default();
        let resumed = self.segments.iter().any(|segment| segment.resumed)
            || recursion.iter().any(|figures| figures.resumed);
        (!resumed).then(|| self.cycles() as f64 / self.times.total.as_secs_f64())
    }

    pub(crate) fn json(&self) -> Value {
        let Times { read, native, setup, plan, verify, write, total } = self.times;
        let mut seconds = json!({
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
        if let Some(recursion) = &self.recursion {
            let (circuits, proofs) = recursion_times(recursion);
            seconds["circuits"] = json!(circuits.as_secs_f64());
            seconds["recursion"] = json!(proofs.as_secs_f64());
        }
        let mut report = json!({
            "kind": self.kind(),
            "program_key": self.program_key.to_string(),
            "security_bits": self.security_bits,
            "proof_bytes": self.bytes(),
            "cycles": self.cycles(),
            "cells": self.cells,
            "cells_per_cycle": self.cells_per_cycle(),
            "padding_share": self.padding_share(),
            "segments": self.segments.iter().map(segment_json).collect::<Vec<_>>(),
            "seconds": seconds,
            "cycles_per_second": self.cycles_per_second(),
            "cycles_per_second_total": self.cycles_per_second_total(),
            "peak_memory_bytes": self.peak_memory,
        });
        if let Some(recursion) = &self.recursion {
            report["recursion"] = recursion.iter().map(recursion_json).collect();
        }
        if let Some(figures) = &self.final_proof {
            report["final"] = figures.json();
        }
        self.block.describe(&mut report);
        report
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.block)?;
        writeln!(f, "program key   {}", self.program_key)?;
        writeln!(f, "security      {:.1} bits, proven", self.security_bits)?;
        writeln!(f, "proof         {} bytes", self.bytes())?;
        writeln!(f, "cycles        {}", self.cycles())?;
        writeln!(f, "segments      {}", self.segments.len())?;
        for SegmentFigures { shape, cycles, resumed, job, trace, prove, .. } in &self.segments {
            let time = if *resumed { "finished before".into() } else { words(*job + *trace + *prove) };
            writeln!(f, "  {:<12}{cycles} cycles, {time}", shape.name)?;
        }
        if let Some(recursion) = &self.recursion {
            list_recursion(f, recursion)?;
        }
        if let Some(figures) = &self.final_proof {
            write!(f, "{figures}")?;
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
        if let Some(speed) = self.cycles_per_second_total() {
            write!(f, ", {:.1} k cycles/s", speed / 1e3)?;
        }
        match self.cycles_per_second() {
            Some(speed) => write!(f, ", segments at {:.1} k cycles/s", speed / 1e3),
            None => Ok(()),
        }
    }
}

/// Time for circuits that were made, and for proofs of them.
fn recursion_times(recursion: &[RecursionFigures]) -> (Duration, Duration) {
    let circuits = recursion.iter().map(|figures| figures.phases.set_up).sum();
    let all: Duration = recursion.iter().map(|figures| figures.time).sum();
    (circuits, all.saturating_sub(circuits))
}

/// Recursion proofs for people.
pub(crate) fn list_recursion(f: &mut Formatter<'_>, recursion: &[RecursionFigures]) -> fmt::Result {
    writeln!(f, "recursion     {}", recursion.len())?;
    for RecursionFigures { circuit, resumed, time, phases } in recursion {
        let proof = words(time.saturating_sub(phases.set_up));
        let time = if *resumed { "finished before".into() } else { proof };
        writeln!(f, "  {:<16}{time}", circuit.name())?;
    }
    let (circuits, proofs) = recursion_times(recursion);
    writeln!(f, "  together {}, and {} for circuits", words(proofs), words(circuits))
}

/// A recursion proof as a part of a report.
pub(crate) fn recursion_json(figures: &RecursionFigures) -> Value {
    let RecursionFigures { circuit, resumed, time, phases } = figures;
    let mut seconds = json!({
        "circuit": phases.set_up.as_secs_f64(),
        "run": phases.run.as_secs_f64(),
        "total": time.as_secs_f64(),
    });
    prove_phases(&phases.prove, &mut seconds);
    json!({"circuit": circuit.name(), "resumed": resumed, "seconds": seconds})
}

/// Parts of proving tables.
pub(crate) fn prove_phases(phases: &Phases, seconds: &mut Value) {
    let Phases { commit, messages, quotients, opening, .. } = phases;
    seconds["prove_commit"] = json!(commit.as_secs_f64());
    seconds["prove_messages"] = json!(messages.as_secs_f64());
    seconds["prove_quotients"] = json!(quotients.as_secs_f64());
    seconds["prove_opening"] = json!(opening.as_secs_f64());
}

fn segment_json(segment: &SegmentFigures) -> Value {
    let SegmentFigures { shape, cycles, resumed, job, trace, prove, phases } = segment;
    let mut seconds = json!({
        "job": job.as_secs_f64(),
        "trace": trace.as_secs_f64(),
        "prove": prove.as_secs_f64(),
    });
    prove_phases(phases, &mut seconds);
    json!({
        "shape": shape.name,
        "cycles": cycles,
        "cells": shape.cells(),
        "resumed": resumed,
        "seconds": seconds,
    })
}

/// The most memory that this process had, in bytes, where the system says it.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Starts [`peak_memory`] anew. False where the system cannot: there it stays that of the whole process.
pub(crate) fn reset_peak_memory() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

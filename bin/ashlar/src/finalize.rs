//! From an aggregated proof to the final one, as `prove`, `join` and `bench prover` do it.

use crate::{
    circuits,
    final_file::FinalFile,
    guest,
    progress::{Progress, words},
    proof::Proof,
    report::{Report, peak_memory, prove_phases, reset_peak_memory},
};
use ashlar_prover::{
    Phases, Plan, Prover, SegmentStore, Session, Workload,
    aggregate::{Aggregator, FinalLayer, FinalPhases, Finalizer, ProvenAggregate, joined_runs, joiner_input},
};
use ashlar_verifier::{
    aggregate::{AggregateProof, Run},
    last::SLOTS,
};
use ashlar_vm::Options;
use ashlar_witness::hints;
use eyre::ensure;
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    time::{Duration, Instant},
};

/// What a final proof took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FinalFigures {
    /// Making the two last circuits.
    set_up: Duration,
    phases: FinalPhases,
    /// All of it.
    time: Duration,
    proof_bytes: usize,
    calldata_bytes: usize,
    peaks: Peaks,
}

/// What is made one after the other.
#[derive(Clone, Copy)]
enum Part {
    Circuits,
    Join,
    Shrink,
    Last,
}

/// The most memory that the process had while each part was made.
#[derive(Clone, Copy, Debug, Default)]
struct Peaks {
    parts: [Option<u64>; 4],
    current: Option<usize>,
}

/// A final proof.
pub(crate) struct Finalized {
    pub(crate) file: FinalFile,
    pub(crate) figures: FinalFigures,
    /// What its parts are called in the store.
    pub(crate) ids: Vec<String>,
}

/// Makes the final proof of an aggregated one that was verified. If it has more statements than there are slots, a run of the
/// joiner is proven, too.
pub(crate) fn finalize(
    aggregate: AggregateProof,
    aggregator: Aggregator,
    store: Option<&SegmentStore>,
    progress: &Progress,
) -> eyre::Result<Finalized> {
    let start = Instant::now();
    let mut peaks = Peaks::default();
    let runs = aggregate.runs.clone();
    let (proof, phases, set_up, ids) = if runs.len() <= SLOTS {
        // Its circuits take memory that the last ones need.
        drop(aggregator);
        progress.final_begins();
        peaks.next(Part::Circuits);
        let finalizer = Finalizer::new()?;
        let mut on_layer = |layer| peaks.next(Part::of(layer));
        let (proof, phases) = finalizer.prove(&circuits::keys()?, &aggregate, &mut on_layer)?;
        (proof, phases, finalizer.set_up(), Vec::new())
    } else {
        let joiner = prove_joiner(&runs, &aggregator, store, progress)?;
        progress.final_begins();
        peaks.next(Part::Circuits);
        let finalizer = Finalizer::new()?;
        let mut on_layer = |layer| peaks.next(Part::of(layer));
        let (proof, phases) = finalizer.prove_joined(&aggregator, aggregate, joiner.proof, &mut on_layer)?;
        (proof, phases, finalizer.set_up(), joiner.ids)
    };
    peaks.end();
    let file = FinalFile::new(runs, proof)?;
    let figures = FinalFigures {
        set_up,
        phases,
        time: start.elapsed(),
        proof_bytes: file.proof.len(),
        calldata_bytes: file.calldata().len(),
        peaks,
    };
    progress.final_is_done(figures.time);
    Ok(Finalized { file, figures, ids })
}

/// The final proof of a block's aggregated one, with its figures in the report.
pub(crate) fn finalize_proof(
    proof: Proof,
    aggregator: Aggregator,
    store: Option<&SegmentStore>,
    report: &mut Report,
    progress: &Progress,
) -> eyre::Result<Proof> {
    match proof {
        Proof::Aggregate(aggregate) => {
            let finalized = finalize(*aggregate, aggregator, store, progress)?;
            report.finalized(finalized.figures);
            Ok(Proof::Final(finalized.file))
        }
        other => Ok(other),
    }
}

/// Proves the run of the joiner on the statements of these runs.
fn prove_joiner(
    runs: &[Run],
    aggregator: &Aggregator,
    store: Option<&SegmentStore>,
    progress: &Progress,
) -> eyre::Result<ProvenAggregate> {
    progress.say(&format!("{} statements take a run of the joiner", runs.len()));
    let output = joined_runs(runs)?.encode().to_vec();
    let program = guest::joiner()?;
    let prover = Prover::new(&program)?;
    ensure!(
        *prover.key() == guest::joiner_key()?,
        "the key inside this binary is not that of its joiner: run `cargo xtask guest --keys` and build again"
    );
    let verifier = prover.verifier();
    let hints = hints(&joiner_input(runs));
    let plan = Plan::new(&program, &hints, Options::default())?;
    let mut work = Workload::aggregation(&plan.metering);
    work.then_final();
    progress.start(work, store.map(SegmentStore::folder));
    let session = Session { prover: &prover, verifier: &verifier, store };
    Ok(session.aggregate(aggregator, &plan, output, &mut |event| progress.on_event(&event))?)
}

fn sum(phases: &Phases) -> Duration {
    let Phases { commit, messages, quotients, opening, .. } = *phases;
    commit + messages + quotients + opening
}

impl Part {
    const fn of(layer: FinalLayer) -> Self {
        match layer {
            FinalLayer::Join => Self::Join,
            FinalLayer::Shrink => Self::Shrink,
            FinalLayer::Last => Self::Last,
        }
    }
}

impl Peaks {
    /// A part begins, and the one before is done.
    fn next(&mut self, part: Part) {
        self.end();
        reset_peak_memory();
        self.current = Some(part as usize);
    }

    fn end(&mut self) {
        if let Some(place) = self.current.take().and_then(|part| self.parts.get_mut(part)) {
            *place = peak_memory();
        }
    }

    fn of(&self, part: Part) -> Option<u64> {
        self.parts.get(part as usize).copied().flatten()
    }
}

impl FinalFigures {
    /// The same proof was made once more, where freed memory was given back at once: what that needed counts.
    pub(crate) const fn take_peaks(&mut self, other: &Self) {
        self.peaks = other.peaks;
    }

    pub(crate) fn peak_memory(&self) -> Option<u64> {
        self.peaks.parts.iter().copied().max().flatten()
    }

    pub(crate) const fn proof_bytes(&self) -> usize {
        self.proof_bytes
    }

    pub(crate) fn json(&self) -> Value {
        let FinalPhases { join, shrink_run, shrink, last_run, last, verify } = self.phases;
        let layer = |run: Duration, phases| {
            let mut seconds = json!({"run": run.as_secs_f64()});
            prove_phases(phases, &mut seconds);
            seconds
        };
        json!({
            "proof_bytes": self.proof_bytes,
            "calldata_bytes": self.calldata_bytes,
            "peak_memory_bytes": {
                "circuits": self.peaks.of(Part::Circuits),
                "join": self.peaks.of(Part::Join),
                "shrink": self.peaks.of(Part::Shrink),
                "last": self.peaks.of(Part::Last),
            },
            "seconds": {
                "circuits": self.set_up.as_secs_f64(),
                "join": join.as_secs_f64(),
                "shrink": layer(shrink_run, &shrink),
                "last": layer(last_run, &last),
                "verify": verify.as_secs_f64(),
                "total": self.time.as_secs_f64(),
            },
        })
    }
}

impl Display for FinalFigures {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let FinalPhases { shrink_run, shrink, last_run, last, .. } = self.phases;
        writeln!(f, "final proof   {}", words(self.time))?;
        writeln!(f, "  circuits        {}", words(self.set_up))?;
        writeln!(f, "  shrink          {}", words(shrink_run + sum(&shrink)))?;
        writeln!(f, "  last            {}", words(last_run + sum(&last)))?;
        writeln!(f, "calldata      {} bytes", self.calldata_bytes)
    }
}

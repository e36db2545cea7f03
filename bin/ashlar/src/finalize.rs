//! From an aggregated proof to the final one, as `prove`, `join` and `bench prover` do it.

use crate::{
    circuits,
    final_file::FinalFile,
    progress::{Progress, words},
    report::{peak_memory, prove_phases, reset_peak_memory},
};
use ashlar_prover::{
    Phases,
    aggregate::{FinalPhases, Finalizer},
};
use ashlar_verifier::aggregate::AggregateProof;
use eyre::ensure;
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    time::{Duration, Instant},
};

/// Most statements of a final proof.
pub(crate) const STATEMENTS_MAX: usize = ashlar_verifier::last::SLOTS;

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
    /// The most that the process had meanwhile.
    peak_memory: Option<u64>,
}

/// Makes the final proof of an aggregated one that was verified.
pub(crate) fn finalize(
    aggregate: AggregateProof,
    progress: &Progress,
) -> eyre::Result<(FinalFile, FinalFigures)> {
    check_count(aggregate.runs.len())?;
    let start = Instant::now();
    progress.final_begins();
    // What is known of the memory before is in reports already.
    reset_peak_memory();
    let finalizer = Finalizer::new()?;
    let (proof, phases) = finalizer.prove(&circuits::keys()?, &aggregate)?;
    let set_up = finalizer.set_up();
    drop(finalizer);
    let file = FinalFile { runs: aggregate.runs, proof };
    let figures = FinalFigures {
        set_up,
        phases,
        time: start.elapsed(),
        proof_bytes: file.proof.len(),
        calldata_bytes: file.calldata().len(),
        peak_memory: peak_memory(),
    };
    progress.final_is_done(figures.time);
    Ok((file, figures))
}

/// Before anything is proven, which may take long.
pub(crate) fn check_count(statements: usize) -> eyre::Result<()> {
    ensure!(
        statements <= STATEMENTS_MAX,
        "a final proof has room for {STATEMENTS_MAX} statements, and these are {statements}: make several"
    );
    Ok(())
}

fn sum(phases: &Phases) -> Duration {
    let Phases { commit, messages, quotients, opening, .. } = *phases;
    commit + messages + quotients + opening
}

impl FinalFigures {
    pub(crate) const fn peak_memory(&self) -> Option<u64> {
        self.peak_memory
    }

    pub(crate) const fn proof_bytes(&self) -> usize {
        self.proof_bytes
    }

    pub(crate) fn json(&self) -> Value {
        let FinalPhases { shrink_run, shrink, last_run, last, verify } = self.phases;
        let layer = |run: Duration, phases| {
            let mut seconds = json!({"run": run.as_secs_f64()});
            prove_phases(phases, &mut seconds);
            seconds
        };
        json!({
            "proof_bytes": self.proof_bytes,
            "calldata_bytes": self.calldata_bytes,
            "peak_memory_bytes": self.peak_memory,
            "seconds": {
                "circuits": self.set_up.as_secs_f64(),
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

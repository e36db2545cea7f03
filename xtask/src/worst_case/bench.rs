//! Proves batches and says what it took.

use std::fs;
use std::time::Instant;

use ashlar_abi::{Accelerators, Reference};
use ashlar_prover::{Event, Plan, Prover, Session};
use ashlar_stf::rollup::{RollupBatch, execute_rollup_input};
use ashlar_verifier::Verifier;
use ashlar_vm::{Options, Program};
use ashlar_witness::{HashKey, batch_hints};
use eyre::{OptionExt, WrapErr, ensure};
use serde::{Deserialize, Serialize};

use super::cases::Batch;
use super::process::{forget_peak_memory, peak_memory, processor_seconds};
use crate::repository;
use crate::rollup::{Taken, take};

/// What a batch took.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Figures {
    /// Proving cost of the transactions, cycle equivalents.
    pub(super) transactions_cost: u64,
    /// Proving cost of the batch (specification 020), cycle equivalents.
    pub(super) cost: u64,
    /// Instructions of the guest.
    pub(super) cycles: u64,
    /// Cycle equivalents that the run takes.
    pub(super) equivalents: f64,
    /// Cells of its segments, padding included.
    pub(super) cells: u64,
    pub(super) segments: usize,
    /// By the clock: from the plan to the last segment's proof.
    pub(super) seconds: f64,
    /// The same of all cores that this process had.
    pub(super) processor_seconds: f64,
    /// The most memory of the process meanwhile.
    pub(super) peak_memory_bytes: Option<u64>,
}

/// What a batch will take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    pub(super) cost: u64,
    pub(super) equivalents: f64,
    pub(super) segments: usize,
    /// Cells of its segments, padding included.
    pub(super) cells: u64,
}

/// A run of the guest whose output is that of native execution.
struct Executed {
    native: RollupBatch,
    hints: Vec<u32>,
    taken: Taken,
}

/// The prover of the rollup guest.
pub(super) struct Bench<'p> {
    program: &'p Program,
    prover: Prover<'p>,
    verifier: Verifier,
}

/// The guest of rollup batches.
pub(super) fn guest() -> eyre::Result<Program> {
    let elf = fs::read(repository::root().join("guests/elf/rollup.elf"));
    Ok(Program::from_elf(&elf.wrap_err("reading guests/elf/rollup.elf: run `cargo xtask guest`")?)?)
}

impl<'p> Bench<'p> {
    pub(super) fn new(program: &'p Program) -> eyre::Result<Self> {
        let prover = Prover::new(program)?;
        let verifier = prover.verifier();
        Ok(Self { program, prover, verifier })
    }

    /// What the proofs are of, in hexadecimal digits.
    pub(super) fn program_key(&self) -> String {
        hex::encode(self.verifier.program_key().0)
    }

    /// Executes a batch natively and in the guest, and compares.
    fn execute(&self, batch: &Batch) -> eyre::Result<Executed> {
        let bytes = batch.input.borrow().encode()?;
        let native = execute_rollup_input(&batch.input.borrow(), Reference::modmul256_assign)?;
        let hints = batch_hints(&bytes, &HashKey::of(&bytes));
        let (run, taken) = take(self.program, &hints)?;
        ensure!(
            run.exit.code == 0 && run.committed == [native.output.hash().0],
            "the guest commits another output than native execution: {}",
            run.exit.log.trim_end()
        );
        Ok(Executed { native, hints, taken })
    }

    /// What can be said of a batch before it is proven.
    pub(super) fn plan(&self, batch: &Batch) -> eyre::Result<Planned> {
        let Executed { native, hints, taken } = self.execute(batch)?;
        let plan = Plan::new(self.program, &hints, Options::default())?;
        let (cells, segments) = (plan.metering.cells(), plan.metering.segments.len());
        Ok(Planned { cost: native.cost, equivalents: taken.equivalents.round(), segments, cells })
    }

    /// Proves all segments of a batch and verifies them. What a shape's tables have fixed is made when a segment first has the
    /// shape, which takes less than a second and counts.
    pub(super) fn prove(&self, batch: &Batch) -> eyre::Result<Figures> {
        let Executed { native, hints, taken } = self.execute(batch)?;
        forget_peak_memory();
        let now = || Some((Instant::now(), processor_seconds()?));
        let start = now().ok_or_eyre("the system does not say what a process uses")?;
        let mut end = None;
        let plan = Plan::new(self.program, &hints, Options::default())?;
        let session = Session { prover: &self.prover, verifier: &self.verifier, store: None };
        let proven = session.prove(&plan, native.output.encode(), &mut |event| {
            if matches!(event, Event::Verifying) {
                end = now();
            }
        })?;
        let end = end.ok_or_eyre("the proof was not verified")?;
        Ok(Figures {
            transactions_cost: batch.transactions_cost,
            cost: native.cost,
            cycles: taken.cycles,
            equivalents: taken.equivalents.round(),
            cells: plan.metering.cells(),
            segments: proven.segments.len(),
            seconds: hundredths((end.0 - start.0).as_secs_f64()),
            processor_seconds: hundredths(end.1 - start.1),
            peak_memory_bytes: peak_memory(),
        })
    }
}

fn hundredths(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

//! Proving blocks, as `prove` and `bench prover` do it.

use crate::{guest, input::Block, progress::Progress, report::Report};
use ashlar_prover::{Plan, ProvenRun, Prover, SegmentStore, Session};
use ashlar_verifier::Verifier;
use ashlar_vm::{Options, Program, Segment};
use eyre::ensure;
use std::time::{Duration, Instant};

/// What is made once for all proofs of the block guest.
pub(crate) struct Setup<'p> {
    program: &'p Program,
    prover: Prover<'p>,
    verifier: Verifier,
    time: Duration,
}

/// Where the time went, that of the segments left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    /// Reading the block.
    pub(crate) read: Duration,
    /// Cutting the witness, and executing natively.
    pub(crate) native: Duration,
    /// Committing to the program.
    pub(crate) setup: Duration,
    /// Executing in the guest and cutting into segments.
    pub(crate) plan: Duration,
    /// Verifying the proof.
    pub(crate) verify: Duration,
    /// Encoding and writing it.
    pub(crate) write: Duration,
    /// All of it, segments too.
    pub(crate) total: Duration,
}

impl<'p> Setup<'p> {
    pub(crate) fn new(program: &'p Program, progress: &Progress) -> eyre::Result<Self> {
        progress.step("committing to the guest");
        let start = Instant::now();
        let prover = Prover::new(program)?;
        let key = guest::block_key()?;
        ensure!(
            *prover.key() == key,
            "the key inside this binary is not that of its guest: run `cargo xtask guest --keys` and build again"
        );
        let verifier = Verifier::new(key);
        Ok(Self { program, prover, verifier, time: start.elapsed() })
    }

    /// Proves a block. The report says nothing yet of the proof's bytes, of writing it and of the total time.
    pub(crate) fn prove(
        &self,
        block: Block,
        mut times: Times,
        store: Option<&SegmentStore>,
        progress: &Progress,
    ) -> eyre::Result<(ProvenRun, Report)> {
        progress.step("executing the block in the guest");
        let start = Instant::now();
        let plan = Plan::new(self.program, &block.hints, Options::default())?;
        (times.plan, times.setup) = (start.elapsed(), self.time);
        block.check_committed(&plan.run)?;
        let cells = plan.metering.segments.iter().map(Segment::cells).collect::<Vec<_>>();
        progress.say(&format!(
            "{} cycles in {} segments, {:.1} G cells",
            plan.run.cycles,
            cells.len(),
            cells.iter().sum::<u64>() as f64 / 1e9
        ));
        progress.start(cells, store.map(SegmentStore::folder));
        let session = Session { prover: &self.prover, verifier: &self.verifier, store };
        let proven = session.prove(&plan, block.output.encode(), &mut |event| progress.on_event(&event))?;
        times.verify = proven.verify;
        let metering = plan.metering.clone();
        drop(plan);
        let report = Report::new(block, self.verifier.program_key(), &metering, &proven, times);
        Ok((proven, report))
    }
}

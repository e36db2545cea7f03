//! Proving blocks, as `prove` and `bench prover` do it.

use crate::{guest, input::Block, progress::Progress, proof::Proof, report::Report};
use ashlar_prover::{
    Event, Plan, ProvenRun, Prover, SegmentFigures, SegmentId, SegmentStore, Session, Workload,
    aggregate::{Aggregator, ProvenAggregate, RecursionFigures},
};
use ashlar_verifier::Verifier;
use ashlar_vm::{Options, Program};
use eyre::ensure;
use std::time::{Duration, Instant};

/// What is made once for all proofs of the block guest.
pub(crate) struct Setup<'p> {
    program: &'p Program,
    prover: Prover<'p>,
    verifier: Verifier,
    time: Duration,
}

/// How a block is proven.
pub(crate) struct How<'a> {
    /// Makes one proof of all segments, if there is to be one.
    pub(crate) aggregator: Option<&'a Aggregator>,
    /// Whether a final proof follows.
    pub(crate) is_final: bool,
    /// Where finished proofs are kept, if they are.
    pub(crate) store: Option<&'a SegmentStore>,
    /// Sees what happens.
    pub(crate) watch: &'a mut dyn FnMut(&Event<'_>),
}

/// A proof, and what its parts are called in the store.
pub(crate) struct Proven {
    pub(crate) proof: Proof,
    pub(crate) ids: Vec<String>,
}

/// What the parts of a proof took.
pub(crate) struct Took {
    pub(crate) segments: Vec<SegmentFigures>,
    /// None without aggregation.
    pub(crate) recursion: Option<Vec<RecursionFigures>>,
    /// Verifying the whole.
    verify: Duration,
}

/// Where the time went, that of the parts left out.
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
    /// All of it, the parts too.
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
        how: How<'_>,
        progress: &Progress,
    ) -> eyre::Result<(Proven, Report)> {
        let How { aggregator, is_final, store, watch } = how;
        progress.step("executing the block in the guest");
        let start = Instant::now();
        let plan = Plan::new(self.program, &block.hints, Options::default())?;
        (times.plan, times.setup) = (start.elapsed(), self.time);
        block.check_committed(&plan.run)?;
        progress.say(&format!(
            "{} cycles in {} segments, {:.1} G cells",
            plan.run.cycles,
            plan.metering.segments.len(),
            plan.metering.cells() as f64 / 1e9
        ));
        let mut work = match aggregator {
            Some(_) => Workload::aggregation(&plan.metering),
            None => Workload::segments(&plan.metering),
        };
        if is_final {
            work.then_final();
        }
        progress.start(work, store.map(SegmentStore::folder));
        let session = Session { prover: &self.prover, verifier: &self.verifier, store };
        let mut on_event = |event: Event<'_>| {
            watch(&event);
            progress.on_event(&event);
        };
        let output = block.output.encode();
        let (proven, took) = match aggregator {
            Some(aggregator) => {
                let proven = session.aggregate(aggregator, &plan, output, &mut on_event)?;
                let ProvenAggregate { proof, segments, recursion, ids, verify } = proven;
                let took = Took { segments, recursion: Some(recursion), verify };
                (Proven { proof: Proof::Aggregate(Box::new(proof)), ids }, took)
            }
            None => {
                let ProvenRun { proof, segments, ids, verify } =
                    session.prove(&plan, output, &mut on_event)?;
                let ids = ids.iter().map(SegmentId::to_string).collect();
                (Proven { proof: Proof::Run(proof), ids }, Took { segments, recursion: None, verify })
            }
        };
        times.verify = took.verify;
        let metering = plan.metering.clone();
        drop(plan);
        let report = Report::new(block, self.verifier.program_key(), &metering, took, times);
        Ok((proven, report))
    }
}

//! From a plan to one proof: every segment becomes a range as soon as it is proven, ranges are folded as they come, the last
//! one becomes a statement.

use std::time::{Duration, Instant};

use ashlar_verifier::aggregate::{AggregateProof, Run};
use ashlar_verifier::config::Config;
use ashlar_verifier::{Boundary, Circuit, VerifyingKey};
use p3_batch_stark::BatchProof;

use super::aggregator::{Aggregator, AggregatorError, RecursionPhases};
use super::ranges::Ranges;
use super::task::Task;
use super::work::{RecursionFigures, Work};
use crate::job::SegmentJob;
use crate::plan::{Plan, shape_number};
use crate::session::{Event, SegmentFigures, Session, SessionFailure};
use crate::store::SegmentId;

/// One proof, verified.
pub struct ProvenAggregate {
    /// The proof.
    pub proof: AggregateProof,
    /// What the segments took, in order. One whose leaf was in the store took nothing but making its job.
    pub segments: Vec<SegmentFigures>,
    /// What the recursion proofs took, in the order in which they were made.
    pub recursion: Vec<RecursionFigures>,
    /// What all of them are called in the store.
    pub ids: Vec<String>,
    /// Time to verify it.
    pub verify: Duration,
}

/// A proof that a range of the run is proven.
struct Range {
    circuit: Circuit,
    start: Boundary,
    end: Boundary,
    proof: BatchProof<Config>,
}

impl Session<'_> {
    /// Proves a run that commits the hash of `output`, in one proof.
    pub fn aggregate(
        &self,
        aggregator: &Aggregator,
        plan: &Plan<'_>,
        output: Vec<u8>,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<ProvenAggregate, SessionFailure> {
        let key = self.prover.key();
        let mut work = Work::new(aggregator, self.store);
        let mut segments = Vec::new();
        let mut ranges = Ranges::new();
        self.each_job(plan, on_event, &mut |job, making, on_event| {
            let leaf = self.leaf(&mut work, job, making, &mut segments, on_event)?;
            ranges.push(leaf, |left, right| work.fold(key, left, right, on_event))
        })?;
        let range = ranges.finish(|left, right| work.fold(key, left, right, on_event))?;
        // A run has a last segment, so it has a first one.
        let range = range.ok_or(AggregatorError::Inputs { found: 0 })?;
        let proof = work.finish(key, range, on_event)?;
        on_event(Event::Verifying);
        let run = Run { program_key: key.program_key(), output };
        let proof = AggregateProof { circuit: Circuit::Finish.number(), runs: vec![run], proof };
        work.proven(proof, segments)
    }

    /// The range of one segment.
    fn leaf(
        &self,
        work: &mut Work<'_>,
        job: &SegmentJob,
        making: Duration,
        segments: &mut Vec<SegmentFigures>,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Range, SessionFailure> {
        let (start, end, shape) = (job.start, job.end, shape_number(&job.shape));
        let task = Task::Leaf { shape, key: self.prover.key().clone(), start, end };
        let id = SegmentId::new(self.verifier.program_key(), job);
        work.ids.push(id.to_string());
        let proof = match work.kept(&task, on_event)? {
            Some((proof, time)) => {
                let figures = SegmentFigures { resumed: true, ..SegmentFigures::of(job, making) };
                on_event(Event::Finished(&figures));
                segments.push(figures);
                work.record(&task, true, time, RecursionPhases::default(), on_event);
                proof
            }
            None => {
                let (segment, figures) = self.proven_segment(job, &id, making, on_event)?;
                on_event(Event::Finished(&figures));
                segments.push(figures);
                work.prove(&task, &[segment.proof], on_event)?
            }
        };
        // The leaf stands for it from here on.
        self.store.map_or(Ok(()), |store| store.forget(&id))?;
        Ok(Range { circuit: task.circuit(), start, end, proof })
    }
}

impl Work<'_> {
    fn fold(
        &mut self,
        key: &VerifyingKey,
        left: Range,
        right: Range,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Range, SessionFailure> {
        let (start, end) = (left.start, right.end);
        let task = Task::Fold {
            program_key: key.program_key_digest(),
            boundaries: [start, left.end, end],
            circuits: [left.circuit.number(), right.circuit.number()],
        };
        let proof = self.proof(&task, &[left.proof, right.proof], on_event)?;
        Ok(Range { circuit: task.circuit(), start, end, proof })
    }

    fn finish(
        &mut self,
        key: &VerifyingKey,
        range: Range,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<BatchProof<Config>, SessionFailure> {
        let task = Task::Finish {
            key: key.clone(),
            end_root: range.end.root,
            digest: range.end.digest,
            circuit: range.circuit.number(),
        };
        self.proof(&task, &[range.proof], on_event)
    }

    /// Verifies what came of it.
    pub(super) fn proven(
        self,
        proof: AggregateProof,
        segments: Vec<SegmentFigures>,
    ) -> Result<ProvenAggregate, SessionFailure> {
        let start = Instant::now();
        self.aggregator.verifier().verify(&proof).map_err(SessionFailure::RefusedAggregate)?;
        let Self { figures: recursion, ids, .. } = self;
        Ok(ProvenAggregate { proof, segments, recursion, ids, verify: start.elapsed() })
    }
}

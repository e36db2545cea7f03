//! From a plan to the proof of its run: segment after segment, with what was finished before an interruption.

use std::time::{Duration, Instant};

use ashlar_machine::Shape;
use ashlar_stark::Phases;
use ashlar_verifier::{Circuit, RefusedAggregate, RefusedProof, RunProof, SegmentProof, Verifier};
use thiserror::Error;

use crate::aggregate::{AggregatorError, RecursionFigures};
use crate::error::ProverError;
use crate::job::SegmentJob;
use crate::plan::{Plan, shape_number};
use crate::setup::Prover;
use crate::store::{SegmentId, SegmentStore, StoreFailure, Stored};

/// Proves whole runs of a program. Memory holds the traces of one segment, and the proofs of all.
pub struct Session<'a> {
    /// Makes the proofs.
    pub prover: &'a Prover<'a>,
    /// Judges what is found in the store, and the result. Of the same program as the prover.
    pub verifier: &'a Verifier,
    /// Keeps finished segments, if an interruption is not to cost them.
    pub store: Option<&'a SegmentStore>,
}

/// Why there is no proof of the run.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum SessionFailure {
    #[error(transparent)]
    Prover(#[from] ProverError),
    #[error("aggregation failed: {0}")]
    Aggregator(#[from] AggregatorError),
    #[error("a finished part is not kept")]
    Store(#[from] StoreFailure),
    #[error("the proof does not verify, so it was not written: this is a bug, please report the input")]
    Refused(#[source] RefusedProof),
    #[error("the proof does not verify, so it was not written: this is a bug, please report the input")]
    RefusedAggregate(#[source] RefusedAggregate),
}

/// What happens in a session, as it happens.
pub enum Event<'a> {
    /// Work on a segment begins.
    Started {
        /// Its number, from 0.
        segment: usize,
    },
    /// Its job is made, and it was not finished before: it will be proven.
    Tracing,
    /// Its traces are made.
    Proving,
    /// What the store has of it is no proof of it; it will be proven again.
    Discarded {
        /// Why.
        reason: &'a str,
    },
    /// It is proven, and kept.
    Finished(&'a SegmentFigures),
    /// Recursion proofs are made: this one begins.
    Aggregating {
        /// Its circuit.
        circuit: Circuit,
    },
    /// A recursion proof is there, and kept.
    Aggregated(&'a RecursionFigures),
    /// All are proven: the whole is verified.
    Verifying,
}

/// What a segment took.
#[derive(Clone, Copy, Debug)]
pub struct SegmentFigures {
    /// Its shape.
    pub shape: Shape,
    /// Its instructions.
    pub cycles: u64,
    /// Whether its proof, or its leaf, comes from the store.
    pub resumed: bool,
    /// Executing it in the run, with the nodes of the memory tree.
    pub job: Duration,
    /// Executing it again and making its traces; 0 if resumed.
    pub trace: Duration,
    /// Proving the traces, keeping the proof included; for a resumed one, reading and verifying it.
    pub prove: Duration,
    /// Parts of `prove`.
    pub phases: Phases,
}

impl SegmentFigures {
    /// Of a segment whose job was made in this time.
    pub(crate) fn of(job: &SegmentJob, making: Duration) -> Self {
        Self {
            shape: job.shape,
            cycles: job.input.cycles,
            resumed: false,
            job: making,
            trace: Duration::ZERO,
            prove: Duration::ZERO,
            phases: Phases::default(),
        }
    }
}

/// What is done with a job. The duration is the time that making it took.
pub(crate) type JobWork<'w> =
    dyn FnMut(&SegmentJob, Duration, &mut dyn FnMut(Event<'_>)) -> Result<(), SessionFailure> + 'w;

/// A proof of a run that was verified.
pub struct ProvenRun {
    /// The proof.
    pub proof: RunProof,
    /// What its segments took, in order.
    pub segments: Vec<SegmentFigures>,
    /// What they are called in the store.
    pub ids: Vec<SegmentId>,
    /// Time to verify it.
    pub verify: Duration,
}

impl Session<'_> {
    /// Proves a run that commits the hash of `output`.
    pub fn prove(
        &self,
        plan: &Plan<'_>,
        output: Vec<u8>,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<ProvenRun, SessionFailure> {
        let (mut proofs, mut segments, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        self.each_job(plan, on_event, &mut |job, making, on_event| {
            let id = SegmentId::new(self.verifier.program_key(), job);
            let (proof, figures) = self.proven_segment(job, &id, making, on_event)?;
            on_event(Event::Finished(&figures));
            proofs.push(proof);
            segments.push(figures);
            ids.push(id);
            Ok(())
        })?;
        on_event(Event::Verifying);
        let proof = RunProof { program_key: self.verifier.program_key(), output, segments: proofs };
        let start = Instant::now();
        self.verifier.verify(&proof).map_err(SessionFailure::Refused)?;
        Ok(ProvenRun { proof, segments, ids, verify: start.elapsed() })
    }

    /// Hands over the jobs of the plan, one after the other, with the time that making each took.
    pub(crate) fn each_job(
        &self,
        plan: &Plan<'_>,
        on_event: &mut dyn FnMut(Event<'_>),
        work: &mut JobWork<'_>,
    ) -> Result<(), SessionFailure> {
        let mut jobs = plan.jobs();
        for segment in 0.. {
            let start = Instant::now();
            if segment < plan.metering.segments.len() {
                on_event(Event::Started { segment });
            }
            let Some(job) = jobs.next().transpose()? else { break };
            work(&job, start.elapsed(), on_event)?;
        }
        Ok(())
    }

    /// The job's proof, from the store or made now.
    pub(crate) fn proven_segment(
        &self,
        job: &SegmentJob,
        id: &SegmentId,
        making: Duration,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(SegmentProof, SegmentFigures), SessionFailure> {
        let figures = SegmentFigures::of(job, making);
        match self.resume(job, id, figures, on_event)? {
            Some(resumed) => Ok(resumed),
            None => self.segment(job, id, figures, on_event),
        }
    }

    /// The job's proof from the store, if it is one.
    fn resume(
        &self,
        job: &SegmentJob,
        id: &SegmentId,
        mut figures: SegmentFigures,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<(SegmentProof, SegmentFigures)>, SessionFailure> {
        let Some(store) = self.store else { return Ok(None) };
        let start = Instant::now();
        let reason = match store.load(id)? {
            Stored::Nothing => return Ok(None),
            Stored::Damaged(reason) => reason,
            Stored::<SegmentProof>::Proof(proof)
                if proof.end != job.end || proof.shape != shape_number(&job.shape) =>
            {
                "it is the proof of another segment".into()
            }
            Stored::Proof(proof) => match self.verifier.verify_segment(job.number, &job.start, &proof) {
                Ok(()) => {
                    (figures.resumed, figures.prove) = (true, start.elapsed());
                    return Ok(Some((*proof, figures)));
                }
                Err(refused) => refused.to_string(),
            },
        };
        on_event(Event::Discarded { reason: &reason });
        Ok(None)
    }

    /// The job's proof, made now.
    fn segment(
        &self,
        job: &SegmentJob,
        id: &SegmentId,
        mut figures: SegmentFigures,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(SegmentProof, SegmentFigures), SessionFailure> {
        on_event(Event::Tracing);
        let start = Instant::now();
        let traces = self.prover.trace(job)?;
        figures.trace = start.elapsed();
        on_event(Event::Proving);
        let start = Instant::now();
        let (proof, phases) = self.prover.prove(job, &traces)?;
        if let Some(store) = self.store {
            store.save(id, &proof)?;
        }
        (figures.prove, figures.phases) = (start.elapsed(), phases);
        Ok((proof, figures))
    }
}

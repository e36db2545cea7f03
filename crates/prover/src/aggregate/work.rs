//! Recursion proofs of a session: from the store if they are there and good, otherwise made and kept.

use std::time::{Duration, Instant};

use ashlar_verifier::Circuit;
use ashlar_verifier::config::Config;
use p3_batch_stark::BatchProof;

use super::aggregator::{Aggregator, RecursionPhases};
use super::task::{Task, TaskId};
use crate::session::{Event, SessionFailure};
use crate::store::{SegmentStore, Stored};

/// What a recursion proof took.
#[derive(Clone, Copy, Debug)]
pub struct RecursionFigures {
    /// Its circuit.
    pub circuit: Circuit,
    /// Whether it comes from the store.
    pub resumed: bool,
    /// All of it; for a resumed one, reading and verifying it.
    pub time: Duration,
    /// Parts of it.
    pub phases: RecursionPhases,
}

/// Tasks under way, with what they took so far.
pub(super) struct Work<'a> {
    pub(super) aggregator: &'a Aggregator,
    store: Option<&'a SegmentStore>,
    /// In the order in which they were made.
    pub(super) figures: Vec<RecursionFigures>,
    /// What they are called in the store.
    pub(super) ids: Vec<String>,
}

impl<'a> Work<'a> {
    pub(super) const fn new(aggregator: &'a Aggregator, store: Option<&'a SegmentStore>) -> Self {
        Self { aggregator, store, figures: Vec::new(), ids: Vec::new() }
    }

    /// The task's proof of these inputs.
    pub(super) fn proof(
        &mut self,
        task: &Task,
        inputs: &[BatchProof<Config>],
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<BatchProof<Config>, SessionFailure> {
        match self.kept(task, on_event)? {
            Some((proof, time)) => {
                self.record(task, true, time, RecursionPhases::default(), on_event);
                Ok(proof)
            }
            None => self.prove(task, inputs, on_event),
        }
    }

    /// The task's proof from the store, if it is one, with the time to read and verify it. Not yet in the figures.
    pub(super) fn kept(
        &mut self,
        task: &Task,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<(BatchProof<Config>, Duration)>, SessionFailure> {
        let Some(store) = self.store else { return Ok(None) };
        let id = TaskId::new(self.aggregator.keys(), task);
        let start = Instant::now();
        let reason = match store.load(&id)? {
            Stored::Nothing => return Ok(None),
            Stored::Damaged(reason) => reason,
            Stored::<BatchProof<Config>>::Proof(proof) => {
                let verifier = self.aggregator.verifier();
                match verifier.verify_claim(task.circuit(), &task.claim(&verifier.root()), &proof) {
                    Ok(()) => {
                        self.ids.push(id.to_string());
                        return Ok(Some((*proof, start.elapsed())));
                    }
                    Err(refused) => refused.to_string(),
                }
            }
        };
        on_event(Event::Discarded { reason: &reason });
        Ok(None)
    }

    /// The task's proof, made now and kept.
    pub(super) fn prove(
        &mut self,
        task: &Task,
        inputs: &[BatchProof<Config>],
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<BatchProof<Config>, SessionFailure> {
        on_event(Event::Aggregating { circuit: task.circuit() });
        let start = Instant::now();
        let (proof, phases) = self.aggregator.prove(task, inputs)?;
        if let Some(store) = self.store {
            let id = TaskId::new(self.aggregator.keys(), task);
            store.save(&id, &proof)?;
            self.ids.push(id.to_string());
        }
        self.record(task, false, start.elapsed(), phases, on_event);
        Ok(proof)
    }

    pub(super) fn record(
        &mut self,
        task: &Task,
        resumed: bool,
        time: Duration,
        phases: RecursionPhases,
        on_event: &mut dyn FnMut(Event<'_>),
    ) {
        let figures = RecursionFigures { circuit: task.circuit(), resumed, time, phases };
        on_event(Event::Aggregated(&figures));
        self.figures.push(figures);
    }
}

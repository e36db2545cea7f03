//! How far a proof is.

use ashlar_prover::{Event, Workload};
use std::{
    fmt::{self, Display, Formatter},
    time::{Duration, Instant},
};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The batch is executed in the guest.
    Executing,
    /// A segment is proven.
    Segment {
        /// Which, from 1.
        number: usize,
        /// Of how many.
        of: usize,
    },
    /// A recursion proof is made.
    Recursion {
        /// Which, from 1.
        number: usize,
        /// Of how many.
        of: usize,
    },
    /// The final proof is made.
    Final,
}

impl Display for Phase {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executing => out.write_str("executing"),
            Self::Segment { number, of } => write!(out, "segment {number} of {of}"),
            Self::Recursion { number, of } => write!(out, "recursion proof {number} of {of}"),
            Self::Final => out.write_str("final proof"),
        }
    }
}

/// How far the proof of a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The batch.
    pub batch: u64,
    /// What is being done.
    pub phase: Phase,
    /// How much is done, in units that take about the same time each; at most `total`.
    pub done: u64,
    /// How much there is to do; 0 while that is not known.
    pub total: u64,
    /// How long what is left takes at the speed so far; `None` before the first part is proven.
    pub left: Option<Duration>,
}

/// Follows the events of a proof.
#[derive(Debug)]
pub(crate) struct Tracker {
    batch: u64,
    phase: Phase,
    work: Workload,
    /// When the part that is being made was begun.
    since: Option<Instant>,
}

impl Tracker {
    pub(crate) fn new(batch: u64) -> Self {
        Self { batch, phase: Phase::Executing, work: Workload::default(), since: None }
    }

    /// The parts of the proof are known.
    pub(crate) fn start(&mut self, work: Workload) {
        self.work = work;
    }

    pub(crate) fn on_event(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { .. } => {
                let (done, of) = self.work.segment_count();
                self.begin(Phase::Segment { number: done + 1, of });
            }
            Event::Aggregating { .. } => {
                let (done, of) = self.work.recursion_count();
                self.begin(Phase::Recursion { number: done + 1, of });
            }
            Event::Finished(figures) => {
                self.work.segment_is_done(figures);
                self.since = None;
            }
            Event::Aggregated(figures) => {
                self.work.recursion_is_done(figures);
                self.since = None;
            }
            Event::Tracing | Event::Proving | Event::Discarded { .. } | Event::Verifying => {}
        }
    }

    pub(crate) fn begin(&mut self, phase: Phase) {
        (self.phase, self.since) = (phase, Some(Instant::now()));
    }

    pub(crate) fn progress(&self) -> Progress {
        let spent = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        Progress {
            batch: self.batch,
            phase: self.phase,
            done: self.work.weight_done(),
            total: self.work.weight(),
            left: self.work.time_left().map(|left| left.saturating_sub(spent)),
        }
    }
}

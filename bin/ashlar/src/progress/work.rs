//! The proofs that are to be made, and how long what is left of them takes.

use ashlar_prover::{SegmentFigures, aggregate::RecursionFigures};
use ashlar_verifier::Circuit;
use ashlar_vm::{Metering, SHAPES, Segment};
use std::time::Duration;

/// Cells of a segment that take about the time of one recursion proof, for as long as none was measured.
const RECURSION_CELLS: u64 = 28_000_000;

/// Recursion proofs that take about the time of a final proof.
const FINAL_RECURSIONS: u64 = 16;

/// One proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Of a segment: the time that it takes goes with its cells.
    Segment { cells: u64 },
    /// Of a circuit: all of them take the same time.
    Recursion(Circuit),
    /// The two last layers.
    Final,
}

/// All proofs, in the order in which they are made, and what those took that were made now.
#[derive(Default)]
pub(crate) struct Work {
    items: Vec<Item>,
    finished: usize,
    /// Cells of segments, and time.
    segments: (u64, Duration),
    /// Recursion proofs, and time without that for circuits.
    recursion: (u32, Duration),
    /// Circuits that were made, and time.
    circuits: (Vec<Circuit>, Duration),
}

impl Work {
    pub(crate) fn new(items: Vec<Item>) -> Self {
        Self { items, ..Self::default() }
    }

    /// The segments of a run.
    pub(crate) fn segments(metering: &Metering) -> Self {
        Self::new(metering.segments.iter().map(segment).collect())
    }

    /// The segments of a run and all recursion proofs up to its statement. Ranges of the same length are folded as soon as
    /// they are adjacent, the others at the end.
    pub(crate) fn aggregation(metering: &Metering) -> Self {
        let mut items = Vec::new();
        for (number, part) in (1_usize..).zip(&metering.segments) {
            let shape = SHAPES.iter().position(|shape| Some(*shape) == part.shape).unwrap_or_default();
            items.extend([segment(part), Item::Recursion(Circuit::Leaf(shape as u8))]);
            let folds = number.trailing_zeros() as usize;
            items.extend(vec![Item::Recursion(Circuit::Fold); folds]);
        }
        let waiting = metering.segments.len().count_ones() as usize;
        items.extend(vec![Item::Recursion(Circuit::Fold); waiting.saturating_sub(1)]);
        items.push(Item::Recursion(Circuit::Finish));
        Self::new(items)
    }

    /// Joining so many proofs.
    pub(crate) fn joins(proofs: usize) -> Self {
        Self::new(vec![Item::Recursion(Circuit::Join); proofs.saturating_sub(1)])
    }

    /// A segment is proven; returns its weight.
    pub(crate) fn segment_is_done(&mut self, figures: &SegmentFigures) -> u64 {
        if !figures.resumed {
            self.segments.0 += figures.shape.cells();
            self.segments.1 += figures.job + figures.trace + figures.prove;
        }
        self.next_is_done()
    }

    /// A recursion proof is there; returns its weight.
    pub(crate) fn recursion_is_done(&mut self, figures: &RecursionFigures) -> u64 {
        let RecursionFigures { circuit, resumed, time, phases } = figures;
        if !resumed {
            self.recursion.0 += 1;
            self.recursion.1 += time.saturating_sub(phases.set_up);
            if !self.circuits.0.contains(circuit) {
                self.circuits.0.push(*circuit);
                self.circuits.1 += phases.set_up;
            }
        }
        self.next_is_done()
    }

    /// A final proof comes last.
    pub(crate) fn then_final(&mut self) {
        self.items.push(Item::Final);
    }

    /// The final proof is there; returns its weight.
    pub(crate) fn final_is_done(&mut self) -> u64 {
        self.next_is_done()
    }

    fn next_is_done(&mut self) -> u64 {
        let weight = self.items.get(self.finished).map_or(0, Item::weight);
        self.finished += 1;
        weight
    }

    /// Weight of all proofs.
    pub(crate) fn weight(&self) -> u64 {
        self.items.iter().map(Item::weight).sum()
    }

    /// Finished segments, and all of them.
    pub(crate) fn segment_count(&self) -> (usize, usize) {
        self.count(|item| matches!(item, Item::Segment { .. }))
    }

    /// Finished recursion proofs, and all of them.
    pub(crate) fn recursion_count(&self) -> (usize, usize) {
        self.count(|item| matches!(item, Item::Recursion(_)))
    }

    fn count(&self, is_counted: impl Fn(&Item) -> bool) -> (usize, usize) {
        let count = |items: &[Item]| items.iter().filter(|item| is_counted(item)).count();
        (count(self.items.get(..self.finished).unwrap_or(&self.items)), count(&self.items))
    }

    /// At the speed so far: none before the first proof is made, and after the last.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let left = self.items.get(self.finished..).filter(|left| !left.is_empty())?;
        let per_cell = (self.segments.0 > 0).then(|| self.segments.1.as_secs_f64() / self.segments.0 as f64);
        let per_proof =
            (self.recursion.0 > 0).then(|| self.recursion.1.as_secs_f64() / f64::from(self.recursion.0));
        // The one stands in for the other until that is measured.
        let cells = RECURSION_CELLS as f64;
        let (per_cell, per_proof) = (
            per_cell.or_else(|| per_proof.map(|time| time / cells))?,
            per_proof.or_else(|| per_cell.map(|time| time * cells))?,
        );
        let (made, time) = &self.circuits;
        let per_circuit = time.as_secs_f64() / made.len().max(1) as f64;
        let (mut made, mut seconds) = (made.clone(), 0.0);
        for item in left {
            match item {
                Item::Segment { cells } => seconds += per_cell * *cells as f64,
                Item::Recursion(circuit) => {
                    seconds += per_proof;
                    if !made.contains(circuit) {
                        made.push(*circuit);
                        seconds += per_circuit;
                    }
                }
                Item::Final => seconds += per_proof * FINAL_RECURSIONS as f64,
            }
        }
        Some(Duration::from_secs_f64(seconds))
    }
}

impl Item {
    const fn weight(&self) -> u64 {
        match self {
            Self::Segment { cells } => *cells,
            Self::Recursion(_) => RECURSION_CELLS,
            Self::Final => FINAL_RECURSIONS * RECURSION_CELLS,
        }
    }
}

fn segment(segment: &Segment) -> Item {
    Item::Segment { cells: segment.cells() }
}

//! The proofs that are to be made, and how long what is left of them takes.

use std::time::Duration;

use ashlar_verifier::Circuit;
use ashlar_vm::{Metering, SHAPES, Segment};

use crate::aggregate::RecursionFigures;
use crate::session::SegmentFigures;

/// Cells of a segment that take about the time of one recursion proof, for as long as none was measured.
const RECURSION_CELLS: u64 = 28_000_000;

/// Recursion proofs that take about the time of a final proof.
const FINAL_RECURSIONS: u64 = 16;

/// One proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    /// Of a segment: the time that it takes goes with its cells.
    Segment { cells: u64 },
    /// Of a circuit: all of them take the same time.
    Recursion(Circuit),
    /// The two last layers.
    Final,
}

/// All proofs, in the order in which they are made, and what those took that were made now.
#[derive(Debug, Default)]
pub struct Workload {
    items: Vec<Item>,
    finished: usize,
    /// Cells of segments, and time.
    segments: (u64, Duration),
    /// Recursion proofs, and time without that for circuits.
    recursion: (u32, Duration),
    /// Circuits that were made, and time.
    circuits: (Vec<Circuit>, Duration),
}

impl Workload {
    fn of(items: Vec<Item>) -> Self {
        Self { items, ..Self::default() }
    }

    /// The segments of a run.
    pub fn segments(metering: &Metering) -> Self {
        Self::of(metering.segments.iter().map(segment).collect())
    }

    /// The segments of a run and all recursion proofs up to its statement. Ranges of the same length are folded as soon as
    /// they are adjacent, the others at the end.
    pub fn aggregation(metering: &Metering) -> Self {
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
        Self::of(items)
    }

    /// Joining so many proofs.
    pub fn joins(proofs: usize) -> Self {
        Self::of(vec![Item::Recursion(Circuit::Join); proofs.saturating_sub(1)])
    }

    /// A segment is proven; returns its weight.
    pub fn segment_is_done(&mut self, figures: &SegmentFigures) -> u64 {
        if !figures.resumed {
            self.segments.0 += figures.shape.cells();
            self.segments.1 += figures.job + figures.trace + figures.prove;
        }
        self.next_is_done()
    }

    /// A recursion proof is there; returns its weight.
    pub fn recursion_is_done(&mut self, figures: &RecursionFigures) -> u64 {
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
    pub fn then_final(&mut self) {
        self.items.push(Item::Final);
    }

    /// The final proof is there; returns its weight.
    pub fn final_is_done(&mut self) -> u64 {
        self.next_is_done()
    }

    fn next_is_done(&mut self) -> u64 {
        let weight = self.items.get(self.finished).map_or(0, Item::weight);
        self.finished += 1;
        weight
    }

    /// Weight of all proofs.
    pub fn weight(&self) -> u64 {
        self.items.iter().map(Item::weight).sum()
    }

    /// Weight of the finished ones.
    pub fn weight_done(&self) -> u64 {
        self.items.get(..self.finished).unwrap_or(&self.items).iter().map(Item::weight).sum()
    }

    /// Finished segments, and all of them.
    pub fn segment_count(&self) -> (usize, usize) {
        self.count(|item| matches!(item, Item::Segment { .. }))
    }

    /// Finished recursion proofs, and all of them.
    pub fn recursion_count(&self) -> (usize, usize) {
        self.count(|item| matches!(item, Item::Recursion(_)))
    }

    fn count(&self, is_counted: impl Fn(&Item) -> bool) -> (usize, usize) {
        let count = |items: &[Item]| items.iter().filter(|item| is_counted(item)).count();
        (count(self.items.get(..self.finished).unwrap_or(&self.items)), count(&self.items))
    }

    /// At the speed so far: none before the first proof is made, and after the last.
    pub fn time_left(&self) -> Option<Duration> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::RecursionPhases;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A segment of the smallest shape.
    fn segment(resumed: bool, time: u64) -> SegmentFigures {
        SegmentFigures {
            shape: SHAPES[0],
            cycles: 1,
            resumed,
            job: Duration::ZERO,
            trace: Duration::ZERO,
            prove: seconds(time),
            phases: Default::default(),
        }
    }

    fn recursion(circuit: Circuit, set_up: u64, time: u64) -> RecursionFigures {
        let phases = RecursionPhases { set_up: seconds(set_up), ..RecursionPhases::default() };
        RecursionFigures { circuit, resumed: false, time: seconds(set_up + time), phases }
    }

    #[test]
    fn time_left_goes_with_the_cells_that_are_left() {
        let cells = SHAPES[0].cells();
        let segments = [cells, cells, 3 * cells, 2 * cells].map(|cells| Item::Segment { cells });
        let mut work = Workload::of(segments.to_vec());
        work.segment_is_done(&segment(true, 100));
        assert_eq!(work.time_left(), None, "nothing was proven yet");
        work.segment_is_done(&segment(false, 5));
        assert_eq!(work.time_left(), Some(seconds(25)));
        assert_eq!((work.weight_done(), work.weight()), (2 * cells, 7 * cells));
        for _ in 0..2 {
            work.segment_is_done(&segment(false, 5));
        }
        assert_eq!(work.time_left(), None, "nothing is left");
    }

    #[test]
    fn time_left_counts_recursion_proofs_and_circuits_that_are_not_made_yet() {
        let cells = SHAPES[0].cells();
        let leaf = Circuit::Leaf(0);
        let part = [Item::Segment { cells }, Item::Recursion(leaf)];
        let folds = [Item::Recursion(Circuit::Fold), Item::Recursion(Circuit::Finish)];
        let mut work = Workload::of([&part[..], &part, &folds].concat());
        work.segment_is_done(&segment(false, 10));
        let guessed = work.time_left().unwrap();
        assert!(guessed > seconds(10), "recursion proofs count before one is measured: {guessed:?}");
        work.recursion_is_done(&recursion(leaf, 1, 3));
        // A segment, a leaf, and two circuits to be made with their proofs.
        assert_eq!(work.time_left(), Some(seconds(10 + 3 + 2 * (1 + 3))));
        assert_eq!((work.segment_count(), work.recursion_count()), ((1, 2), (1, 4)));
        work.segment_is_done(&segment(true, 0));
        for circuit in [leaf, Circuit::Fold] {
            work.recursion_is_done(&recursion(circuit, 1, 3));
        }
        assert_eq!(work.time_left(), Some(seconds(4)));
    }
}

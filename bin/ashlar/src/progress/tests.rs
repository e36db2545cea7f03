//! Words, and time that is left.

use super::{
    words,
    work::{Item, Work},
};
use ashlar_prover::{
    SegmentFigures,
    aggregate::{RecursionFigures, RecursionPhases},
};
use ashlar_verifier::Circuit;
use ashlar_vm::SHAPES;
use std::time::Duration;

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
fn durations_are_words() {
    for (seconds, text) in [(0.25, "0.2 s"), (42.9, "42 s"), (125.0, "2 min 05 s"), (7_500.0, "2 h 05 min")] {
        assert_eq!(words(Duration::from_secs_f64(seconds)), text);
    }
}

#[test]
fn time_left_goes_with_the_cells_that_are_left() {
    let cells = SHAPES[0].cells();
    let segments = [cells, cells, 3 * cells, 2 * cells].map(|cells| Item::Segment { cells });
    let mut work = Work::new(segments.to_vec());
    work.segment_is_done(&segment(true, 100));
    assert_eq!(work.time_left(), None, "nothing was proven yet");
    work.segment_is_done(&segment(false, 5));
    assert_eq!(work.time_left(), Some(seconds(25)));
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
    let mut work = Work::new([&part[..], &part, &folds].concat());
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

//! Cutting a run where proving it is cheapest.

use ashlar_machine::{ABSENT, SHAPES};

use crate::touched::Touched;
use crate::{Metering, Options, Program, Rows, Run, RunError, Segment, SegmentLimits, Shape, meter};

/// What a segment costs beside its cells, in cells: grinding, queries, and above all its share of the aggregation.
const SEGMENT_CELLS: u64 = 40_000_000;

/// Most cycles of a piece that segments are joined from. Of anything else it has no more than the smallest shape holds.
const PIECE_CYCLES: u64 = 1 << 14;

/// Runs a program to its `HALT` and cuts the run into segments of the known shapes such that they cost the least cells.
/// Same input, same segments.
///
/// The run is metered in small pieces; among all ways to join neighbouring pieces that fit a shape the cheapest is found
/// by dynamic programming. Where a piece alone fits no shape, which takes calls that no shape has together, the run is cut
/// as [`meter`] does.
pub fn meter_cheapest(
    program: &Program,
    hints: &[u32],
    options: Options<'_>,
) -> Result<(Run, Metering), RunError> {
    let (run, pieces) = pieces(program, hints, options)?;
    let segments = join(&pieces, &SHAPES);
    if segments.iter().any(|segment| segment.shape.is_none()) {
        return meter(
            program,
            hints,
            Options { cycles_max: Some(run.cycles), on_log: None },
            SegmentLimits::default(),
        );
    }
    Ok((run, Metering { segments }))
}

/// The run in pieces. They may have every call.
fn pieces(program: &Program, hints: &[u32], options: Options<'_>) -> Result<(Run, Vec<Segment>), RunError> {
    let heights = SHAPES[0].heights.map(|height| if height == ABSENT { 9 } else { height });
    let limits = SegmentLimits { cycles: PIECE_CYCLES, shapes: vec![Shape { name: "piece", heights }] };
    let (run, metering) = meter(program, hints, options, limits)?;
    Ok((run, metering.segments))
}

/// The best way to reach the end of a piece.
#[derive(Clone, Copy)]
struct Best {
    cells: u64,
    /// First piece of the last segment.
    first: usize,
    shape: Option<Shape>,
    rows: Rows,
    pages_written: u32,
}

/// Joins neighbouring pieces to segments of these shapes that cost the least cells together.
fn join(pieces: &[Segment], shapes: &[Shape]) -> Vec<Segment> {
    let mut shapes = shapes.to_vec();
    shapes.sort_by_key(Shape::cells);
    // Per piece, the best way to end with it; the first entry is the start.
    let mut best: Vec<Option<Best>> = vec![None; pieces.len() + 1];
    let mut touched = Touched::new();
    for first in 0..pieces.len() {
        let so_far = if first == 0 { 0 } else { best[first].map_or(u64::MAX, |best| best.cells) };
        touched.clear();
        let (mut rows, mut pages_written) = (Rows::BASE, 0);
        for (end, piece) in (first + 1..).zip(&pieces[first..]) {
            let new = touched.touch_all(piece.accesses.iter().copied());
            pages_written += new.pages_written;
            rows = rows.plus(&piece.rows.without_memory()).plus(&new.rows());
            let shape = shapes.iter().find(|shape| rows.fit(shape)).copied();
            if shape.is_none() && end > first + 1 {
                break;
            }
            let cost = shape.as_ref().map_or_else(|| rows.cells(), Shape::cells) + SEGMENT_CELLS;
            let cells = so_far.saturating_add(cost);
            if best[end].is_none_or(|best| cells < best.cells) {
                best[end] = Some(Best { cells, first, shape, rows, pages_written });
            }
        }
    }
    trace_back(pieces, &best)
}

/// The segments of the best way to the end.
fn trace_back(pieces: &[Segment], best: &[Option<Best>]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut end = pieces.len();
    while let Some(Best { first, shape, rows, pages_written, .. }) = best[end] {
        let joined = &pieces[first..end];
        segments.push(Segment {
            start: joined[0].start.clone(),
            cycles: joined.iter().map(|piece| piece.cycles).sum(),
            rows,
            pages_written,
            accesses: Vec::new(),
            shape,
        });
        end = first;
    }
    segments.reverse();
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;
    use crate::bench::mixed_program;

    fn program() -> Program {
        Program::from_words(0x1000, &mixed_program(40_000)).expect("a program")
    }

    #[test]
    fn segments_cover_the_run_and_fit_their_shapes() {
        let (run, metering) = meter_cheapest(&program(), &[], Options::default()).expect("a run");
        let mut cycle = 0;
        for segment in &metering.segments {
            assert_eq!(segment.start.cycle, cycle);
            assert!(segment.rows.fit(&segment.shape.expect("a shape")));
            cycle = segment.end();
        }
        assert_eq!(cycle, run.cycles);
    }

    /// The counts of joined pieces are those of the same segment metered as a whole.
    #[test]
    fn joined_counts_are_those_of_the_whole() {
        let mut heights = [25; Table::COUNT];
        heights[Table::Cpu as usize] = 21;
        let whole = Shape { name: "whole", heights };
        let limits = SegmentLimits { cycles: 1 << 21, shapes: vec![whole] };
        let (_, expected) = meter(&program(), &[], Options::default(), limits).expect("a run");
        let (_, pieces) = pieces(&program(), &[], Options::default()).expect("a run");
        let joined = join(&pieces, &[whole]);
        let ([joined], [expected]) = (&joined[..], &expected.segments[..]) else {
            panic!("the program is to fit in one segment")
        };
        assert_eq!((joined.cycles, joined.rows), (expected.cycles, expected.rows));
        assert!(joined.pages_written > 0);
        assert_eq!(joined.pages_written, expected.pages_written);
    }

    #[test]
    fn cheaper_than_the_longest() {
        let (_, longest) =
            meter(&program(), &[], Options::default(), SegmentLimits::default()).expect("a run");
        let (_, cheapest) = meter_cheapest(&program(), &[], Options::default()).expect("a run");
        let cost = |metering: &Metering| metering.cells() + SEGMENT_CELLS * metering.segments.len() as u64;
        assert!(cost(&cheapest) <= cost(&longest));
    }
}

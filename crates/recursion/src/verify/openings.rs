//! From opened rows to the words that FRI folds: at each height the sum, with powers of a challenge, of all
//! (f(z) - f(x)) / (z - x).
//!
//! Rows are hashed and summed at once (`Builder::hash_rows`), which gives f(0) a^(n-1) + ... + f(n-1) with the inverse a of
//! the challenge. Neighbours in a leaf that are opened at one point only have consecutive powers, so they count as one
//! matrix.

use ashlar_circuit::Val;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use super::fri::Round;
use super::powers::Powers;
use super::shape::{MatrixShape, ProofShape};
use crate::builder::{Builder, DigestWire, Source, Step, Wire};

/// The opened values of one matrix, by point.
pub(super) type MatrixOpenings = Vec<Vec<Wire>>;

/// How the leaves of each tree are read, tree by tree, highest first.
pub(super) struct Reading {
    trees: Vec<Vec<LeafReading>>,
    heights: Vec<HeightReading>,
    inverse: Wire,
}

/// The matrices of one tree with one height.
struct LeafReading {
    log_height: usize,
    segments: Vec<Segment>,
}

/// Matrices whose elements are summed together.
struct Segment {
    width: usize,
    /// For each point, the power of the challenge that makes the sum p3's.
    weights: Vec<Wire>,
}

/// What is the same for all queries at one height.
struct HeightReading {
    log_height: usize,
    /// The domain's shift, times the scale of the points.
    shift: Wire,
    points: Vec<PointReading>,
}

/// Signs are changed, here and in the distance, because sums of products are cheaper than differences.
struct PointReading {
    /// Minus the point.
    point: Wire,
    /// Minus the sum of all f(z).
    sum: Wire,
}

/// The rows of one query.
pub(super) struct Rows {
    /// By tree and leaf: the digest and each segment's sum.
    leaves: Vec<Vec<(DigestWire, Vec<Wire>)>>,
}

impl Reading {
    /// Prepares what all queries have in common. Opened values are by tree and matrix.
    pub(super) fn new(
        builder: &mut Builder,
        shape: &ProofShape,
        openings: &[Vec<MatrixOpenings>],
        zeta: Wire,
        alpha: &mut Powers,
        rounds: &[Round],
    ) -> Self {
        let inverse = builder.inverse(alpha.base());
        let mut heights: Vec<_> = shape
            .input_heights()
            .into_iter()
            .map(|log_height| HeightReading::new(builder, shape, log_height, zeta, rounds))
            .collect();
        let mut ladders = vec![0; heights.len()];
        let mut trees = Vec::new();
        for (tree, openings) in shape.trees.iter().zip(openings) {
            let mut leaves = Vec::new();
            for log_height in tree.heights() {
                let Some(place) = heights.iter().position(|height| height.log_height == log_height) else {
                    continue;
                };
                let matrices: Vec<_> = tree
                    .at_height(log_height)
                    .map(|(i, matrix)| (matrix, openings.get(i).map_or(&[][..], Vec::as_slice)))
                    .collect();
                let (height, ladder) = (&mut heights[place], &mut ladders[place]);
                let segments = height.segments(builder, &matrices, ladder, alpha);
                leaves.push(LeafReading { log_height, segments });
            }
            trees.push(leaves);
        }
        let minus_one = builder.constant(Val::NEG_ONE);
        for point in heights.iter_mut().flat_map(|height| &mut height.points) {
            point.sum = builder.mul(point.sum, minus_one);
        }
        Self { trees, heights, inverse }
    }

    /// Reads and hashes the rows of one query.
    pub(super) fn rows(&self, builder: &mut Builder, source: Source) -> Rows {
        let leaf = |builder: &mut Builder, leaf: &LeafReading| {
            let widths: Vec<_> = leaf.segments.iter().map(|segment| segment.width).collect();
            builder.hash_rows(source, &widths, self.inverse)
        };
        let leaves =
            self.trees.iter().map(|tree| tree.iter().map(|of_height| leaf(builder, of_height)).collect());
        Rows { leaves: leaves.collect() }
    }

    /// The Merkle path of one tree, from its leaf to its cap.
    pub(super) fn steps(
        &self,
        shape: &ProofShape,
        tree: usize,
        rows: &Rows,
        bits: &[Wire],
    ) -> Option<(DigestWire, Vec<Step>)> {
        let heights = self.trees.get(tree)?;
        let leaves = rows.leaves.get(tree)?;
        let mut below = heights.iter().map(|leaf| leaf.log_height).zip(leaves).peekable();
        let (top, (first, _)) = below.next()?;
        let mut steps = Vec::new();
        for log_height in (shape.cap_height()..top).rev() {
            steps.push(Step::Up(*bits.get(shape.log_height - log_height - 1)?));
            if let Some((_, (digest, _))) = below.next_if(|(height, _)| *height == log_height) {
                steps.push(Step::Inject(*digest));
            }
        }
        Some((*first, steps))
    }

    /// What is folded, by height; `points` has the query's point at each height, without the domain's shift
    /// and over the scale of its round.
    pub(super) fn reduce(&self, builder: &mut Builder, rows: &Rows, points: &[Wire]) -> Vec<Wire> {
        let mut reduced = Vec::new();
        for (height, point) in self.heights.iter().zip(points) {
            let mut sums: Vec<_> = height.points.iter().map(|point| point.sum).collect();
            for (tree, leaves) in self.trees.iter().zip(&rows.leaves) {
                let of_height =
                    tree.iter().zip(leaves).filter(|(leaf, _)| leaf.log_height == height.log_height);
                for (leaf, (_, values)) in of_height {
                    for (segment, value) in leaf.segments.iter().zip(values) {
                        for (sum, weight) in sums.iter_mut().zip(&segment.weights) {
                            *sum = builder.mul_add(*weight, *value, *sum);
                        }
                    }
                }
            }
            let mut total = builder.zero();
            for (opened, sum) in height.points.iter().zip(sums) {
                // No proof has a query's point among the opened ones.
                let distance = builder.mul_add(height.shift, *point, opened.point);
                let inverse = builder.inverse(distance);
                total = builder.mul_add(sum, inverse, total);
            }
            reduced.push(total);
        }
        reduced
    }
}

impl HeightReading {
    fn new(
        builder: &mut Builder,
        shape: &ProofShape,
        log_height: usize,
        zeta: Wire,
        rounds: &[Round],
    ) -> Self {
        let mut shift = builder.constant(Val::GENERATOR);
        if let Some(scale) = Round::scale(rounds, shape.log_height - log_height) {
            shift = builder.mul(shift, scale);
        }
        let zero = builder.zero();
        let opens_next =
            shape.trees.iter().any(|tree| tree.at_height(log_height).any(|(_, matrix)| matrix.opens_next));
        let minus_one = builder.constant(Val::NEG_ONE);
        let next = -Val::two_adic_generator(log_height - shape.parameters.log_blowup);
        let mut points = vec![builder.mul(zeta, minus_one)];
        if opens_next {
            let next = builder.constant(next);
            points.push(builder.mul(zeta, next));
        }
        let points = points.into_iter().map(|point| PointReading { point, sum: zero });
        Self { log_height, shift, points: points.collect() }
    }

    /// Adds the matrices of a leaf to the sums, and says how its rows are read.
    fn segments(
        &mut self,
        builder: &mut Builder,
        matrices: &[(&MatrixShape, &[Vec<Wire>])],
        ladder: &mut usize,
        alpha: &mut Powers,
    ) -> Vec<Segment> {
        let mut segments = Vec::new();
        let same = |a: &(&MatrixShape, _), b: &(&MatrixShape, _)| !a.0.opens_next && !b.0.opens_next;
        for group in matrices.chunk_by(same) {
            let width: usize = group.iter().map(|(matrix, _)| matrix.width).sum();
            let mut weights = Vec::new();
            let opened = group.first().map_or(0, |(_, values)| values.len());
            for (i, point) in self.points.iter_mut().enumerate().take(opened) {
                let values: Vec<_> =
                    group.iter().filter_map(|(_, values)| values.get(i)).flatten().copied().collect();
                let start = *ladder;
                *ladder += width;
                let sum = horner(builder, &values, alpha.base());
                let power = alpha.get(builder, start);
                point.sum = builder.mul_add(power, sum, point.sum);
                weights.push(alpha.sum(builder, start, width.saturating_sub(1)));
            }
            segments.push(Segment { width, weights });
        }
        segments
    }
}

/// values(0) + values(1) x + ...
pub(super) fn horner(builder: &mut Builder, values: &[Wire], x: Wire) -> Wire {
    let mut values = values.iter().rev();
    let first = values.next().copied().unwrap_or_else(|| builder.zero());
    values.fold(first, |sum, value| builder.mul_add(sum, x, *value))
}

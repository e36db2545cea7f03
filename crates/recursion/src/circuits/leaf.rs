//! The circuits that verify segments.

use ashlar_machine::{Shape, Table};
use ashlar_verifier::config::SEGMENT;

use super::CircuitError;
use super::claim::{self, BoundaryWires};
use super::{segment_shape, shape_of_leaf};
use crate::builder::{Builder, Source, Wire};
use crate::verify;

/// Where the segment's proof comes from.
const SEGMENT_PROOF: Source = Source(0);
/// Where the claim comes from.
const CLAIM: Source = Source(1);

/// Verifies a segment of one shape, and claims its range.
pub(super) fn leaf(builder: &mut Builder, number: u8) -> Result<(), CircuitError> {
    let shape = shape_of_leaf(number).ok_or(CircuitError::UnknownShape { shape: number })?;
    builder.label("claim");
    let circuits = claim::words(builder, CLAIM);
    let start = claim::boundary(builder, CLAIM);
    let end = claim::boundary(builder, CLAIM);
    let initial_root = claim::words(builder, CLAIM);
    let cap = claim::cap(builder, CLAIM, SEGMENT.cap_height);
    let entry = claim::base(builder, CLAIM);
    let program_key = claim::program_key(builder, initial_root, &cap, entry);
    let claimed = claim::range_claim(builder, circuits, program_key, &start, &end);
    let values = public_values(builder, shape, &start, &end);
    verify::verify(builder, SEGMENT_PROOF, &segment_shape(shape)?, Some(&cap), &values)?;
    claim::publish(builder, claimed);
    Ok(())
}

/// The public values of the tables, as `ashlar_verifier::public_values` has them. The exit code is always 0.
fn public_values(
    builder: &mut Builder,
    shape: &Shape,
    start: &BoundaryWires,
    end: &BoundaryWires,
) -> Vec<Vec<Wire>> {
    let zero = builder.zero();
    let mut both = |a, b| [claim::elements(builder, a), claim::elements(builder, b)].concat();
    let roots = both(start.root, end.root);
    let digests = both(start.digest, end.digest);
    let values = shape.tables().map(|table| match table {
        Table::Cpu => vec![start.pc, end.pc, zero, zero],
        Table::Node => roots.clone(),
        Table::Commit => digests.clone(),
        _ => Vec::new(),
    });
    values.collect()
}

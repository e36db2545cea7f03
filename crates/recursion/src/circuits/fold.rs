//! The circuits that verify proofs of this layer: of ranges, and of trees of statements.

use ashlar_machine::Val;
use ashlar_machine::cpu::HALTED;
use ashlar_machine::hash::tag;
use ashlar_verifier::config::SEGMENT;
use p3_field::PrimeCharacteristicRing;

use super::CircuitError;
use super::claim::{self, BoundaryWires};
use super::inner::verify_inner;
use crate::builder::{Builder, Source};

/// The inner proofs.
const LEFT: Source = Source(0);
const RIGHT: Source = Source(1);
/// Where claims come from, after one or two inner proofs.
const AFTER_ONE: Source = Source(1);
const AFTER_TWO: Source = Source(2);

/// Two ranges of one program, the second starting where the first ends, are one range.
pub(super) fn fold(builder: &mut Builder) -> Result<(), CircuitError> {
    builder.label("claim");
    let circuits = claim::words(builder, AFTER_TWO);
    let program_key = claim::words(builder, AFTER_TWO);
    let [a, b, c] = [(); 3].map(|()| claim::boundary(builder, AFTER_TWO));
    let left = claim::range_claim(builder, circuits, program_key, &a, &b);
    let right = claim::range_claim(builder, circuits, program_key, &b, &c);
    let whole = claim::range_claim(builder, circuits, program_key, &a, &c);
    verify_inner(builder, LEFT, AFTER_TWO, circuits, left)?;
    verify_inner(builder, RIGHT, AFTER_TWO, circuits, right)?;
    claim::publish(builder, whole);
    Ok(())
}

/// A range from a program's start to its `HALT` is a statement.
pub(super) fn finish(builder: &mut Builder) -> Result<(), CircuitError> {
    builder.label("claim");
    let circuits = claim::words(builder, AFTER_ONE);
    let initial_root = claim::words(builder, AFTER_ONE);
    let cap = claim::cap(builder, AFTER_ONE, SEGMENT.cap_height);
    let entry = claim::base(builder, AFTER_ONE);
    let program_key = claim::program_key(builder, initial_root, &cap, entry);
    let zero = builder.zero();
    let start = BoundaryWires { root: initial_root, digest: [zero; 2], pc: entry };
    let end_root = claim::words(builder, AFTER_ONE);
    let digest = claim::words(builder, AFTER_ONE);
    let halted = builder.constant(Val::from_u32(HALTED));
    let end = BoundaryWires { root: end_root, digest, pc: halted };
    let range = claim::range_claim(builder, circuits, program_key, &start, &end);
    let statement = claim::statement(builder, program_key, digest);
    let runs = claim::runs_claim(builder, circuits, statement);
    verify_inner(builder, LEFT, AFTER_ONE, circuits, range)?;
    claim::publish(builder, runs);
    Ok(())
}

/// Two trees of statements are one.
pub(super) fn join(builder: &mut Builder) -> Result<(), CircuitError> {
    builder.label("claim");
    let circuits = claim::words(builder, AFTER_TWO);
    let [left, right] = [(); 2].map(|()| claim::words(builder, AFTER_TWO));
    let root = builder.hash(tag::STATEMENT_NODE, 16, &[left, right].concat());
    let [left_claim, right_claim] = [left, right].map(|root| claim::runs_claim(builder, circuits, root));
    let whole = claim::runs_claim(builder, circuits, root);
    verify_inner(builder, LEFT, AFTER_TWO, circuits, left_claim)?;
    verify_inner(builder, RIGHT, AFTER_TWO, circuits, right_claim)?;
    claim::publish(builder, whole);
    Ok(())
}

//! Verification of a proof of this layer inside of a circuit of this layer.

use ashlar_machine::hash::tag;
use ashlar_verifier::config::RECURSION;
use ashlar_verifier::{CIRCUIT_HEIGHTS, CIRCUITS_DEPTH};

use super::CircuitError;
use super::claim::{self, Words};
use super::layer_shape;
use crate::builder::{Builder, Source};
use crate::verify;

/// Position of the table `compress`, the one with public values.
const COMPRESS: usize = 2;

/// The proof from `source` is of a circuit under the root `circuits`, and its public values are `claim`.
pub(super) fn verify_inner(
    builder: &mut Builder,
    source: Source,
    data: Source,
    circuits: Words,
    claimed: Words,
) -> Result<(), CircuitError> {
    builder.label("circuit");
    let cap = claim::cap(builder, data, RECURSION.cap_height);
    let leaf = builder.hash(tag::CIRCUIT, 8 * cap.len(), &cap.concat());
    let root = (0..CIRCUITS_DEPTH).fold(leaf, |node, _| step(builder, data, node));
    claim::assert_same(builder, root, circuits);
    let mut values = vec![Vec::new(); CIRCUIT_HEIGHTS.len()];
    values[COMPRESS] = claim::elements(builder, claimed);
    verify::verify(builder, source, &layer_shape()?, Some(&cap), &values)?;
    Ok(())
}

/// One step up in the tree of circuits: from outside come on which side the node is, and its sibling.
fn step(builder: &mut Builder, data: Source, node: Words) -> Words {
    let bit = builder.message(data);
    let zero = builder.zero();
    builder.assert_mul_add(bit, bit, zero, bit);
    let sibling = claim::words(builder, data);
    let left: Vec<_> = (0..2).map(|i| builder.select(bit, sibling[i], node[i])).collect();
    let right: Vec<_> = (0..2).map(|i| builder.select(bit, node[i], sibling[i])).collect();
    builder.hash(tag::CIRCUIT_NODE, 16, &[left, right].concat())
}

//! The circuits of `specs/010-recursion.md`: what each verifies and claims.

mod claim;
mod fold;
mod inner;
mod inputs;
mod last;
mod leaf;
#[cfg(test)]
mod tests;

use ashlar_circuit::CircuitAir;
use ashlar_machine::air::MachineAir;
use ashlar_machine::{SHAPES, Shape};
use ashlar_verifier::config::{RECURSION, SEGMENT, SHRINK};
use ashlar_verifier::{
    CIRCUIT_HEIGHTS, CIRCUIT_OPERATIONS, Circuit, Commitment, LAST_HEIGHT, SHRINK_HEIGHTS, SHRINK_OPERATIONS,
};

pub use inputs::{
    BadInputs, CircuitInputs, FinishClaim, InnerProof, JoinClaim, LastClaim, LeafClaim, RangePair,
    ShrinkClaim, SlotClaim,
};

use thiserror::Error;

use crate::builder::{self, BuildError, Builder, CircuitShape, Layout, NarrowCircuit};
use crate::verify::{LeafSponge, ProofShape, UnsupportedShape};

/// Why a circuit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum CircuitError {
    #[error("there is no shape with number {shape}")]
    UnknownShape { shape: u8 },
    #[error(transparent)]
    Shape(#[from] UnsupportedShape),
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Heights of the tables of every circuit of this layer.
pub const LAYER: CircuitShape = CircuitShape {
    sponge: [CIRCUIT_HEIGHTS[0], CIRCUIT_HEIGHTS[1]],
    compress: CIRCUIT_HEIGHTS[2],
    arithmetic: CIRCUIT_HEIGHTS[3],
    operations: CIRCUIT_OPERATIONS,
};

/// Makes a circuit: its rows, and how their values come about.
pub fn build(circuit: Circuit) -> Result<builder::Circuit, CircuitError> {
    Ok(construct(circuit)?.finish(&LAYER)?)
}

/// The circuit before it is laid out in tables, for its figures.
pub fn construct(circuit: Circuit) -> Result<Builder, CircuitError> {
    let mut builder = Builder::new();
    match circuit {
        Circuit::Leaf(shape) => leaf::leaf(&mut builder, shape)?,
        Circuit::Fold => fold::fold(&mut builder)?,
        Circuit::Finish => fold::finish(&mut builder)?,
        Circuit::Join => fold::join(&mut builder)?,
    }
    Ok(builder)
}

/// Heights of the tables of `shrink`, which has one table of sponges.
pub const SHRINK_SHAPE: CircuitShape = CircuitShape {
    sponge: [SHRINK_HEIGHTS[0], 0],
    compress: SHRINK_HEIGHTS[1],
    arithmetic: SHRINK_HEIGHTS[2],
    operations: SHRINK_OPERATIONS,
};

/// Makes the circuit `shrink`, which verifies a proof of `finish` or `join`.
pub fn build_shrink() -> Result<builder::Circuit, CircuitError> {
    Ok(construct_shrink()?.finish(&SHRINK_SHAPE)?)
}

/// The circuit `shrink` before it is laid out, for its figures.
pub fn construct_shrink() -> Result<Builder, CircuitError> {
    let mut builder = Builder::new();
    last::shrink(&mut builder)?;
    Ok(builder)
}

/// Makes the circuit `last`, which verifies a proof of `shrink` whose fixed columns have this commitment.
pub fn build_last(shrink: &Commitment) -> Result<NarrowCircuit, CircuitError> {
    Ok(construct_last(shrink)?.finish_narrow(LAST_HEIGHT)?)
}

/// The circuit `last` before it is laid out, for its figures.
pub fn construct_last(shrink: &Commitment) -> Result<Builder, CircuitError> {
    let mut builder = Builder::with_layout(Layout::Narrow);
    last::last(&mut builder, shrink)?;
    Ok(builder)
}

/// The shape of proofs of `shrink`.
pub fn shrink_shape() -> Result<ProofShape, UnsupportedShape> {
    let airs = CircuitAir::small_layer(SHRINK_OPERATIONS);
    let shape = ProofShape::new(&SHRINK, &airs, &SHRINK_HEIGHTS.map(usize::from))?;
    Ok(shape.with_leaves(LeafSponge::Width16))
}

/// The shape of proofs of segments of a shape.
pub fn segment_shape(shape: &Shape) -> Result<ProofShape, UnsupportedShape> {
    let airs: Vec<_> = shape.tables().map(MachineAir::constraints).collect();
    let degree_bits: Vec<_> =
        shape.tables().map(|table| shape.height(table).trailing_zeros() as usize).collect();
    ProofShape::new(&SEGMENT, &airs, &degree_bits)
}

/// The one shape of proofs of this layer's circuits.
pub fn layer_shape() -> Result<ProofShape, UnsupportedShape> {
    let airs = CircuitAir::layer(CIRCUIT_OPERATIONS);
    ProofShape::new(&RECURSION, &airs, &CIRCUIT_HEIGHTS.map(usize::from))
}

/// The shape with this number.
fn shape_of_leaf(number: u8) -> Option<&'static Shape> {
    SHAPES.get(usize::from(number))
}

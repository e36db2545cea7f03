//! The circuits of the shapes of segments.

use ashlar_machine::air::MachineAir;
use ashlar_machine::{SHAPES, Shape};
use ashlar_verifier::config::SEGMENT;

use super::super::{ProofShape, verify};
use crate::builder::{Builder, Source, Usage};

fn shape(shape: &Shape) -> ProofShape {
    let airs: Vec<_> = shape.tables().map(MachineAir::constraints).collect();
    let heights: Vec<_> = shape.tables().map(|table| shape.height(table).trailing_zeros() as usize).collect();
    ProofShape::new(&SEGMENT, &airs, &heights).expect("a shape")
}

fn usage(shape: &ProofShape) -> Usage {
    let mut builder = Builder::new();
    let mut word = || builder.message(Source(1));
    let fixed: Vec<_> = (0..1 << SEGMENT.cap_height).map(|_| [word(), word()]).collect();
    let mut value = || {
        let value = builder.message(Source(1));
        builder.assert_base(value);
        value
    };
    let public_values: Vec<Vec<_>> =
        shape.tables.iter().map(|table| (0..table.public_values).map(|_| value()).collect()).collect();
    verify(&mut builder, Source(0), shape, Some(&fixed), &public_values).expect("a circuit");
    builder.usage()
}

#[test]
fn every_shape_of_a_segment_has_a_circuit() {
    for machine in &SHAPES {
        let shape = shape(machine);
        let all = usage(&shape);
        let mut fewer = shape.clone();
        fewer.parameters.queries -= 8;
        let fewer = usage(&fewer);
        let query = |all: usize, fewer: usize| (all - fewer) as f64 / 8.0;
        println!(
            "{}: {all:?}; a query: {} sponge, {} compress, {} operations",
            machine.name,
            query(all.sponge, fewer.sponge),
            query(all.compress, fewer.compress),
            query(all.operations, fewer.operations),
        );
        // Two tables of leaves and one of each other kind, with 2^15 rows and five operations in a row.
        assert!(all.sponge < 2 << 15 && all.compress < 1 << 15 && all.operations < 5 << 15);
    }
}

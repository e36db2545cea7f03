//! What proofs are worth: the least over all layers that they rest on.

use ashlar_soundness::{circuit_report, last_report, segment_report, shrink_report};
use ashlar_vm::{SHAPES, Shape};

/// What a proof rests on.
pub(crate) enum Layers {
    /// Proofs of segments of these shapes.
    Segments(Vec<Shape>),
    /// All that may be below an aggregated proof. It does not show which shapes its segments had, so whoever forges one
    /// chooses.
    Aggregate,
    /// The same, and the two last layers.
    Final,
}

/// Proven bits of the weakest layer.
pub(crate) fn security_bits(layers: Layers) -> f64 {
    match layers {
        Layers::Segments(shapes) => of_shapes(shapes),
        Layers::Aggregate => of_shapes(SHAPES.to_vec()).min(circuit_report().bits),
        Layers::Final => security_bits(Layers::Aggregate).min(shrink_report().bits).min(last_report().bits),
    }
}

fn of_shapes(shapes: Vec<Shape>) -> f64 {
    let mut known: Vec<Shape> = Vec::new();
    for shape in shapes {
        if !known.contains(&shape) {
            known.push(shape);
        }
    }
    known.iter().map(|shape| segment_report(shape).bits).fold(f64::INFINITY, f64::min)
}

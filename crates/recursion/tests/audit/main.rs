//! The circuits of the layer as a verifier sees them, by their fixed columns alone: what the builder meant is not asked.
//!
//! A circuit's rows are an instance of specification 009 in which every wire, digest and node has one definition, every
//! definition is a function of values that a sponge has absorbed, every side of a path is a bit, and every query's path
//! ends in the cap that it belongs to.

mod compress;
mod fixed;
mod forged;
mod narrow;
mod sponge;
mod wires;

use std::collections::BTreeMap;

use ashlar_machine::SHAPES;
use ashlar_recursion::circuits::{build, build_shrink, layer_shape, segment_shape};
use ashlar_recursion::verify::ProofShape;
use ashlar_verifier::{CIRCUITS_DEPTH, Circuit};

use fixed::{Fixed, check};
use wires::{Choices, Wires};

/// Nodes of every cap.
const CAP: usize = 16;

/// What a circuit's fixed columns add up to.
struct Audit {
    /// Leaves by their number of groups.
    leaves: BTreeMap<usize, usize>,
    /// How often each cap is looked into.
    lookups: Vec<usize>,
    choices: Choices,
    /// Values that are bits, and wires that are asserted to be zero.
    bits: usize,
    zeros: usize,
}

/// Checks all that does not depend on what the circuit is for.
fn audit(fixed: &Fixed) -> Result<Audit, String> {
    let mut leaves = BTreeMap::new();
    for table in &fixed.sponge {
        sponge::audit_starts(table)?;
        for groups in sponge::audit(table)? {
            *leaves.entry(groups).or_default() += 1;
        }
    }
    let kinds = compress::audit(&fixed.compress, fixed.one()?)?;
    wires::audit_counts(fixed)?;
    let wires = Wires::new(fixed, &kinds)?;
    let choices = wires.audit_choices(fixed, &kinds)?;
    let lookups = wires.audit_paths(fixed, CAP)?.into_values().collect();
    let (bits, zeros) = wires.bits_and_zeros(fixed);
    Ok(Audit { leaves, lookups, choices, bits, zeros })
}

/// What a circuit verifies.
fn inner(circuit: Circuit) -> Vec<ProofShape> {
    let layer = || layer_shape().expect("a shape");
    match circuit {
        Circuit::Leaf(shape) => vec![segment_shape(&SHAPES[usize::from(shape)]).expect("a shape")],
        Circuit::Finish => vec![layer()],
        Circuit::Fold | Circuit::Join => vec![layer(), layer()],
    }
}

/// Every query opens a leaf of every height of every tree, and one of every round.
fn expected_leaves(proofs: &[ProofShape]) -> BTreeMap<usize, usize> {
    let mut leaves = BTreeMap::new();
    for shape in proofs {
        let trees = shape.trees.iter().flat_map(|tree| {
            let groups = |height| tree.at_height(height).map(|(_, matrix)| matrix.width / 4).sum::<usize>();
            tree.heights().into_iter().map(groups)
        });
        for groups in trees.chain(shape.rounds.iter().map(|log_arity| 1 << log_arity)) {
            *leaves.entry(groups).or_default() += shape.parameters.queries;
        }
    }
    leaves
}

/// Every query looks into the cap of every tree and round once.
fn expected_lookups(proofs: &[ProofShape]) -> Vec<usize> {
    let caps = |shape: &ProofShape| vec![shape.parameters.queries; shape.trees.len() + shape.rounds.len()];
    proofs.iter().flat_map(caps).collect()
}

/// Everything that a circuit states is read by what verifies, but for these:
///
/// - `leaf`: the initial root and the root of the circuits, two words each, are only in the claim.
/// - `finish`: the cap of the program's fixed columns is only in programKey, the root at the end only in the claim.
/// - The siblings on the way to the root of the circuits are hashed after the choice of a side.
fn expected_choices(circuit: Circuit) -> Choices {
    let other = |proofs| 2 * CIRCUITS_DEPTH * proofs;
    match circuit {
        Circuit::Leaf(_) => Choices { hashed: 4, other: 0 },
        Circuit::Finish => Choices { hashed: 2 * (CAP + 1), other: other(1) },
        Circuit::Fold | Circuit::Join => Choices { hashed: 0, other: other(2) },
    }
}

/// Bits: 31 of every query's sample and of every nonce's, and the sides of the way to the root of the circuits. Zeros: what
/// grinding asks for, and the sum of all messages.
fn expected_bits_and_zeros(circuit: Circuit, proofs: &[ProofShape]) -> (usize, usize) {
    let (bits, zeros) = ground_bits_and_zeros(proofs);
    let sides = if matches!(circuit, Circuit::Leaf(_)) { 0 } else { CIRCUITS_DEPTH * proofs.len() };
    (bits + sides, zeros)
}

/// Those of queries and nonces, and the sum of all messages.
fn ground_bits_and_zeros(proofs: &[ProofShape]) -> (usize, usize) {
    let (mut bits, mut zeros) = (0, 0);
    for shape in proofs {
        let ground = shape.parameters;
        let mut sites =
            vec![ground.lookup_grinding, ground.point_grinding, ground.batch_grinding, ground.query_grinding];
        sites.extend(shape.rounds.iter().map(|_| ground.fold_grinding));
        // Without grinding there is no nonce.
        sites.retain(|bits| *bits > 0);
        bits += 31 * (ground.queries + sites.len());
        zeros += sites.iter().sum::<usize>() + 1;
    }
    (bits, zeros)
}

fn audit_circuit(circuit: Circuit) -> Result<(), String> {
    let fixed = Fixed::new(&build(circuit).map_err(|error| error.to_string())?);
    let proofs = inner(circuit);
    let expected = expected_bits_and_zeros(circuit, &proofs);
    audit_as(&fixed, &proofs, expected_choices(circuit), expected)
}

/// The circuit verifies these proofs, and has such choices, bits and zeros.
fn audit_as(
    fixed: &Fixed,
    proofs: &[ProofShape],
    choices: Choices,
    bits_and_zeros: (usize, usize),
) -> Result<(), String> {
    let audit = audit(fixed)?;
    check(audit.leaves == expected_leaves(proofs), || format!("leaves {:?}", audit.leaves))?;
    check(audit.lookups == expected_lookups(proofs), || format!("lookups {:?}", audit.lookups))?;
    check(audit.choices == choices, || format!("{:?}", audit.choices))?;
    let found = (audit.bits, audit.zeros);
    check(found == bits_and_zeros, || format!("bits and zeros {found:?}"))
}

/// The root of the statements is only in the claim; the rest is as in `finish`.
#[test]
fn shrink_binds_all_its_values() {
    let fixed = Fixed::new(&build_shrink().expect("a circuit"));
    let proofs = inner(Circuit::Finish);
    let choices = Choices { hashed: 2, other: 2 * CIRCUITS_DEPTH };
    let expected = expected_bits_and_zeros(Circuit::Finish, &proofs);
    audit_as(&fixed, &proofs, choices, expected).unwrap_or_else(|finding| panic!("shrink: {finding}"));
}

#[test]
fn every_circuit_of_the_layer_binds_all_its_values() {
    for circuit in Circuit::all() {
        audit_circuit(circuit).unwrap_or_else(|finding| panic!("{}: {finding}", circuit.name()));
    }
}

//! The parameters of segment proofs with the real tables of every shape.

use ashlar_machine::air::MachineAir;
use ashlar_machine::{SHAPES, Shape};
use ashlar_soundness::{COLUMNS_MAX, SHAPES_MAX, TARGET_BITS, budget, report, shape_profile};
use ashlar_verifier::config::{Config, SEGMENT};
use p3_batch_stark::ProverData;
use p3_lookup::check_bus_widths;

#[test]
fn every_term_of_every_shape_reaches_the_target() {
    for shape in &SHAPES {
        let report = report(shape.name, &SEGMENT, &shape_profile(shape));
        println!("{report}");
        for term in &report.terms {
            assert!(term.bits >= TARGET_BITS, "{}: {term:?}", shape.name);
        }
    }
}

#[test]
fn every_condition_of_every_shape_is_met() {
    for shape in &SHAPES {
        for condition in report(shape.name, &SEGMENT, &shape_profile(shape)).conditions {
            assert!(condition.holds(), "{}: {condition:?}", shape.name);
        }
    }
}

#[test]
fn every_shape_is_within_the_recursion_budget() {
    const { assert!(SHAPES.len() <= SHAPES_MAX) };
    for shape in &SHAPES {
        let budget = budget(shape.name, &SEGMENT, &shape_profile(shape));
        println!("{budget}");
        assert!(budget.columns <= COLUMNS_MAX, "{}: {} columns", shape.name, budget.columns);
    }
}

/// What Plonky3 itself would prove with: the packed messages of the shape's tables.
fn proven(shape: &Shape) -> ProverData<Config> {
    let airs: Vec<_> = shape.tables().map(MachineAir::constraints).collect();
    let heights: Vec<_> = shape.tables().map(|table| shape.height(table).ilog2() as usize).collect();
    ProverData::from_airs_and_degrees(&SEGMENT.config(), &airs, &heights).expect("no fixed columns are committed to")
}

#[test]
fn messages_are_packed_as_the_prover_packs_them() {
    for shape in &SHAPES {
        let profiles = shape_profile(shape);
        let lookups = proven(shape).common.lookups;
        assert_eq!(profiles.len(), lookups.len());
        for (profile, lookups) in profiles.iter().zip(&lookups) {
            assert_eq!(profile.aux_columns, 1 + lookups.len(), "{}", profile.table.name());
            let messages: usize = lookups.iter().map(|lookup| lookup.elements.len()).sum();
            assert_eq!(profile.messages, messages, "{}", profile.table.name());
        }
    }
}

#[test]
fn tuples_of_a_bus_have_one_width() {
    for shape in &SHAPES {
        let widest = shape_profile(shape).iter().map(|table| table.message_width).max();
        assert_eq!(check_bus_widths(&proven(shape).common.lookups).ok(), widest, "{}", shape.name);
    }
}

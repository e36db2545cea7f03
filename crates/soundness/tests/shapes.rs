//! The parameters of segment proofs with the real tables of every shape.

use ashlar_machine::air::MachineAir;
use ashlar_machine::{SHAPES, Shape};
use ashlar_soundness::{
    Budget, COLUMNS_MAX, HEIGHTS_MAX, SHAPES_MAX, TARGET_BITS, budget, overview, segment_report,
    shape_profile,
};
use ashlar_verifier::Circuit;
use ashlar_verifier::config::{Config, SEGMENT};
use p3_batch_stark::ProverData;
use p3_lookup::check_bus_widths;

#[test]
fn every_term_of_every_shape_reaches_the_target() {
    for shape in &SHAPES {
        let report = segment_report(shape);
        for term in &report.terms {
            assert!(term.bits >= TARGET_BITS, "{}: {term:?}", shape.name);
        }
    }
}

#[test]
fn every_condition_of_every_shape_is_met() {
    for shape in &SHAPES {
        for condition in segment_report(shape).conditions {
            assert!(condition.holds(), "{}: {condition:?}", shape.name);
        }
    }
}

/// Shapes over the limits of D6. A change that empties the list is welcome; one that adds to it needs a reason here.
///
/// These have the arithmetic of curves beside Keccak, or both widths of it: specification 006 says why. The widest one
/// bounds what a fold pays.
#[test]
fn shapes_over_the_recursion_budget_are_known() {
    const { assert!(SHAPES.len() <= SHAPES_MAX) };
    let budgets: Vec<_> =
        SHAPES.iter().map(|shape| budget(shape.name, &SEGMENT, &shape_profile(shape))).collect();
    let over = |is_over: fn(&Budget) -> bool| -> Vec<_> {
        budgets.iter().filter(|budget| is_over(budget)).map(|budget| budget.shape.as_str()).collect()
    };
    let wide = over(|budget| budget.columns > COLUMNS_MAX);
    assert_eq!(wide, ["small", "medium", "hash", "general", "signatures", "pairing"]);
    let widest = budgets.iter().map(|budget| budget.columns).max();
    assert!(widest <= Some(3_560), "{widest:?} columns");
    assert_eq!(over(|budget| budget.log_heights.len() > HEIGHTS_MAX), [""; 0]);
}

#[test]
fn overview_prints_and_encodes_every_layer_and_shape() {
    let overview = overview().expect("circuits can be made");
    assert!(overview.holds && overview.bits >= TARGET_BITS);
    println!("{overview}");
    let text = overview.to_string();
    let json = serde_json::to_value(&overview).expect("plain data");
    let [segments, recursion] = [0, 1].map(|i| &json["layers"][i]);
    assert_eq!((&segments["name"], &recursion["name"]), (&"segments".into(), &"recursion".into()));
    for (i, shape) in SHAPES.iter().enumerate() {
        assert!(text.contains(&format!("\n{}: ", shape.name)), "{text}");
        assert_eq!(segments["reports"][i]["shape"], shape.name);
        assert_eq!(segments["budgets"][i]["tables"][0]["table"], "cpu");
        assert_eq!(segments["reports"][i]["terms"][0]["site"], "lookup");
    }
    assert_eq!(recursion["budgets"][0]["tables"][3]["table"], "arithmetic");
    for (i, circuit) in Circuit::all().enumerate() {
        assert!(text.contains(&format!("\n{} ", circuit.name())), "{text}");
        assert_eq!(recursion["circuits"][i]["circuit"], circuit.name());
        assert_eq!(recursion["circuits"][i]["tables"][1]["of"], "compress");
    }
    let least = overview.layers.iter().map(|layer| layer.bits).fold(f64::INFINITY, f64::min);
    assert!((overview.bits - least).abs() < 1e-12);
}

/// What Plonky3 itself would prove with: the packed messages of the shape's tables.
fn proven(shape: &Shape) -> ProverData<Config> {
    let airs: Vec<_> = shape.tables().map(MachineAir::constraints).collect();
    let heights: Vec<_> = shape.tables().map(|table| shape.height(table).ilog2() as usize).collect();
    ProverData::from_airs_and_degrees(&SEGMENT.config(), &airs, &heights)
        .expect("no fixed columns are committed to")
}

#[test]
fn messages_are_packed_as_the_prover_packs_them() {
    for shape in &SHAPES {
        let profiles = shape_profile(shape);
        let lookups = proven(shape).common.lookups;
        assert_eq!(profiles.len(), lookups.len());
        for (profile, lookups) in profiles.iter().zip(&lookups) {
            assert_eq!(profile.aux_columns, 1 + lookups.len(), "{}", profile.name);
            let messages: usize = lookups.iter().map(|lookup| lookup.elements.len()).sum();
            assert_eq!(profile.messages, messages, "{}", profile.name);
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

/// The widths by which runs are cut are those of the proof.
#[test]
fn widths_are_those_of_the_tables() {
    let wrong: std::collections::BTreeSet<_> = SHAPES
        .iter()
        .flat_map(|shape| shape.tables().zip(shape_profile(shape)))
        .filter(|(table, profile)| profile.columns() != table.width())
        .map(|(_, profile)| profile)
        .map(|profile| format!("{} has {} columns", profile.name, profile.columns()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

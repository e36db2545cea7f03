//! The parameters of recursion with the tables that all circuits have.

use ashlar_circuit::CircuitAir;
use ashlar_recursion::circuits::{LAYER, build};
use ashlar_soundness::{
    COLUMNS_GOAL, HEIGHTS_MAX, Site, TARGET_BITS, budget, circuit_profile, circuit_report, usages,
};
use ashlar_verifier::config::{Config, RECURSION};
use ashlar_verifier::{CIRCUIT_HEIGHTS, CIRCUIT_OPERATIONS, Circuit};
use p3_batch_stark::ProverData;
use p3_lookup::check_bus_widths;

/// Bits of grinding above the fewest that do, for tables that grow a little.
const SPARE: usize = 3;

#[test]
fn every_term_reaches_the_target() {
    for term in circuit_report().terms {
        assert!(term.bits >= TARGET_BITS, "{term:?}");
    }
}

#[test]
fn every_condition_is_met() {
    for condition in circuit_report().conditions {
        assert!(condition.holds(), "{condition:?}");
    }
}

/// Grinding costs provers time, and each bit of the queries' a query less.
#[test]
fn grinding_is_enough_and_little_more() {
    let report = circuit_report();
    for site in [Site::Lookup, Site::Point, Site::Batch, Site::Fold, Site::Query] {
        let terms = report.terms.iter().filter(|term| term.site == Some(site));
        let least = terms.map(|term| term.grinding_for(TARGET_BITS)).max().flatten();
        let least = least.expect("some number of bits is enough");
        let given = site.grinding(&RECURSION);
        assert!((least..=least + SPARE).contains(&given), "{site:?}: {given} bits, {least} are enough");
    }
}

#[test]
fn a_query_less_is_too_few() {
    let report = circuit_report();
    let queries = report.terms.iter().find(|term| term.site == Some(Site::Query)).expect("there are queries");
    let bits_of_one = queries.bits_before_grinding / RECURSION.queries as f64;
    assert!(queries.bits - bits_of_one < TARGET_BITS);
}

#[test]
fn the_layer_is_within_the_budget() {
    let budget = budget("circuit", &RECURSION, &circuit_profile());
    assert!(budget.holds());
    assert!(budget.columns <= COLUMNS_GOAL, "{} columns", budget.columns);
    assert!(budget.log_heights.len() <= HEIGHTS_MAX);
}

#[test]
fn every_circuit_fits_the_layer() {
    for (circuit, usage) in Circuit::all().zip(usages().expect("circuits can be made")) {
        assert!(usage.fits(), "{usage:?}");
        let left: Vec<_> =
            usage.tables.iter().map(|table| format!("{} {}", table.all - table.used, table.of)).collect();
        println!("{:<16} has left {}", usage.circuit, left.join(", "));
        // The figures are sums; leaves, tracks and constants also have to find places.
        let built = build(circuit).unwrap_or_else(|error| panic!("{}: {error}", circuit.name()));
        assert_eq!(*built.shape(), LAYER);
    }
}

/// What Plonky3 itself would prove with: the packed messages of the tables.
fn proven() -> ProverData<Config> {
    let heights = CIRCUIT_HEIGHTS.map(usize::from);
    ProverData::from_airs_and_degrees(&RECURSION.config(), &CircuitAir::layer(CIRCUIT_OPERATIONS), &heights)
        .expect("no fixed columns are committed to")
}

#[test]
fn messages_are_packed_as_the_prover_packs_them() {
    let profiles = circuit_profile();
    let lookups = proven().common.lookups;
    assert_eq!(profiles.len(), lookups.len());
    for (profile, lookups) in profiles.iter().zip(&lookups) {
        assert_eq!(profile.aux_columns, 1 + lookups.len(), "{}", profile.name);
        let messages: usize = lookups.iter().map(|lookup| lookup.elements.len()).sum();
        assert_eq!(profile.messages, messages, "{}", profile.name);
    }
}

#[test]
fn tuples_of_a_bus_have_one_width() {
    let widest = circuit_profile().iter().map(|table| table.message_width).max();
    assert_eq!(check_bus_widths(&proven().common.lookups).ok(), widest);
}

//! What a transaction with a final proof costs at most, as `bench/results/final-proof.json` has it.

use ashlar_contracts::{CalldataPrice, ContractShape, DeploymentKey};
use serde_json::{Value, json};

/// Sets of queries that are looked at.
const SETS: usize = 100_000;
/// Statements that a proof has room for.
const STATEMENTS: usize = 16;
/// The most bytes that a transaction may have: nodes drop those above 128 KiB, and this leaves room for its other fields.
const TRANSACTION_BYTES_MAX: usize = 120_000;
/// Bytes of a transaction beside its calldata, from above: signature, fees, addresses.
const ENVELOPE_BYTES: usize = 300;
/// The most gas that a transaction may take (EIP-7825).
const TRANSACTION_GAS_MAX: u64 = 1 << 24;
/// What the registry executes beside the verifier, from above: a new slot and an event for each of 16 statements, and the
/// calldata once more in memory.
const REGISTRY_GAS: u64 = 500_000;

/// Gas that the contract executes for a real proof, rounded up from the 4,298,031 that were measured, and the nodes in that
/// proof's paths.
const MEASURED_EXECUTION: u64 = 4_300_000;
const MEASURED_NODES: usize = 2_424;

fn shape() -> ContractShape {
    // Neither key decides of a length.
    let key = DeploymentKey { circuits: [0; 32], last_circuit: [0; 26] };
    ContractShape::new(&key.final_key().expect("a key")).expect("a shape")
}

/// SplitMix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Nodes of the paths of random queries: the sum over all sets, the fewest and the most.
fn sample(shape: &ContractShape) -> (usize, usize, usize) {
    let mask = (1 << shape.log_height()) - 1;
    let mut state = 1;
    let (mut sum, mut least, mut most) = (0, usize::MAX, 0);
    let mut indices = vec![0; shape.queries];
    for _ in 0..SETS {
        indices.fill_with(|| random(&mut state) as usize & mask);
        let nodes = shape.path_nodes(&indices);
        (sum, least, most) = (sum + nodes, least.min(nodes), most.max(nodes));
    }
    (sum, least, most)
}

/// Gas of one node more in a path, from above: both paths of the kernel's test have 38 together, and what is shared of the
/// loops' cost is counted for them.
fn gas_of_node() -> u64 {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/snapshots/GasTest.json");
    let snapshot: Value = serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON");
    let gas: u64 = snapshot["two paths of 20 nodes"].as_str().and_then(|gas| gas.parse().ok()).expect("gas");
    gas.div_ceil(38)
}

fn figures(shape: &ContractShape, nodes: usize) -> Value {
    let calldata = shape.calldata_bytes(nodes, STATEMENTS);
    let execution = MEASURED_EXECUTION + gas_of_node() * nodes.saturating_sub(MEASURED_NODES) as u64;
    let gas = |price: CalldataPrice| price.transaction_gas(calldata as u64, 0, execution);
    json!({
        "pathNodes": nodes,
        "proofBytes": shape.proof_bytes(nodes),
        "calldataBytes": calldata,
        "executionGas": execution,
        "transactionGas": gas(CalldataPrice::PRAGUE),
        "transactionGasEip7976": gas(CalldataPrice::EIP_7976),
    })
}

fn report(shape: &ContractShape) -> Value {
    let (sum, least, most) = sample(shape);
    json!({
        "sets": SETS,
        "statements": STATEMENTS,
        "fixedBytes": shape.fixed_bytes(),
        "gasOfNode": gas_of_node(),
        "leastSeen": figures(shape, least),
        "mean": figures(shape, (sum + SETS / 2) / SETS),
        "mostSeen": figures(shape, most),
        "bound": figures(shape, shape.path_nodes_max()),
    })
}

#[test]
fn the_bound_is_that_of_queries_far_apart() {
    let shape = shape();
    assert_eq!(shape.path_nodes(&shape.spread_indices()), shape.path_nodes_max());
}

/// Of one depth: with several, the longest paths of each tree may be those of other queries.
#[test]
fn the_bound_of_small_trees_is_that_of_all_sets() {
    let mut shape = shape();
    (shape.log_rows, shape.log_blowup, shape.rounds) = (3, 1, Vec::new());
    for queries in 1..=4 {
        shape.queries = queries;
        let sets = 0..16_usize.pow(queries as u32);
        let indices = |set: usize| (0..queries).map(|i| set >> (4 * i) & 15).collect::<Vec<_>>();
        let most = sets.map(|set| shape.path_nodes(&indices(set))).max();
        assert_eq!(most, Some(shape.path_nodes_max()), "{queries} queries");
    }
}

#[test]
fn equal_queries_share_their_paths() {
    let shape = shape();
    let one = 4 * 22 + 18 + 14;
    assert_eq!(shape.path_nodes(&[5; 28]), one);
    assert_eq!(shape.path_nodes(&[5, 5, 4]), one - 4);
}

#[test]
fn the_worst_transaction_is_within_the_limits() {
    let shape = shape();
    let nodes = shape.path_nodes_max();
    assert!(shape.calldata_bytes(nodes, STATEMENTS) + ENVELOPE_BYTES < TRANSACTION_BYTES_MAX);
    let bound = figures(&shape, nodes);
    for gas in ["transactionGas", "transactionGasEip7976"] {
        assert!(bound[gas].as_u64().is_some_and(|gas| gas + REGISTRY_GAS < TRANSACTION_GAS_MAX), "{bound}");
    }
}

#[test]
fn prices_are_those_of_the_proposals() {
    let prices = CalldataPrice::PRAGUE;
    assert_eq!(prices.transaction_gas(100, 40, 1_000_000), 21_000 + 60 * 16 + 40 * 4 + 1_000_000);
    assert_eq!(prices.transaction_gas(100, 40, 0), 21_000 + 60 * 40 + 40 * 10);
    assert_eq!(CalldataPrice::EIP_7976.transaction_gas(100, 40, 0), 21_000 + 100 * 64);
}

/// Prints the figures; those of the tree must be the same.
#[test]
fn the_figures_of_the_tree_are_these() {
    let report = report(&shape());
    println!("{report:#}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench/results/final-proof.json");
    let written: Value = serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON");
    assert_eq!(report, written);
}

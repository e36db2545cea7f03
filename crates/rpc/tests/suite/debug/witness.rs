//! `debug_executionWitness`: what it has suffices, and all of it is needed.

use super::*;
use alloy_primitives::keccak256;
use ashlar_primitives::BlockInput;
use ashlar_stf::{Ancestors, WitnessState, rollup::execute_rollup_block};
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Witness {
    state: Vec<Bytes>,
    codes: Vec<Bytes>,
    keys: Vec<Bytes>,
    headers: Vec<Bytes>,
}

fn witness(world: &World, block: &BlockRecord) -> Witness {
    let name = format!("{:#x}", block.header.header.number);
    let answer = world.get("debug_executionWitness", json!([name]));
    assert_eq!(answer, world.get("debug_executionWitness", json!([block.header.hash])));
    serde_json::from_value(answer).unwrap()
}

/// Executes a block on nothing but a witness; whether it becomes what it is.
fn suffices(block: &BlockRecord, witness: &Witness) -> bool {
    fn slices(all: &[Bytes]) -> Vec<&[u8]> {
        all.iter().map(AsRef::as_ref).collect()
    }
    let ancestors = Ancestors::link(&slices(&witness.headers)).unwrap();
    let mut state = WitnessState::new(ancestors, slices(&witness.state), slices(&witness.codes));
    let header = alloy_rlp::encode(&block.header.header);
    let transactions = slices(&block.transactions);
    let input = BlockInput { header: &header, transactions, withdrawals: Vec::new() };
    execute_rollup_block(&config(), &mut state, &input).is_ok_and(|made| made.header == block.header)
}

/// The witness of a block is enough, and nothing of it can be left out.
pub(super) fn check(world: &World, block: &BlockRecord) {
    let witness = witness(world, block);
    assert!(suffices(block, &witness));
    for index in 0..witness.state.len() {
        let mut less = witness.clone();
        less.state.remove(index);
        assert!(!suffices(block, &less), "node {index} is not needed");
    }
    for index in 0..witness.codes.len() {
        let mut less = witness.clone();
        less.codes.remove(index);
        assert!(!suffices(block, &less), "code {index} is not needed");
    }
}

#[test]
fn a_block_executes_on_its_witness() {
    let world = World::new();
    let contract = deploy(&world, 0, &tree());
    let block = world.make(&[
        call(0, 1, SETTER, words(&[1, 0])),
        dynamic_gas(1, 0, TxKind::Call(contract), 3, error_string("no"), 500_000),
        operation(0).encode().into(),
        dynamic(2, 0, TxKind::Create, 0, init(&[STOP])),
    ]);
    check(&world, &block);
    let witness = witness(&world, &block);
    let parent = world.get("eth_getBlockByNumber", json!(["0x1", false]));
    assert_eq!((witness.headers.len(), json!(keccak256(&witness.headers[0]))), (1, parent["hash"].clone()));
    let keys: Vec<_> = witness.keys.iter().map(|key| key.len()).collect();
    assert!(keys.iter().all(|length| [20, 32].contains(length)));
    for key in [account(0).to_vec(), SETTER.to_vec(), READER.to_vec(), words(&[1]).to_vec()] {
        assert!(witness.keys.iter().any(|known| **known == *key));
    }
}

#[test]
fn a_witness_is_no_longer_than_an_answer() {
    let limits = ashlar_rpc::Limits { response_bytes: 3_000, ..Default::default() };
    let world = World::with(limits, |_| {});
    world.make(&[call(0, 0, SETTER, words(&[1, 0]))]);
    let error = world.fail("debug_executionWitness", json!(["latest"]));
    assert_eq!(error.code, -32_005, "{error:?}");
}

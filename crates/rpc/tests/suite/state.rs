//! Accounts, storage and proofs, now and in the past.

use crate::world::*;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use serde_json::{Value, json};

fn slot(value: u64) -> Value {
    json!(B256::from(U256::from(value)))
}

#[test]
fn states_are_read_at_every_block() {
    let world = World::new();
    let blocks = [
        world.make(&[call(0, 0, SETTER, words(&[1, 100]))]),
        world.make(&[call(0, 1, SETTER, words(&[1, 0])), legacy(1, 0, Address::repeat_byte(7), 77)]),
    ];
    for (block, expected) in [("0x0", 2), ("0x1", 100), ("0x2", 0), ("latest", 0), ("earliest", 2)] {
        assert_eq!(world.get("eth_getStorageAt", json!([SETTER, "0x1", block])), slot(expected), "{block}");
    }
    let padded = json!([SETTER, B256::with_last_byte(1), "0x0"]);
    assert_eq!(world.get("eth_getStorageAt", padded), slot(2));
    // A block by its hash, alone and in an object.
    let hash = blocks[0].header.hash;
    assert_eq!(world.get("eth_getStorageAt", json!([SETTER, "0x1", hash])), slot(100));
    let object = json!({ "blockHash": hash, "requireCanonical": true });
    assert_eq!(world.get("eth_getStorageAt", json!([SETTER, "0x1", object])), slot(100));
    assert_eq!(world.get("eth_getStorageAt", json!([SETTER, "0x1", { "blockNumber": "0x1" }])), slot(100));
    let counts =
        ["0x0", "0x1", "0x2"].map(|block| world.get("eth_getTransactionCount", json!([account(0), block])));
    assert_eq!(counts, ["0x0", "0x1", "0x2"]);
    let poor = Address::repeat_byte(7);
    let balances = ["0x1", "0x2"].map(|block| world.get("eth_getBalance", json!([poor, block])));
    assert_eq!(balances, ["0x0", "0x4d"]);
    assert_eq!(world.get("eth_getBalance", json!([poor])), "0x4d");
}

#[test]
fn codes_are_given_as_they_are() {
    let world = World::new();
    world.make(&[
        dynamic(0, 0, TxKind::Create, 0, Bytes::from_static(&[0x60, 1, 0x60, 1, 0x55, 0x60, 1, 0x5f, 0xf3])),
        delegating(2, 0, 3, LOGGER),
    ]);
    assert_eq!(world.get("eth_getCode", json!([BURNER, "latest"])), "0x5b5f56");
    assert_eq!(world.get("eth_getCode", json!([account(0).create(0), "latest"])), "0x00");
    assert_eq!(world.get("eth_getCode", json!([account(0).create(0), "0x0"])), "0x");
    assert_eq!(world.get("eth_getCode", json!([account(0), "latest"])), "0x");
    let delegation = [&[0xef, 1, 0][..], LOGGER.as_slice()].concat();
    assert_eq!(world.get("eth_getCode", json!([account(3), "latest"])), json!(Bytes::from(delegation)));
}

#[test]
fn pending_nonces_are_those_of_the_pool() {
    let world = World::new();
    world.make(&[legacy(0, 0, account(1), 1)]);
    let count = |block: &str| world.get("eth_getTransactionCount", json!([account(0), block]));
    assert_eq!(count("pending"), "0x1");
    for nonce in 1..3 {
        world.get("eth_sendRawTransaction", json!([legacy(0, nonce, account(1), 1)]));
    }
    assert_eq!((count("latest"), count("pending")), (json!("0x1"), json!("0x3")));
}

fn verify(root: B256, key: &[u8], value: Option<Vec<u8>>, nodes: &Value) {
    let nodes: Vec<Bytes> = serde_json::from_value(nodes.clone()).unwrap();
    verify_proof(root, Nibbles::unpack(keccak256(key)), value, &nodes).unwrap();
}

fn check_proof(world: &World, block: &Value, address: Address, keys: &[U256]) -> Value {
    let proof = world.get("eth_getProof", json!([address, keys, block["number"]]));
    let account = TrieAccount {
        nonce: number(&proof["nonce"]),
        balance: serde_json::from_value(proof["balance"].clone()).unwrap(),
        storage_root: serde_json::from_value(proof["storageHash"].clone()).unwrap(),
        code_hash: serde_json::from_value(proof["codeHash"].clone()).unwrap(),
    };
    let is_absent = account == TrieAccount::default();
    let state_root = serde_json::from_value(block["stateRoot"].clone()).unwrap();
    let record = (!is_absent).then(|| alloy_rlp::encode(account));
    verify(state_root, address.as_slice(), record, &proof["accountProof"]);
    for (slot, key) in proof["storageProof"].as_array().unwrap().iter().zip(keys) {
        assert_eq!(slot["key"], json!(key));
        let value: U256 = serde_json::from_value(slot["value"].clone()).unwrap();
        let encoded = (!value.is_zero()).then(|| alloy_rlp::encode(value));
        verify(account.storage_root, &key.to_be_bytes::<32>(), encoded, &slot["proof"]);
    }
    proof
}

#[test]
fn proofs_are_accepted_by_another_verifier() {
    let world = World::new();
    world.make(&[call(0, 0, SETTER, words(&[1, 100])), call(0, 1, SETTER, words(&[7, 0]))]);
    world.make(&[call(0, 2, SETTER, words(&[1, 0]))]);
    let keys: Vec<_> = (0..60u64).map(U256::from).chain([U256::MAX]).collect();
    for number in ["0x0", "0x1", "0x2"] {
        let block = world.get("eth_getBlockByNumber", json!([number, false]));
        let proof = check_proof(&world, &block, SETTER, &keys);
        let values: Vec<_> = proof["storageProof"].as_array().unwrap().iter().collect();
        let expected = ["0x2", "0x64", "0x0"][usize::from(number.as_bytes()[2] - b'0')];
        assert_eq!(values[1]["value"], expected);
        check_proof(&world, &block, account(0), &[U256::ONE]);
        // Nobody is there, and that is proven.
        let absent = check_proof(&world, &block, Address::repeat_byte(0x77), &[U256::ONE]);
        assert_eq!(absent["codeHash"], json!(keccak256([])));
        assert_eq!(absent["storageProof"][0]["proof"], json!([]));
    }
    // Keys of 32 bytes are repeated as such.
    let long = B256::with_last_byte(1);
    let proof = world.get("eth_getProof", json!([SETTER, [long], "latest"]));
    assert_eq!(proof["storageProof"][0]["key"], json!(long));
}

#[test]
fn a_proof_of_too_many_slots_is_refused() {
    let world = World::with(ashlar_rpc::Limits { proof_keys: 2, ..Default::default() }, |_| {});
    assert!(world.ask("eth_getProof", json!([SETTER, ["0x1", "0x2"], "latest"])).is_ok());
    let error = world.fail("eth_getProof", json!([SETTER, ["0x1", "0x2", "0x3"], "latest"]));
    assert_eq!((error.code, error.message.as_str()), (-32_005, "a proof of 3 slots, the limit is 2"));
}

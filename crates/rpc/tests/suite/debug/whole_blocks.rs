//! Traces of random blocks, against receipts and states.

use super::*;
use alloy_primitives::{B256, U256};
use ashlar_primitives::rollup::Operation;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use std::collections::BTreeMap;

/// A transaction of any type. The number of transactions that a sender has sent is its nonce.
fn transaction(kind: u8, sender: u8, nonce: u64, id: u64, tree: Address, word: u64) -> Bytes {
    let sizes = [error_string("no"), words(&[word % 9, word]), Bytes::new()];
    let input = sizes[word as usize % 3].clone();
    let gas = 60_000 + word % 7 * 40_000;
    match kind {
        0 => legacy(sender, nonce, Address::with_last_byte(word as u8), word),
        1 => with_access_list(sender, nonce, SETTER, words(&[word % 5, word % 3])),
        2 => call(sender, nonce, [REVERTER, READER, LOGGER, BURNER][word as usize % 4], words(&[word])),
        3 => dynamic_gas(sender, nonce, TxKind::Call(tree), word, input, gas),
        4 => dynamic(sender, nonce, TxKind::Create, word, init(&tree_code(word))),
        5 => dynamic(sender, nonce, TxKind::Create, word, destroying().into()),
        6 => delegating(sender, nonce, 4, SETTER),
        7 => operation(id).encode().into(),
        8 => {
            Operation { to: tree, data: input, gas_limit: gas, gas_price: 1, ..operation(id) }.encode().into()
        }
        _ => Operation { mint: U256::from(word), ..operation(id) }.encode().into(),
    }
}

fn tree_code(word: u64) -> Vec<u8> {
    if word.is_multiple_of(2) { tree() } else { vec![INVALID] }
}

/// Logs of a frame and all inside of it: by index.
fn logs(frame: &Value, all: &mut BTreeMap<u64, Value>) {
    for log in frame["logs"].as_array().into_iter().flatten() {
        let same = json!({ "address": log["address"], "topics": log["topics"], "data": log["data"] });
        assert_eq!(all.insert(number(&log["index"]), same), None);
    }
    for call in frame["calls"].as_array().into_iter().flatten() {
        logs(call, all);
    }
}

fn check_calls(world: &World, block: &BlockRecord) {
    let name = format!("{:#x}", block.header.header.number);
    let traces = world.get("debug_traceBlockByNumber", json!([name, call_tracer()]));
    assert_eq!(traces, world.get("debug_traceBlockByHash", json!([block.header.hash, call_tracer()])));
    let receipts = world.get("eth_getBlockReceipts", json!([name]));
    let mut found = BTreeMap::new();
    for (index, receipt) in receipts.as_array().unwrap().iter().enumerate() {
        let frame = &traces[index]["result"];
        assert_eq!(&traces[index]["txHash"], &receipt["transactionHash"]);
        assert_eq!(*frame, trace(world, block, index, &call_tracer()));
        assert_eq!((&frame["gasUsed"], &frame["from"]), (&receipt["gasUsed"], &receipt["from"]));
        assert_eq!(frame["error"].is_null(), receipt["status"] == "0x1", "{frame} {receipt}");
        logs(frame, &mut found);
    }
    let expected =
        receipts.as_array().unwrap().iter().flat_map(|receipt| receipt["logs"].as_array().unwrap());
    let expected: BTreeMap<_, _> = expected
        .map(|log| {
            (
                number(&log["logIndex"]),
                json!({ "address": log["address"], "topics": log["topics"], "data": log["data"] }),
            )
        })
        .collect();
    assert_eq!(found, expected);
}

/// What the node says of an account after a block; null of one that is not there.
fn account_at(world: &World, address: &str, slots: &[String], block: u64) -> Value {
    let block = format!("{block:#x}");
    let mut all = json!({
        "balance": world.get("eth_getBalance", json!([address, block])),
        "nonce": number(&world.get("eth_getTransactionCount", json!([address, block]))),
        "code": world.get("eth_getCode", json!([address, block])),
    });
    for slot in slots {
        all[slot] = world.get("eth_getStorageAt", json!([address, slot, block]));
    }
    all
}

/// Differences of the transactions, one after the other, lead from the state before a block to the state after it; and each
/// transaction has found what the ones before it left.
fn check_states(world: &World, block: &BlockRecord) {
    let number = block.header.header.number;
    let count = block.results.len();
    let of = |options: &Value| -> Vec<Value> {
        (0..count).map(|index| trace(world, block, index, options)).collect()
    };
    let (before, changes) = (of(&json!({ "tracer": "prestateTracer" })), of(&diff()));
    let mut slots: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let sides = changes.iter().flat_map(|diff| [&diff["pre"], &diff["post"]]);
    for (address, account) in before.iter().chain(sides).flat_map(|side| side.as_object().unwrap()) {
        let keys = account["storage"].as_object().into_iter().flat_map(|storage| storage.keys().cloned());
        slots.entry(address.clone()).or_default().extend(keys);
    }
    let mut state: BTreeMap<&String, Value> = slots
        .iter()
        .map(|(address, slots)| (address, account_at(world, address, slots, number - 1)))
        .collect();
    let empty = json!({ "balance": "0x0", "nonce": 0, "code": "0x" });
    for (before, change) in before.iter().zip(&changes) {
        for (address, account) in before.as_object().unwrap() {
            let now = &state[address];
            let read = |name: &str, default: Value| account.get(name).cloned().unwrap_or(default);
            assert_eq!(read("balance", Value::Null), now["balance"], "{address}");
            assert_eq!(read("nonce", json!(0)), now["nonce"], "{address}");
            assert_eq!(read("code", json!("0x")), now["code"], "{address}");
            for (slot, value) in account["storage"].as_object().into_iter().flatten() {
                assert_eq!(*value, now[slot], "{address} {slot}");
            }
        }
        let (pre, post) = (change["pre"].as_object().unwrap(), change["post"].as_object().unwrap());
        for (address, account) in pre {
            for slot in account["storage"].as_object().into_iter().flat_map(|storage| storage.keys()) {
                state.get_mut(address).unwrap()[slot] = json!(B256::ZERO);
            }
        }
        for (address, account) in post {
            let now = state.get_mut(address).unwrap();
            for name in ["balance", "nonce", "code"].into_iter().filter(|name| account.get(name).is_some()) {
                now[name] = account[name].clone();
            }
            for (slot, value) in account["storage"].as_object().into_iter().flatten() {
                now[slot] = value.clone();
            }
        }
    }
    for (address, mut now) in state {
        for (name, default) in empty.as_object().unwrap() {
            let known = now.get(name).cloned().unwrap_or(default.clone());
            now[name] = known;
        }
        assert_eq!(now, account_at(world, address, &slots[address], number), "{address}");
    }
}

#[test]
fn random_blocks_have_the_gas_logs_and_states_that_they_had() {
    let one = (0..10u8, 0..3u8, any::<u16>());
    let blocks = prop::collection::vec(prop::collection::vec(one, 1..9), 1..3);
    let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
    let run = runner.run(&blocks, |blocks| {
        let world = World::new();
        let tree = deploy(&world, 0, &tree());
        let (mut nonces, mut id) = ([1, 0, 0], 0);
        for block in blocks {
            let transactions: Vec<_> = block
                .into_iter()
                .map(|(kind, sender, word)| {
                    let nonce = &mut nonces[usize::from(sender)];
                    let made = transaction(kind, sender, *nonce, id, tree, word.into());
                    if kind < 7 {
                        *nonce += 1
                    } else {
                        id += 1
                    }
                    made
                })
                .collect();
            let block = world.make(&transactions);
            check_calls(&world, &block);
            check_states(&world, &block);
            witness::check(&world, &block);
        }
        Ok(())
    });
    run.unwrap();
}

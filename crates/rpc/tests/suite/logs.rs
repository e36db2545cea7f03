//! Logs and filters.

use crate::world::*;
use alloy_primitives::{B256, U256, keccak256};
use ashlar_rpc::Limits;
use serde_json::{Value, json};
use std::time::Duration;

fn topic(value: u64) -> B256 {
    U256::from(value).into()
}

/// Ten blocks; block n has logs with the topic n, of the logger and, in even ones, of an operation too.
fn world_with(limits: Limits) -> World {
    let world = World::with(limits, |_| {});
    for number in 1..=10u64 {
        let mut transactions = vec![call(0, number - 1, LOGGER, words(&[number, 1]))];
        if number % 2 == 0 {
            transactions.push(operation(number / 2 - 1).encode().into());
        }
        world.make(&transactions);
    }
    world
}

fn places(logs: &Value) -> Vec<(u64, u64)> {
    let logs = logs.as_array().unwrap().iter();
    logs.map(|log| (number(&log["blockNumber"]), number(&log["logIndex"]))).collect()
}

#[test]
fn logs_are_found_by_range_address_and_topics() {
    let world = world_with(Limits::default());
    let find = |filter: Value| places(&world.get("eth_getLogs", json!([filter])));
    let all = json!({ "fromBlock": "earliest", "toBlock": "latest" });
    assert_eq!(find(all.clone()).len(), 15);
    assert_eq!(find(json!({})), [(10, 0), (10, 1)], "without a range the last block's");
    assert_eq!(find(json!({ "fromBlock": "0x3", "toBlock": "0x4" })), [(3, 0), (4, 0), (4, 1)]);
    assert_eq!(find(json!({ "fromBlock": "0x9", "toBlock": "0xffff" })), [(9, 0), (10, 0), (10, 1)]);
    let with = |more: Value| {
        let mut filter = all.clone();
        filter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        find(filter)
    };
    assert_eq!(with(json!({ "address": LOGGER })).len(), 15);
    assert_eq!(with(json!({ "address": [SETTER, LOGGER] })).len(), 15);
    assert!(with(json!({ "address": SETTER })).is_empty());
    assert_eq!(with(json!({ "topics": [topic(0xaa)] })).len(), 15);
    assert_eq!(with(json!({ "topics": [null, topic(7)] })), [(7, 0)]);
    assert_eq!(with(json!({ "topics": [null, [topic(7), topic(8)]] })), [(7, 0), (8, 0)]);
    // The operations' ids are 0 to 4.
    assert_eq!(with(json!({ "topics": [null, topic(2)] })), [(2, 0), (6, 1)]);
    assert!(with(json!({ "topics": [topic(7)] })).is_empty());
    assert!(with(json!({ "topics": [null, null, topic(7)] })).is_empty());
    let block = world.get("eth_getBlockByNumber", json!(["0x4", false]));
    assert_eq!(find(json!({ "blockHash": block["hash"] })), [(4, 0), (4, 1)]);
    let logs = world.get("eth_getLogs", json!([{ "blockHash": block["hash"] }]));
    let receipts = world.get("eth_getBlockReceipts", json!(["0x4"]));
    assert_eq!(logs[1], receipts[1]["logs"][0]);
}

#[test]
fn queries_that_ask_for_too_much_are_refused() {
    let limits = Limits { log_blocks: 5, logs: 6, filter_alternatives: 3, ..Limits::default() };
    let world = world_with(limits);
    let fail = |filter: Value| world.fail("eth_getLogs", json!([filter]));
    let error = fail(json!({ "fromBlock": "0x1", "toBlock": "0x6" }));
    assert_eq!(
        (error.code, error.message.as_str()),
        (-32_005, "query spans 6 blocks, the limit is 5: ask for fewer at a time")
    );
    let error = fail(json!({ "fromBlock": "0x2", "toBlock": "0x6" }));
    assert!(
        error.code == -32_005 && error.message.starts_with("query returned more than 6 results"),
        "{error:?}"
    );
    assert!(world.ask("eth_getLogs", json!([{ "fromBlock": "0x2", "toBlock": "0x5" }])).is_ok());
    let error = fail(json!({ "fromBlock": "0x2", "toBlock": "0x1" }));
    assert!(error.code == -32_602 && error.message.starts_with("invalid block range params"), "{error:?}");
    let many = [topic(1), topic(2), topic(3), topic(4)];
    let error = fail(json!({ "topics": [many] }));
    assert!(error.code == -32_005 && error.message.contains("the limit is 3"), "{error:?}");
    let error = fail(json!({ "blockHash": B256::ZERO }));
    assert_eq!(error.message, "header not found");
    assert_eq!(fail(json!({ "blockHash": B256::ZERO, "fromBlock": "0x1" })).code, -32_602);
    assert_eq!(fail(json!({ "topics": [null, null, null, null, null] })).code, -32_602);
}

#[test]
fn filters_answer_what_is_new() {
    let world = world_with(Limits::default());
    let ask = |id: &Value| world.get("eth_getFilterChanges", json!([id]));
    let blocks = world.get("eth_newBlockFilter", json!([]));
    let logs = world.get("eth_newFilter", json!([{ "topics": [null, topic(77)] }]));
    let bounded = world.get("eth_newFilter", json!([{ "fromBlock": "0x1", "toBlock": "0x2" }]));
    let transactions = world.get("eth_newPendingTransactionFilter", json!([]));
    for id in [&blocks, &logs, &bounded, &transactions] {
        assert_eq!(ask(id), json!([]));
    }
    let sent = call(0, 10, LOGGER, words(&[77]));
    world.get("eth_sendRawTransaction", json!([sent]));
    assert_eq!(ask(&transactions), json!([keccak256(&sent)]));
    let first = world.make(&world.pool.take());
    let second = world.make(&[call(0, 11, LOGGER, words(&[78]))]);
    assert_eq!(ask(&blocks), json!([first.header.hash, second.header.hash]));
    assert_eq!(places(&ask(&logs)), [(11, 0)]);
    for id in [&blocks, &logs, &bounded, &transactions] {
        assert_eq!(ask(id), json!([]));
    }
    // Asked for all, a filter of logs looks at its blocks again.
    assert_eq!(places(&world.get("eth_getFilterLogs", json!([bounded]))), [(1, 0), (2, 0), (2, 1)]);
    assert_eq!(world.fail("eth_getFilterLogs", json!([blocks])).message, "filter not found");
    for expected in [true, false] {
        assert_eq!(world.get("eth_uninstallFilter", json!([blocks])), json!(expected));
    }
    assert_eq!(world.fail("eth_getFilterChanges", json!([blocks])).message, "filter not found");
}

#[test]
fn filters_are_bounded_and_end() {
    let limits = Limits { filters: 2, filter_life: Duration::from_millis(400), ..Limits::default() };
    let world = World::with(limits, |_| {});
    let first = world.get("eth_newBlockFilter", json!([]));
    world.get("eth_newBlockFilter", json!([]));
    assert_eq!(world.fail("eth_newBlockFilter", json!([])).code, -32_005);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(world.fail("eth_getFilterChanges", json!([first])).message, "filter not found");
    assert!(world.ask("eth_newBlockFilter", json!([])).is_ok());
}

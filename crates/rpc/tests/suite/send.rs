//! Sending transactions, and what waits.

use crate::world::*;
use alloy_primitives::{Address, TxKind, keccak256};
use ashlar_rpc::Limits;
use serde_json::{Value, json};
use std::{thread, time::Duration};

#[test]
fn a_transaction_that_is_sent_waits_and_comes_into_a_block() {
    let world = World::new();
    let bytes = legacy(0, 0, account(1), 5);
    let hash = world.get("eth_sendRawTransaction", json!([bytes]));
    assert_eq!(hash, json!(keccak256(&bytes)));
    let waiting = world.get("eth_getTransactionByHash", json!([hash]));
    assert_eq!(
        (&waiting["blockHash"], &waiting["blockNumber"], &waiting["transactionIndex"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!((&waiting["from"], &waiting["gasPrice"]), (&json!(account(0)), &json!("0x1388")));
    assert_eq!(world.get("eth_getTransactionReceipt", json!([hash])), Value::Null);
    assert_eq!(world.get("eth_getRawTransactionByHash", json!([hash])), json!(bytes));
    world.make(&world.pool.take());
    assert_eq!(world.get("eth_getTransactionReceipt", json!([hash]))["status"], "0x1");
    assert_eq!(world.get("eth_getTransactionByHash", json!([hash]))["blockNumber"], "0x1");
}

#[test]
fn refusals_are_those_of_the_pool() {
    let world = World::new();
    let bytes = legacy(0, 0, account(1), 5);
    world.get("eth_sendRawTransaction", json!([bytes]));
    for method in ["eth_sendRawTransaction", "eth_sendRawTransactionSync"] {
        let error = world.fail(method, json!([bytes]));
        assert_eq!((error.code, error.message.as_str()), (-32_000, "already known"));
        let operation: alloy_primitives::Bytes = operation(0).encode().into();
        assert_eq!(world.fail(method, json!([operation])).message, "transaction type not supported");
        assert_eq!(world.fail(method, json!(["0x"])).code, -32_000);
        assert_eq!(world.fail(method, json!([])).code, -32_602);
    }
}

#[test]
fn who_waits_gets_the_receipt_of_the_block() {
    let world = World::new();
    let bytes = call(1, 0, LOGGER, words(&[1]));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| world.get("eth_sendRawTransactionSync", json!([bytes, 20_000])));
        let mut transactions = Vec::new();
        while transactions.is_empty() {
            thread::yield_now();
            transactions = world.pool.take();
        }
        // Another block comes first.
        world.make(&[legacy(0, 0, account(1), 1)]);
        world.make(&transactions);
        let receipt = waiting.join().unwrap();
        assert_eq!(receipt, world.get("eth_getTransactionReceipt", json!([keccak256(&bytes)])));
        assert_eq!(receipt["blockNumber"], "0x2");
    });
}

#[test]
fn who_waits_in_vain_gets_the_hash() {
    let limits = Limits { send_wait: Duration::from_millis(300), ..Limits::default() };
    let world = World::with(limits, |_| {});
    for (nonce, params) in [(0, vec![json!(10)]), (1, vec![json!(1_000_000)]), (2, vec![])] {
        let bytes = legacy(0, nonce, account(1), 5);
        let params: Vec<_> = [json!(bytes)].into_iter().chain(params).collect();
        let error = world.fail("eth_sendRawTransactionSync", json!(params));
        assert_eq!((error.code, &error.data), (4, &json!(keccak256(&bytes))));
    }
    let crowded = World::with(Limits { send_waiters: 1, ..Limits::default() }, |_| {});
    thread::scope(|scope| {
        let first = scope
            .spawn(|| crowded.ask("eth_sendRawTransactionSync", json!([legacy(0, 0, account(1), 5), 3_000])));
        while crowded.get("txpool_status", json!([]))["pending"] == "0x0" {}
        let error = crowded.fail("eth_sendRawTransactionSync", json!([legacy(0, 1, account(1), 5), 10]));
        assert_eq!(error.code, -32_005);
        crowded.make(&crowded.pool.take());
        assert!(first.join().unwrap().is_ok());
    });
}

#[test]
fn the_pool_is_shown_by_sender_and_nonce() {
    let world = World::new();
    for bytes in [
        legacy(0, 0, account(1), 5),
        legacy(0, 1, account(1), 6),
        dynamic(1, 0, TxKind::Create, 0, words(&[])),
    ] {
        world.get("eth_sendRawTransaction", json!([bytes]));
    }
    assert_eq!(world.get("txpool_status", json!([])), json!({ "pending": "0x3", "queued": "0x0" }));
    let content = world.get("txpool_content", json!([]));
    assert_eq!(content["queued"], json!({}));
    let of_first = &content["pending"][account(0).to_string()];
    assert_eq!((&of_first["1"]["value"], of_first["0"]["blockHash"].clone()), (&json!("0x6"), Value::Null));
    let from = world.get("txpool_contentFrom", json!([account(0)]));
    assert_eq!(from, json!({ "pending": of_first, "queued": {} }));
    assert_eq!(
        world.get("txpool_contentFrom", json!([Address::ZERO])),
        json!({ "pending": {}, "queued": {} })
    );
    let inspected = world.get("txpool_inspect", json!([]));
    let line = format!("{}: 5 wei + 21000 gas × 5000 wei", account(1));
    assert_eq!(inspected["pending"][account(0).to_string()]["0"], json!(line));
    let creation = inspected["pending"][account(1).to_string()]["0"].as_str().unwrap();
    assert!(creation.starts_with("contract creation: 0 wei"), "{creation}");
}

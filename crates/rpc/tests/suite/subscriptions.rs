//! Subscriptions over WebSockets.

use crate::world::*;
use alloy_primitives::{U256, keccak256};
use ashlar_rpc::Limits;
use ashlar_storage::BlockRecord;
use serde_json::{Value, json};
use std::{net::TcpStream, sync::Arc, time::Duration};
use tungstenite::{Message, WebSocket};

pub(crate) struct Socket(WebSocket<TcpStream>);

impl Socket {
    pub(crate) fn open(world: &World) -> Self {
        let stream = TcpStream::connect(world.server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://{}", world.server.address()), stream).unwrap();
        Self(socket)
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).unwrap();
    }

    pub(crate) fn receive(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other}"),
            }
        }
    }

    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string());
        self.receive()
    }

    fn subscribe(&mut self, params: Value) -> Value {
        let mut response = self.ask("eth_subscribe", params);
        let id = response["result"].take();
        assert!(id.as_str().unwrap().starts_with("0x"), "{response}");
        id
    }

    /// The next message of this subscription.
    fn next(&mut self, id: &Value) -> Value {
        let mut message = self.receive();
        assert_eq!(
            (&message["method"], &message["params"]["subscription"]),
            (&json!("eth_subscription"), id)
        );
        message["params"]["result"].take()
    }
}

#[test]
fn requests_are_answered_over_websockets_too() {
    let world = World::new();
    let mut socket = Socket::open(&world);
    assert_eq!(socket.ask("eth_chainId", json!([])), json!({ "jsonrpc": "2.0", "id": 7, "result": "0x539" }));
    assert_eq!(socket.ask("eth_call", json!([{ "to": REVERTER }]))["error"]["code"], 3);
}

#[test]
fn heads_are_announced_until_the_subscription_ends() {
    let world = World::new();
    let mut socket = Socket::open(&world);
    let id = socket.subscribe(json!(["newHeads"]));
    for nonce in 0..2 {
        let record = world.make(&[legacy(0, nonce, account(1), 1)]);
        let head = socket.next(&id);
        assert_eq!(head["hash"], json!(record.header.hash));
        let mut block = world.get("eth_getBlockByHash", json!([record.header.hash, false]));
        for name in ["transactions", "uncles", "withdrawals", "size", "totalDifficulty"] {
            block.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(head, block);
    }
    assert_eq!(socket.ask("eth_unsubscribe", json!([id]))["result"], json!(true));
    assert_eq!(socket.ask("eth_unsubscribe", json!([id]))["result"], json!(false));
    world.make(&[legacy(0, 2, account(1), 1)]);
    assert_eq!(socket.ask("eth_blockNumber", json!([]))["result"], "0x3");
}

#[test]
fn logs_are_announced_as_the_filter_says() {
    let world = World::new();
    let mut socket = Socket::open(&world);
    let topic = |number: u64| U256::from(number).to_be_bytes::<32>();
    let filter = json!({ "address": LOGGER, "topics": [null, [alloy_primitives::B256::from(topic(2))]] });
    let id = socket.subscribe(json!(["logs", filter]));
    let record = world.make(&[call(0, 0, LOGGER, words(&[1])), call(0, 1, LOGGER, words(&[2]))]);
    let log = socket.next(&id);
    assert_eq!((&log["blockHash"], &log["logIndex"]), (&json!(record.header.hash), &json!("0x1")));
    let receipt = world.get("eth_getTransactionReceipt", json!([record.results[1].hash]));
    assert_eq!(log, receipt["logs"][0]);
}

#[test]
fn transactions_are_announced_by_hash_or_with_content() {
    let world = World::new();
    let (mut hashes, mut contents) = (Socket::open(&world), Socket::open(&world));
    let hash_id = hashes.subscribe(json!(["newPendingTransactions"]));
    let content_id = contents.subscribe(json!(["newPendingTransactions", true]));
    let bytes = legacy(0, 0, account(1), 5);
    world.get("eth_sendRawTransaction", json!([bytes]));
    assert_eq!(hashes.next(&hash_id), json!(keccak256(&bytes)));
    assert_eq!(contents.next(&content_id), world.get("eth_getTransactionByHash", json!([keccak256(&bytes)])));
}

#[test]
fn what_cannot_be_subscribed_to_is_refused() {
    let world = World::with(Limits { subscriptions: 2, filter_alternatives: 2, ..Limits::default() }, |_| {});
    let mut socket = Socket::open(&world);
    let error = socket.ask("eth_subscribe", json!(["weather"]))["error"].take();
    assert_eq!(
        (error["code"].as_i64(), error["message"].as_str()),
        (Some(-32_602), Some("no \"weather\" subscription in eth namespace"))
    );
    assert_eq!(socket.ask("eth_subscribe", json!([]))["error"]["code"], -32_602);
    assert_eq!(
        socket.ask("eth_subscribe", json!(["logs", { "address": [SETTER, LOGGER, READER] }]))["error"]["code"],
        -32_005
    );
    assert_eq!(socket.ask("eth_subscribe", json!(["logs", { "address": 7 }]))["error"]["code"], -32_602);
    socket.subscribe(json!(["newHeads"]));
    socket.subscribe(json!(["newHeads"]));
    assert!(socket.ask("eth_subscribe", json!(["newHeads"]))["error"].is_object());
    // Over HTTP there is nobody to announce to.
    assert!(world.ask("eth_subscribe", json!(["newHeads"])).is_err());
}

#[test]
fn a_subscriber_that_does_not_read_is_dropped_and_delays_nobody() {
    let world = World::with(Limits { messages: 1, ..Limits::default() }, |_| {});
    let mut socket = Socket::open(&world);
    let id = socket.subscribe(json!(["logs", {}]));
    // More logs than buffers between here and there hold, and more blocks than are kept for who is slow.
    let mut record: BlockRecord = world.make(&[call(0, 0, LOGGER, vec![7; 4_000].into())]);
    let result = record.results[0].clone();
    record.results = vec![result; 200];
    let record = Arc::new(record);
    for _ in 0..1_000 {
        world.heads.send(Arc::clone(&record));
    }
    assert_eq!(world.get("eth_blockNumber", json!([])), "0x1");
    let mut messages = 0;
    let end = loop {
        let message = socket.receive();
        assert_eq!(message["params"]["subscription"], id);
        match message["params"].get("error") {
            Some(error) => break error.to_string(),
            None => messages += 1,
        }
    };
    assert!(end.contains("were not taken in time"), "{end}");
    assert!(messages < 1_000 * 200);
}

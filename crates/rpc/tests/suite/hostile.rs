//! Whatever is sent, the server answers, and goes on.

use crate::{subscriptions::Socket, world::*};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use std::cell::RefCell;

const METHODS: [&str; 60] = [
    "ashlar_chain",
    "ashlar_status",
    "ashlar_batch",
    "ashlar_batchOfBlock",
    "ashlar_pubdata",
    "ashlar_proof",
    "ashlar_messageProof",
    "ashlar_operation",
    "ashlar_withdrawals",
    "ashlar_transactionStatus",
    "ashlar_cost",
    "eth_chainId",
    "eth_blockNumber",
    "eth_syncing",
    "eth_accounts",
    "eth_getBlockByNumber",
    "eth_getBlockByHash",
    "eth_getBlockReceipts",
    "eth_getBlockTransactionCountByNumber",
    "eth_getBlockTransactionCountByHash",
    "eth_getUncleCountByBlockNumber",
    "eth_getUncleCountByBlockHash",
    "eth_getTransactionByHash",
    "eth_getTransactionByBlockNumberAndIndex",
    "eth_getTransactionByBlockHashAndIndex",
    "eth_getRawTransactionByHash",
    "eth_getTransactionReceipt",
    "eth_getBalance",
    "eth_getTransactionCount",
    "eth_getCode",
    "eth_getStorageAt",
    "eth_getProof",
    "eth_call",
    "eth_createAccessList",
    "eth_estimateGas",
    "eth_gasPrice",
    "eth_maxPriorityFeePerGas",
    "eth_blobBaseFee",
    "eth_feeHistory",
    "eth_getLogs",
    "eth_newFilter",
    "eth_newBlockFilter",
    "eth_newPendingTransactionFilter",
    "eth_getFilterChanges",
    "eth_getFilterLogs",
    "eth_uninstallFilter",
    "eth_sendRawTransaction",
    "eth_subscribe",
    "eth_unsubscribe",
    "net_version",
    "web3_sha3",
    "txpool_status",
    "txpool_content",
    "txpool_contentFrom",
    "txpool_inspect",
    "debug_traceTransaction",
    "debug_traceBlockByNumber",
    "debug_traceBlockByHash",
    "debug_traceCall",
    "debug_executionWitness",
];

/// Values that some method takes, those that none does, and between.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        prop::sample::select(vec!["callTracer", "prestateTracer"]).prop_map(|name| json!({ "tracer": name })),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "latest",
            "pending",
            "earliest",
            "safe",
            "finalized",
            "0x",
            "0x0",
            "0x1",
            "0x01",
            "0xffffffffffffffff",
            "0x10000000000000000",
            "newHeads",
            "logs",
            "newPendingTransactions",
        ])
        .prop_map(Value::from),
        prop::sample::select(vec![SETTER, LOGGER, REVERTER, READER, TELLER])
            .prop_map(|address| json!(address)),
        any::<[u8; 32]>().prop_map(|bytes| json!(alloy_primitives::B256::from(bytes))),
        prop::collection::vec(any::<u8>(), 0..80)
            .prop_map(|bytes| json!(alloy_primitives::Bytes::from(bytes))),
    ];
    let names = prop::sample::select(vec![
        "from",
        "to",
        "data",
        "input",
        "value",
        "gas",
        "gasPrice",
        "maxFeePerGas",
        "maxPriorityFeePerGas",
        "nonce",
        "accessList",
        "authorizationList",
        "blockHash",
        "blockNumber",
        "fromBlock",
        "toBlock",
        "address",
        "topics",
        "balance",
        "code",
        "state",
        "stateDiff",
        "storageKeys",
        "number",
        "time",
        "type",
        "blobVersionedHashes",
        "00000000000000000000000000000000000c0de0",
        "0x00000000000000000000000000000000000c0de3",
    ]);
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

#[test]
fn random_arguments_are_answered() {
    let world = World::new();
    world.make(&[call(0, 0, LOGGER, words(&[1])), operation(0).encode().into()]);
    let socket = RefCell::new(Socket::open(&world));
    let request = (prop::sample::select(METHODS.to_vec()), prop::collection::vec(value(), 0..5));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() });
    runner
        .run(&request, |(method, params)| {
            let mut socket = socket.borrow_mut();
            socket.send(
                &json!({ "jsonrpc": "2.0", "id": "this", "method": method, "params": params }).to_string(),
            );
            loop {
                let response = socket.receive();
                if response["id"] != "this" {
                    continue;
                }
                prop_assert!(
                    response.get("result").is_some() != response.get("error").is_some(),
                    "{}",
                    response
                );
                // What a client sends is never the server's fault.
                prop_assert!(response["error"]["code"] != -32_603, "{} {}", method, response);
                return Ok(());
            }
        })
        .unwrap();
    assert_eq!(world.get("eth_blockNumber", json!([])), "0x1");
}

#[test]
fn random_bodies_are_answered() {
    let world = World::new();
    let body = prop_oneof![
        ".{0,200}",
        value().prop_map(|value| value.to_string()),
        (value(), value(), value()).prop_map(|(id, method, params)| {
            json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
        }),
        (0..300usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        (0..100usize, value()).prop_map(|(end, params)| {
            let whole =
                json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": params }).to_string();
            whole.chars().take(end).collect()
        }),
    ];
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() });
    runner
        .run(&body, |body| {
            let (status, text) = world.post(&body);
            prop_assert!((200..500).contains(&status), "{} {}", status, text);
            Ok(())
        })
        .unwrap();
    assert_eq!(world.get("eth_chainId", json!([])), "0x539");
}

#[test]
fn arguments_are_refused_by_their_number() {
    let world = World::new();
    for (method, params, text) in [
        ("eth_getBalance", json!([]), "missing value for required argument 0"),
        ("eth_getBalance", json!([null]), "missing value for required argument 0"),
        ("eth_getStorageAt", json!([SETTER]), "missing value for required argument 1"),
        ("eth_getBalance", json!(["0x12", "latest"]), "invalid argument 0: "),
        ("eth_getBalance", json!([SETTER, "newest"]), "invalid argument 1: "),
        ("eth_getBalance", json!([SETTER, "latest", 1]), "too many arguments, want at most 2"),
        ("eth_getStorageAt", json!([SETTER, "5"]), "invalid argument 1: hex string without 0x prefix"),
        ("eth_getStorageAt", json!([SETTER, "0xzz"]), "invalid argument 1: not a hexadecimal storage key"),
        ("eth_chainId", json!([1]), "too many arguments, want at most 0"),
        ("eth_chainId", json!({ "a": 1 }), "invalid arguments: want a list"),
    ] {
        let error = world.fail(method, params);
        assert_eq!(error.code, -32_602, "{error:?}");
        assert!(error.message.starts_with(text), "{error:?}");
    }
    assert_eq!(world.fail("eth_nothing", json!([])).code, -32_601);
}

#[test]
fn damage_of_the_store_is_named_and_ends_nothing() {
    use ashlar_storage::{Changes, Store, Table};
    let world = World::new();
    world.make(&[legacy(0, 0, account(1), 1)]);
    let mut changes = Changes::default();
    changes.put(Table::Blocks, 1u64.to_be_bytes(), "damaged");
    world.store.write(changes).unwrap();
    let error = world.fail("eth_getBlockByNumber", json!(["0x1", true]));
    assert_eq!(error.code, -32_603);
    assert!(error.message.contains("damaged"), "{error:?}");
    assert!(world.ask("eth_getBlockByNumber", json!(["0x0", true])).is_ok());
}

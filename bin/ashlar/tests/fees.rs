//! What is paid for gas is not for the node to say: a node that lies about fees gets no transaction.

#[allow(dead_code)] // Other tests use the rest.
mod support;

use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{B256, hex};
use ashlar_ethereum::test_utils::{FakeNode, Reply};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, process::Output};
use support::{Scratch, ashlar, stderr};

const GWEI: u128 = 1_000_000_000;

/// A node that says what it is told to, and takes no transaction.
struct Node(FakeNode);

impl Node {
    fn start(base_fee: u128, tip: u128) -> Self {
        Self(FakeNode::new(move |method, _| match method {
            "eth_chainId" => Reply::Result(json!("0x1")),
            "eth_estimateGas" => Reply::Result(json!("0xf4240")),
            "eth_getTransactionCount" => Reply::Result(json!("0x0")),
            "eth_maxPriorityFeePerGas" => Reply::Result(json!(format!("{tip:#x}"))),
            "eth_getBlockByNumber" => Reply::Result(json!({
                "number": "0x1", "hash": B256::ZERO, "parentHash": B256::ZERO, "timestamp": "0x1",
                "baseFeePerGas": format!("{base_fee:#x}"),
            })),
            "eth_sendRawTransaction" => Reply::Error(-32_000, "seen, but not taken".into(), Value::Null),
            method => panic!("nobody asks for {method}"),
        }))
    }

    /// Has the command deploy by this node.
    fn deploy(&self, scratch: &Scratch, more: &[&str]) -> Output {
        let path = scratch.write("key", format!("{:064x}", 0xa5a5_1234_u64).as_bytes());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let deploy = ["l1", "deploy-verifier", "--rpc", self.0.url(), "--key-file", &path];
        ashlar(&[&deploy[..], more].concat())
    }

    /// What it was sent.
    fn sent(&self) -> Vec<TxEnvelope> {
        let calls = self.0.calls().into_iter().filter(|(method, _)| method == "eth_sendRawTransaction");
        let raw = calls.map(|(_, params)| hex::decode(params[0].as_str().unwrap()).unwrap());
        raw.map(|bytes| TxEnvelope::decode_2718(&mut bytes.as_slice()).unwrap()).collect()
    }
}

#[test]
fn a_node_that_names_an_absurd_price_gets_no_transaction() {
    let scratch = Scratch::new("fees-absurd");
    for (base_fee, tip) in [
        (GWEI, 1_000_000 * GWEI),
        (1_000_000 * GWEI, GWEI),
        (200 * GWEI, 1),
        (u128::MAX, u128::MAX),
        (0, u128::MAX),
    ] {
        let node = Node::start(base_fee, tip);
        let output = node.deploy(&scratch, &[]);
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        assert!(said.contains("the most that may be paid is 200") && said.contains("--max-fee"), "{said}");
        assert!(node.sent().is_empty(), "{base_fee} {tip}");
    }
}

#[test]
fn what_the_node_wants_is_said_and_can_be_allowed() {
    let scratch = Scratch::new("fees-allowed");
    let node = Node::start(320 * GWEI, 7 * GWEI / 2);
    let said = stderr(&node.deploy(&scratch, &[])).to_owned();
    assert!(said.contains("323.5 gwei per gas, a base fee of 320 and a tip of 3.5"), "{said}");
    assert!(said.contains("--max-fee 324"), "{said}");
    stderr(&node.deploy(&scratch, &["--max-fee", "323"])).find("--max-fee 324").unwrap();
    assert!(node.sent().is_empty());
    let output = node.deploy(&scratch, &["--max-fee", "324"]);
    assert!(stderr(&output).contains("seen, but not taken"), "{}", stderr(&output));
    let [sent] = &node.sent()[..] else { panic!("one transaction") };
    assert_eq!(sent.max_fee_per_gas(), 324 * GWEI, "no more than is allowed");
    assert_eq!(sent.max_priority_fee_per_gas(), Some(7 * GWEI / 2));
}

#[test]
fn an_honest_price_is_offered_with_room_for_full_blocks() {
    let scratch = Scratch::new("fees-honest");
    let node = Node::start(3 * GWEI, GWEI);
    node.deploy(&scratch, &[]);
    let [sent] = &node.sent()[..] else { panic!("one transaction") };
    assert_eq!((sent.max_fee_per_gas(), sent.max_priority_fee_per_gas()), (7 * GWEI, Some(GWEI)));
}

#[test]
fn a_limit_is_for_a_key_of_ones_own() {
    let output = ashlar(&["l1", "deploy-verifier", "--rpc", "http://127.0.0.1:1", "--max-fee", "5"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--key-file"), "{}", stderr(&output));
}

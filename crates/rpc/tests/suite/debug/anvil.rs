//! Another node as the judge: the same transactions on the same state, where the rules are Ethereum's.

use super::*;
use alloy_primitives::{B256, U256};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

struct Anvil {
    process: Child,
    url: String,
}

impl Anvil {
    fn start() -> Self {
        let installed = "../../contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join(installed);
        let program = std::env::var_os("ASHLAR_ANVIL").map_or(installed, PathBuf::from);
        let chain = CHAIN_ID.to_string();
        let mut process = Command::new(program)
            .args(["--port", "0", "--hardfork", "osaka", "--chain-id", &chain, "--enable-tx-gas-limit"])
            .args(["--block-base-fee-per-gas", "0", "--gas-price", "0", "--gas-limit", "33554432"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("anvil starts");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned)).unwrap();
        thread::spawn(move || lines.for_each(drop));
        Self { process, url: format!("http://{address}") }
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut response = ureq::post(&self.url).send_json(&body).unwrap();
        let mut answer: Value = response.body_mut().read_json().unwrap();
        assert_eq!(answer.get("error"), None, "{method}");
        answer["result"].take()
    }

    /// Gives it the state that worlds begin with.
    fn begin(&self) {
        self.ask("anvil_setCoinbase", json!([BENEFICIARY]));
        for (address, account) in accounts() {
            self.ask("anvil_setBalance", json!([address, account.balance]));
            self.ask("anvil_setNonce", json!([address, U256::from(account.nonce)]));
            self.ask("anvil_setCode", json!([address, account.code]));
            for (key, value) in account.storage {
                self.ask("anvil_setStorageAt", json!([address, key, B256::from(value)]));
            }
        }
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // If it is gone already, there is nothing to stop.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Takes out what differs: logs are numbered by the block here, and each transaction is in a block of its own there.
fn without_indices(mut frame: Value) -> Value {
    for log in frame.get_mut("logs").and_then(Value::as_array_mut).into_iter().flatten() {
        log.as_object_mut().unwrap().remove("index");
    }
    for call in frame.get_mut("calls").and_then(Value::as_array_mut).into_iter().flatten() {
        *call = without_indices(call.take());
    }
    frame
}

/// As geth has it: its word for writes in static calls, and no logs where the transaction failed.
fn as_geth(mut frame: Value) -> Value {
    if frame["error"] == "StateChangeDuringStaticCall" {
        frame["error"] = json!("write protection");
    }
    if frame.get("error").is_some() {
        frame.as_object_mut().unwrap().remove("logs");
    }
    for call in frame.get_mut("calls").and_then(Value::as_array_mut).into_iter().flatten() {
        *call = as_geth(call.take());
    }
    frame
}

/// As geth has it: accounts that were empty are not there.
fn without_empty(mut states: Value) -> Value {
    side_of(&mut states, "pre").retain(|_, account| *account != json!({ "balance": "0x0" }));
    states
}

/// Takes out who pays and receives fees, which are others there.
fn without_fees(mut states: Value, sender: u8) -> Value {
    for side in ["pre", "post"] {
        let side = side_of(&mut states, side);
        for address in [account(sender), BENEFICIARY] {
            side.remove(&address.to_string().to_lowercase());
        }
    }
    states
}

fn side_of<'v>(states: &'v mut Value, side: &str) -> &'v mut serde_json::Map<String, Value> {
    states[side].as_object_mut().unwrap()
}

fn transactions() -> Vec<(u8, Bytes)> {
    let tree = account(0).create(0);
    let deploying = dynamic_gas(0, 0, TxKind::Create, 0, init(&super::tree()), 1_000_000);
    let recursive = [PUSH0, PUSH0, PUSH0, PUSH0, PUSH0, ADDRESS, GAS, CALL];
    vec![
        (0, deploying),
        (1, dynamic_gas(1, 0, TxKind::Call(tree), 3, error_string("no way"), 500_000)),
        (1, dynamic_gas(1, 1, TxKind::Call(tree), 0, words(&[1, 2]), 70_000)),
        (2, legacy(2, 0, Address::repeat_byte(0x77), 5)),
        (2, with_access_list(2, 1, SETTER, words(&[1, 0]))),
        (2, call(2, 2, SETTER, words(&[60, 1]))),
        (2, call(2, 3, BURNER, Bytes::new())),
        (2, call(2, 4, LOGGER, words(&[9]))),
        (3, delegating(3, 0, 4, READER)),
        (3, call(3, 1, account(4), words(&[5]))),
        (3, dynamic(3, 2, TxKind::Create, 6, Bytes::from_static(&[PUSH1, 0xdd, SELFDESTRUCT]))),
        (3, dynamic(3, 3, TxKind::Create, 0, Bytes::from_static(&[INVALID]))),
        (3, dynamic(3, 4, TxKind::Create, 0, init(&recursive))),
        (3, dynamic_gas(3, 5, TxKind::Call(account(3).create(4)), 0, Bytes::new(), 28_000)),
    ]
}

#[test]
#[ignore = "needs anvil: `npm ci` in contracts, or ASHLAR_ANVIL"]
fn traces_are_those_of_anvil() {
    let (world, anvil) = (World::new(), Anvil::start());
    anvil.begin();
    let transactions = transactions();
    let bytes: Vec<_> = transactions.iter().map(|(_, bytes)| bytes.clone()).collect();
    let block = world.make(&bytes);
    let mut differences = Vec::new();
    for (index, (sender, bytes)) in transactions.iter().enumerate() {
        let hash = anvil.ask("eth_sendRawTransaction", json!([bytes]));
        assert_eq!(hash, json!(block.results[index].hash));
        while anvil.ask("eth_getTransactionReceipt", json!([hash])).is_null() {
            thread::yield_now();
        }
        let calls = anvil.ask("debug_traceTransaction", json!([hash, call_tracer()]));
        let mut ours = trace(&world, &block, index, &call_tracer());
        // The transaction's limit, as geth has it; there it is without what the transaction costs before its call.
        assert!(number(&ours["gas"]) > number(&calls["gas"]));
        ours["gas"] = calls["gas"].clone();
        let states = anvil.ask("debug_traceTransaction", json!([hash, diff()]));
        let our_states = trace(&world, &block, index, &diff());
        for (ours, theirs) in [
            (without_indices(ours), as_geth(without_indices(calls))),
            (without_fees(our_states, *sender), without_empty(without_fees(states, *sender))),
        ] {
            if ours != theirs {
                differences.push(format!("transaction {index}:\n{ours}\n{theirs}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

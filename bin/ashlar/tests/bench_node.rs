//! `ashlar bench node`, so small that it says nothing of speed: it works, and its JSON has what readers of it look for.

use serde_json::Value;
use std::{env, ffi::OsString, path::Path, process::Command};

const TRANSACTIONS: u64 = 20;

fn bench(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["bench", "node", "--transactions", "20", "--threads", "4"])
        .args(arguments)
        .env("ASHLAR_ANVIL", anvil())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The anvil of the contracts' packages, if no other one is named.
fn anvil() -> OsString {
    let installed = "../../contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
    env::var_os("ASHLAR_ANVIL")
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(installed).into())
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {path} in {value}"))
}

/// Shares of the whole add up to it.
fn assert_whole(shares: impl Iterator<Item = f64>) {
    let sum: f64 = shares.sum();
    assert!((0.999..1.001).contains(&sum), "{sum}");
}

fn assert_workload(workload: &Value, gas: std::ops::Range<f64>) {
    for flow in ["/pipeline", "/calm"] {
        assert_eq!(number(workload, &format!("{flow}/transactions")), TRANSACTIONS as f64);
        assert!(gas.contains(&number(workload, &format!("{flow}/gas_per_transaction"))), "{workload}");
        assert!(number(workload, &format!("{flow}/transactions_per_second")) > 0.0);
        assert!(number(workload, &format!("{flow}/gigagas_per_second")) > 0.0);
        assert!(number(workload, &format!("{flow}/blocks")) >= 1.0);
        let median = number(workload, &format!("{flow}/latency_seconds/median"));
        assert!((0.0..=number(workload, &format!("{flow}/latency_seconds/p99"))).contains(&median));
    }
    let stages = workload["stages"]["stages"].as_array().unwrap();
    let names: Vec<_> = stages.iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["admission", "sequencing", "reading"]);
    assert_whole(stages.iter().map(|stage| number(stage, "/share")));
    let parts = workload["stages"]["sequencing"].as_array().unwrap();
    let names: Vec<_> = parts.iter().map(|part| part["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["execution", "tries and header", "durable write", "pool", "other"]);
    let sequencing: f64 = parts.iter().map(|part| number(part, "/share")).sum();
    assert!((sequencing - number(&stages[1], "/share")).abs() < 1e-6);
    for (batch, in_blobs) in [("/batch", true), ("/calldata_batch", false)] {
        assert!((1.0..=TRANSACTIONS as f64).contains(&number(workload, &format!("{batch}/transactions"))));
        assert!(number(workload, &format!("{batch}/pubdata_bytes_per_transaction")) > 1.0);
        assert_eq!(number(workload, &format!("{batch}/l1/blobs")) > 0.0, in_blobs);
        assert_eq!(number(workload, &format!("{batch}/l1/blob_gas")) > 0.0, in_blobs);
        // The verifier alone takes more than four million.
        assert!((4.3e6..1.7e7).contains(&number(workload, &format!("{batch}/l1/gas"))), "{workload}");
        assert!(number(workload, &format!("{batch}/l1/calldata_bytes")) > 90_000.0);
    }
}

#[test]
fn all_workloads_are_measured_and_every_transaction_succeeds() {
    let report = bench(&["--accounts", "50", "--json"]);
    assert!(report["origin"]["command"].as_str().unwrap().starts_with("ashlar bench node"));
    assert!(report["origin"]["machine"]["cores"].as_u64().is_some());
    assert_eq!(number(&report, "/accounts"), 50.0);
    let workloads = report["workloads"].as_array().unwrap();
    let names: Vec<_> = workloads.iter().map(|workload| workload["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["transfers", "erc20", "swaps"]);
    let gas = [21_000.0..21_000.1, 25_000.0..45_000.0, 60_000.0..120_000.0];
    for (workload, gas) in workloads.iter().zip(gas) {
        assert_workload(workload, gas);
    }
}

/// Fewer accounts than transactions: each sends several, in the order of its nonces.
#[test]
fn a_sender_sends_several_transactions() {
    let report = bench(&["--accounts", "3", "--workloads", "erc20", "--json"]);
    let workloads = report["workloads"].as_array().unwrap();
    assert_eq!(workloads.len(), 1);
    assert_eq!(number(&workloads[0], "/pipeline/transactions"), TRANSACTIONS as f64);
}

/// What a chain of `ashlar up` takes from a sealed batch to its acceptance by Ethereum, with a real proof.
#[test]
#[ignore = "takes minutes and anvil: contracts/scripts/install.sh"]
fn settling_is_measured() {
    let report = bench(&["--accounts", "20", "--workloads", "transfers", "--settle", "30", "--json"]);
    assert_eq!(number(&report, "/settling/transfers"), 30.0);
    let batches = report["settling"]["batches"].as_array().unwrap();
    let sum: f64 = batches.iter().map(|batch| number(batch, "/transactions")).sum();
    assert_eq!(sum, 30.0);
    for batch in batches {
        let proven = number(batch, "/seconds_until_proven");
        assert!(0.0 < proven && proven <= number(batch, "/seconds_until_accepted"), "{batch}");
        assert!((4.3e6..1.7e7).contains(&number(batch, "/gas")), "{batch}");
        // So little costs less in calldata than the check of a blob alone, at any prices.
        assert!(number(batch, "/pubdata_bytes") < 3_500.0, "{batch}");
        assert_eq!(batch["data"], "calldata", "{batch}");
    }
}

//! `ashlar node` and what belongs to it, as processes. Its Ethereum does not answer, which stops nothing of this.

mod chain;
#[path = "../support/process.rs"]
mod process;

use ashlar_batcher::{JobSource, RemoteJobs, Token};
use chain::Chain;
use process::Process;
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn each_signal_that_asks_for_the_end_ends_a_node_in_order() {
    let chain = Chain::new("local = false");
    // Ctrl-C, what services are stopped with, and what a terminal sends that is closed.
    for signal in ["-INT", "-TERM", "-HUP"] {
        let (mut node, ready) = chain.start();
        assert!(ready["rpc"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{ready}");
        node.signal(signal);
        let status = node.end();
        assert!(status.success(), "{signal}: {status}: {}", node.log());
    }
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A node with jobs for workers, and one batch. Nothing proves it here.
fn with_a_batch() -> (Chain, Process, String) {
    let chain = Chain::new("local = false\nlisten = \"127.0.0.1:0\"\ntoken = \"workers.token\"");
    chain.write("workers.token", TOKEN);
    chain.ask();
    let (node, ready) = chain.start();
    let address = ready["workers"].as_str().unwrap().to_owned();
    (chain, node, address)
}

fn worker(chain: &Chain, node: &str, token: &str, name: &str) -> Process {
    let token = chain.write(&format!("{name}.token"), token);
    let dir = chain.path(name);
    let arguments = ["worker", "--node", node, "--token", token.to_str().unwrap(), "--json", "--name", name];
    let arguments = [&arguments[..], &["--dir", dir.to_str().unwrap()]].concat();
    Process::start_in(&chain.path(""), &arguments, chain.path(&format!("{name}.log")))
}

#[test]
fn a_worker_in_another_process_takes_the_batch() {
    let (chain, mut node, address) = with_a_batch();
    let worker = worker(&chain, &address, TOKEN, "far");
    let ready = worker.line();
    assert_eq!(
        (&ready["event"], &ready["name"], &ready["node"]),
        (&json!("ready"), &json!("far"), &json!(address))
    );
    assert_eq!(worker.line(), json!({"event": "job", "batch": 1}));
    // The proof takes minutes, and is not waited for.
    drop(worker);
    let token = Token::read(&chain.path("far.token")).unwrap();
    let jobs = RemoteJobs::new(&address, token);
    assert!(jobs.take("another").unwrap().is_none(), "the batch is another's");
    let again = jobs.take("far").unwrap().unwrap();
    assert_eq!(again.job.key.batch, 1, "it gets back what it had");
    jobs.release("far", &again.job).unwrap();
    assert_eq!(jobs.take("another").unwrap().unwrap().job.key.batch, 1);
    assert!(node.log().contains("a worker has taken a batch"), "{}", node.log());
    node.signal("-TERM");
    assert!(node.end().success(), "{}", node.log());
}

#[test]
fn a_worker_with_another_token_gets_nothing_and_is_told_why() {
    let (chain, node, address) = with_a_batch();
    let mut stranger = worker(&chain, &address, &TOKEN.replace('0', "1"), "stranger");
    assert!(!stranger.end().success());
    let said = stranger.log();
    assert!(said.contains("the node refuses the token") && said.contains("prover.token"), "{said}");
    assert!(!node.log().contains("stranger"), "{}", node.log());
}

#[test]
fn a_worker_waits_for_its_node_and_ends_in_order() {
    let chain = Chain::new("local = false");
    let mut worker = worker(&chain, "http://127.0.0.1:1", TOKEN, "early");
    assert_eq!(worker.line()["event"], "ready");
    assert_eq!(worker.line()["event"], "away");
    worker.signal("-TERM");
    assert!(worker.end().success(), "{}", worker.log());
}

#[test]
fn a_node_whose_token_others_can_read_does_not_start() {
    let chain = Chain::new("local = false\nlisten = \"127.0.0.1:0\"\ntoken = \"workers.token\"");
    let token = chain.write("workers.token", TOKEN);
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let config = chain.path("node.toml");
    let arguments = ["node", "--config", config.to_str().unwrap()];
    let mut node = Process::start_in(&chain.path(""), &arguments, chain.path("node.log"));
    assert!(!node.end().success());
    assert!(node.log().contains("prover.token") && node.log().contains("chmod 600"), "{}", node.log());
}

//! The binary from outside: results on stdout, talk on stderr, errors that say what to do.

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

/// A scratch folder that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ashlar-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A copy of the smallest input of the repository.
    fn with_input(name: &str) -> Self {
        let scratch = Self::new(name);
        for file in ["block.json", "execution_witness.json", "chain.json"] {
            fs::copy(small().join(file), scratch.0.join(file)).unwrap();
        }
        scratch
    }

    fn edit(&self, file: &str, change: impl FnOnce(&mut Value)) {
        let path = self.0.join(file);
        let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn small() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../inputs/small")
}

fn ashlar(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ashlar")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// Standard error of a run that must fail, and must print nothing else.
fn failure(output: &Output) -> &str {
    assert!(!output.status.success());
    assert_eq!(stdout(output), "", "a failure prints no result");
    std::str::from_utf8(&output.stderr).unwrap()
}

fn path(scratch: &Scratch) -> &str {
    scratch.0.to_str().unwrap()
}

#[test]
fn json_is_one_object_whose_state_root_is_the_headers() {
    let output = ashlar(&["execute", small().to_str().unwrap(), "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    let block: Value = serde_json::from_slice(&fs::read(small().join("block.json")).unwrap()).unwrap();
    assert_eq!(report["post_state_root"], block["stateRoot"]);
    assert_eq!(report["last_block"], block["hash"]);
    let gas = u64::from_str_radix(&block["gasUsed"].as_str().unwrap()[2..], 16).unwrap();
    assert_eq!(report["gas"], gas);
    let segments = report["segments"].as_array().unwrap();
    let cycles: u64 = segments.iter().map(|segment| segment["cycles"].as_u64().unwrap()).sum();
    assert_eq!(report["cycles"], cycles, "segments cover the run");
    assert!(cycles <= 9_000_000, "the small input fits in 9 M cycles, this took {cycles}");
    assert!(report["calls"]["keccak_f"].as_u64().unwrap() > 0);
}

#[test]
fn text_names_block_gas_and_cycles() {
    let output = ashlar(&["execute", small().to_str().unwrap()]);
    assert!(output.status.success());
    for label in ["block ", "state root ", "gas ", "cycles ", "segments ", "time "] {
        assert!(stdout(&output).contains(label), "no `{label}` in:\n{}", stdout(&output));
    }
}

#[test]
fn the_profile_accounts_for_every_cycle() {
    let scratch = Scratch::new("profile");
    let file = scratch.0.join("cycles.folded");
    let output =
        ashlar(&["execute", small().to_str().unwrap(), "--json", "--profile", file.to_str().unwrap()]);
    assert!(output.status.success());
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    let folded = fs::read_to_string(&file).unwrap();
    let counts = folded.lines().map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
    assert_eq!(report["cycles"], counts.sum::<u64>());
    assert!(folded.contains("execute_batch"), "functions have names");
}

#[test]
fn a_profile_named_svg_is_a_drawing() {
    let scratch = Scratch::new("svg");
    let file = scratch.0.join("cycles.svg");
    let output = ashlar(&["execute", small().to_str().unwrap(), "--profile", file.to_str().unwrap()]);
    assert!(output.status.success());
    assert!(fs::read_to_string(&file).unwrap().contains("<svg"));
}

#[test]
fn an_absent_folder_is_named() {
    let output = ashlar(&["execute", "no/such/folder"]);
    assert!(failure(&output).contains("no/such/folder"));
}

#[test]
fn broken_json_is_named_with_its_place() {
    let scratch = Scratch::with_input("broken");
    fs::write(scratch.0.join("block.json"), "{\"number\": ").unwrap();
    let output = ashlar(&["execute", path(&scratch)]);
    let text = failure(&output);
    assert!(text.contains("block.json") && text.contains("line 1"), "{text}");
}

#[test]
fn transaction_hashes_instead_of_transactions_are_explained() {
    let scratch = Scratch::with_input("hashes");
    scratch.edit("block.json", |block| {
        let hashes = block["transactions"].as_array().unwrap().iter().map(|tx| tx["hash"].clone());
        block["transactions"] = hashes.collect();
    });
    let output = ashlar(&["execute", path(&scratch)]);
    assert!(failure(&output).contains("full transactions"));
}

#[test]
fn a_changed_state_root_is_refused() {
    let scratch = Scratch::with_input("root");
    scratch.edit("block.json", |block| block["stateRoot"] = json!(format!("0x{}", "11".repeat(32))));
    let output = ashlar(&["execute", path(&scratch)]);
    assert!(failure(&output).contains("StateRoot"));
}

#[test]
fn a_witness_without_a_node_says_which_is_missing() {
    let scratch = Scratch::with_input("node");
    scratch.edit("execution_witness.json", |witness| {
        witness["state"].as_array_mut().unwrap().clear();
    });
    let output = ashlar(&["execute", path(&scratch)]);
    assert!(failure(&output).contains("0x"), "{}", failure(&output));
}

#[test]
fn the_hash_and_sender_that_json_claims_are_ignored() {
    let scratch = Scratch::with_input("claims");
    scratch.edit("block.json", |block| {
        block["transactions"][0]["from"] = json!("0x00000000000000000000000000000000000000aa");
    });
    let output = ashlar(&["execute", path(&scratch), "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_unknown_chain_without_rules_asks_for_them() {
    let scratch = Scratch::with_input("chain");
    fs::remove_file(scratch.0.join("chain.json")).unwrap();
    let output = ashlar(&["execute", path(&scratch)]);
    assert!(failure(&output).contains("chain.json"));
}

#[test]
fn a_cycle_limit_ends_the_run_with_an_error() {
    let output = ashlar(&["execute", small().to_str().unwrap(), "--cycles-max", "1000"]);
    assert!(failure(&output).contains("1000"), "{}", failure(&output));
}

#[test]
fn an_unreachable_node_is_named() {
    // A port that was free a moment ago and has no listener now.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let output = ashlar(&["execute", "--rpc", &url, "--block", "1"]);
    assert!(failure(&output).contains(&url));
}

#[test]
fn a_block_and_its_witness_come_from_a_node() {
    let result = |file: &str| {
        let value: Value = serde_json::from_slice(&fs::read(small().join(file)).unwrap()).unwrap();
        json!({"jsonrpc": "2.0", "id": 1, "result": value})
    };
    let url = serve(vec![result("block.json"), result("execution_witness.json")]);
    let chain = small().join("chain.json");
    let from_node =
        ashlar(&["execute", "--rpc", &url, "--block", "1", "--chain", chain.to_str().unwrap(), "--json"]);
    assert!(from_node.status.success(), "{}", String::from_utf8_lossy(&from_node.stderr));
    let report: Value = serde_json::from_str(stdout(&from_node)).unwrap();
    let block: Value = serde_json::from_slice(&fs::read(small().join("block.json")).unwrap()).unwrap();
    assert_eq!(report["post_state_root"], block["stateRoot"]);
}

#[test]
fn a_nodes_refusal_is_passed_on() {
    let url = serve(vec![
        json!({"jsonrpc": "2.0", "id": 1, "result": "0x1"}),
        json!({"jsonrpc": "2.0", "id": 1, "result": serde_json::from_slice::<Value>(
            &fs::read(small().join("block.json")).unwrap()).unwrap()}),
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "method not found"}}),
    ]);
    let output = ashlar(&["execute", "--rpc", &url, "--block", "1"]);
    let text = failure(&output);
    assert!(text.contains("debug_executionWitness") && text.contains("method not found"), "{text}");
}

#[test]
fn a_block_that_the_node_does_not_have_is_said() {
    let url = serve(vec![
        json!({"jsonrpc": "2.0", "id": 1, "result": "0x1"}),
        json!({"jsonrpc": "2.0", "id": 1, "result": null}),
    ]);
    let output = ashlar(&["execute", "--rpc", &url, "--block", "1"]);
    assert!(failure(&output).contains("does the node have this block?"));
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["execute", small().to_str().unwrap(), "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn no_arguments_print_the_help() {
    let output = ashlar(&[]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("execute"));
}

/// An HTTP server on loopback that gives these answers, one per connection, in order; returns its URL.
fn serve(answers: Vec<Value>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            respond(stream, &answer.to_string());
        }
    });
    url
}

fn respond(mut stream: TcpStream, body: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
}

#[test]
fn the_bench_of_the_machine_says_what_it_ran_on() {
    let output = ashlar(&["bench", "vm", small().to_str().unwrap(), "--runs", "1", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert!(report["origin"]["machine"]["cores"].as_u64().unwrap() >= 1);
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        assert!(result["plain"]["instructions_per_second"].as_f64().unwrap() > 0.0);
        assert!(result["metered"]["instructions_per_second"].as_f64().unwrap() > 0.0);
    }
}

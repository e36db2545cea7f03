//! From a block to a contract that accepts its proof, by the commands of the README, on an Ethereum of the test's own.
//!
//! It takes some minutes and anvil, so it is asked for by name: `contracts/scripts/install.sh`, then
//! `cargo test --package ashlar --test l1 -- --ignored`.

mod support;

use alloy_primitives::{Address, B256, U256, hex, keccak256};
use ashlar_contracts::{JoinedPlace, JoinedTree, Statement, is_verified_in_call};
use ashlar_ethereum::test_utils::Anvil;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, sync::OnceLock};
use support::{Scratch, ashlar, json, refusal, small, stderr, stdout};

/// What all tests share, each made once.
struct Proven {
    /// The file of a final proof, and the report of making it.
    one: (Vec<u8>, Value),
    /// The same of one with more statements than there are slots.
    many: (Vec<u8>, Value),
}

fn shared() -> &'static Proven {
    static PROVEN: OnceLock<Proven> = OnceLock::new();
    PROVEN.get_or_init(|| {
        let scratch = Scratch::new("final-once");
        let (aggregated, work) = (scratch.path("block.proof"), scratch.path("work"));
        let made = |arguments: &[&str], file: &str| {
            let output = ashlar(&[arguments, &["-o", file, "--json"]].concat());
            assert!(output.status.success(), "{}", stderr(&output));
            (fs::read(file).unwrap(), json(&output))
        };
        let input = small();
        let prove = ["prove", &input, "--work-dir", &work];
        made(&[&prove[..], &["--aggregate", "--keep-segments"]].concat(), &aggregated);
        let one = made(&[&prove[..], &["--final"]].concat(), &scratch.path("one.json"));
        assert!(!scratch.0.join("work").exists(), "the work folder is gone");
        let join = [&["join", "--final"][..], &[aggregated.as_str(); STATEMENTS]].concat();
        let many = made(&join, &scratch.path("many.json"));
        assert!(!scratch.0.join("many.json.parts").exists(), "the work folder is gone");
        Proven { one, many }
    })
}

/// One more than there are slots.
const STATEMENTS: usize = 17;

/// The file of the one final proof, and the report of making it.
fn proven() -> &'static (Vec<u8>, Value) {
    &shared().one
}

fn form() -> Value {
    serde_json::from_slice(&proven().0).unwrap()
}

fn write(scratch: &Scratch, name: &str, form: &Value) -> String {
    scratch.write(name, form.to_string().as_bytes())
}

/// Bytes of a field of hexadecimal.
fn bytes(form: &Value, field: &str) -> Vec<u8> {
    hex::decode(form[field].as_str().unwrap()).unwrap()
}

/// The file with another proof, whose calldata is the call of this proof.
fn with_proof(change: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut form = form();
    let (mut proof, calldata) = (bytes(&form, "proof"), bytes(&form, "calldata"));
    change(&mut proof);
    // Selector, key, output, place of the proof; then its length, itself, and zeros up to a whole word.
    let length = U256::from(proof.len()).to_be_bytes::<32>();
    let mut call = [&calldata[..4 + 3 * 32], length.as_slice(), proof.as_slice()].concat();
    call.resize(4 + 4 * 32 + proof.len().next_multiple_of(32), 0);
    form["proof"] = json!(hex::encode_prefixed(&proof));
    form["calldata"] = json!(hex::encode_prefixed(&call));
    form
}

#[test]
#[ignore = "takes minutes and anvil: contracts/scripts/install.sh"]
fn a_block_is_proven_and_a_contract_accepts_it() {
    let (scratch, anvil) = (Scratch::new("l1-accepts"), Anvil::start());
    let (file, rpc) = (scratch.write("block.json", &proven().0), anvil.url());
    let deployed = ashlar(&["l1", "deploy-verifier", "--rpc", rpc, "--json"]);
    assert!(deployed.status.success(), "{}", stderr(&deployed));
    let deployed = json(&deployed);
    let verifier = deployed["verifier"]["address"].as_str().unwrap();
    let registry = deployed["registry"]["address"].as_str().unwrap();

    let verify = ["l1", "verify", "--rpc", rpc, "--contract", verifier, &file];
    let called = ashlar(&[&verify[..], &["--json"]].concat());
    assert!(called.status.success(), "{}", stderr(&called));
    let sent = ashlar(&[&verify[..], &["--send", "--json"]].concat());
    assert!(sent.status.success(), "{}", stderr(&sent));
    let (called, sent) = (json(&called), json(&sent));
    assert_eq!((&called["accepted"], &sent["accepted"]), (&true.into(), &true.into()));
    let gas = sent["gas_used"].as_u64().unwrap();
    assert!((sent["floor_gas"].as_u64().unwrap()..6_000_000).contains(&gas), "{gas}");
    assert!(called["gas_estimated"].as_u64().unwrap() >= gas);
    assert!(sent["calldata_bytes"].as_u64().unwrap() < 105_000);
    let receipt = anvil.call("eth_getTransactionReceipt", json!([sent["transaction"]]));
    assert_eq!(receipt["gasUsed"], format!("{gas:#x}"));
    for field in ["chain_id", "last_block", "pre_state_root", "post_state_root", "program_key"] {
        assert_eq!(sent["statements"][0][field], proven().1[field], "{field}");
    }
    let text = ashlar(&verify);
    assert!(stdout(&text).contains("the contract accepts the proof"), "{}", stdout(&text));

    let submitted = ashlar(&["l1", "submit", "--rpc", rpc, "--registry", registry, &file, "--json"]);
    assert!(submitted.status.success(), "{}", stderr(&submitted));
    assert_eq!(json(&submitted)["verifier"], verifier);
    // Somebody else's contract asks the registry.
    let one = &form()["statements"][0];
    let question = [
        &keccak256("isVerified(bytes32,bytes32)")[..4],
        &bytes(one, "program_key"),
        &bytes(one, "public_output"),
    ];
    let question = json!({"to": registry, "input": hex::encode_prefixed(question.concat())});
    assert_eq!(anvil.call("eth_call", json!([question, "latest"])), format!("0x{:064x}", 1));
}

fn word(value: &Value) -> B256 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
#[ignore = "takes minutes and anvil: contracts/scripts/install.sh"]
fn one_proof_of_many_statements_serves_many_contracts() {
    let (scratch, anvil) = (Scratch::new("l1-many"), Anvil::start());
    let (bytes, report) = &shared().many;
    let (file, rpc) = (scratch.write("many.json", bytes), anvil.url());
    let form: Value = serde_json::from_slice(bytes).unwrap();
    let deployed = json(&ashlar(&["l1", "deploy-verifier", "--rpc", rpc, "--json"]));
    let address = |name: &str| deployed[name]["address"].as_str().unwrap().to_owned();

    assert_eq!(
        (&report["kind"], report["statements"].as_array().unwrap().len()),
        (&json!("final"), STATEMENTS)
    );
    let verified = json(&ashlar(&["verify", &file, "--json"]));
    assert_eq!(verified["statements"], report["statements"]);
    let sent = ashlar(&[
        "l1",
        "verify",
        "--rpc",
        rpc,
        "--contract",
        &address("verifier"),
        "--send",
        &file,
        "--json",
    ]);
    assert!(sent.status.success(), "{}", stderr(&sent));
    assert!(json(&sent)["gas_used"].as_u64().unwrap() < 6_000_000);
    let registry = address("registry");
    let submitted = ashlar(&["l1", "submit", "--rpc", rpc, "--registry", &registry, &file, "--json"]);
    assert!(submitted.status.success(), "{}", stderr(&submitted));

    let tree = JoinedTree { root: word(&form["joined"]["root"]), count: U256::from(STATEMENTS) };
    let is_verified = |i: usize, path_of: usize| {
        let [one, other] = [i, path_of].map(|i| &form["statements"][i]);
        let path = other["path"].as_array().unwrap().iter().map(word).collect();
        let statement =
            Statement { programKey: word(&one["program_key"]), publicOutput: word(&one["public_output"]) };
        let place = JoinedPlace { index: U256::from(path_of), path };
        let call = is_verified_in_call(&tree, &statement, &place);
        let answer = anvil.call("eth_call", json!([{"to": registry, "input": call}, "latest"]));
        word(&answer) == B256::with_last_byte(1)
    };
    assert!((0..STATEMENTS).all(|i| is_verified(i, i)));
    // All statements are the same here, so each is at all places; what is not a path of the tree shows nothing.
    let mut forged = form.clone();
    forged["statements"][3]["path"] = form["statements"][STATEMENTS - 1]["path"].clone();
    let reason = refusal(&scratch, forged.to_string().as_bytes(), &[]);
    assert!(reason.contains("paths are not those of the statements"), "{reason}");
    let mut forged = form.clone();
    forged["joined"]["root"] = form["joined"]["statements_root"].clone();
    let reason = refusal(&scratch, forged.to_string().as_bytes(), &[]);
    assert!(reason.contains("the tree is not that of the statements"), "{reason}");
    let mut forged = form.clone();
    forged["statements"].as_array_mut().unwrap().pop();
    refusal(&scratch, forged.to_string().as_bytes(), &[]);
}

#[test]
#[ignore = "takes minutes and anvil: contracts/scripts/install.sh"]
fn a_contract_refuses_what_is_not_proven_and_says_why() {
    let (scratch, anvil) = (Scratch::new("l1-refuses"), Anvil::start());
    let rpc = anvil.url();
    let deployed = json(&ashlar(&["l1", "deploy-verifier", "--rpc", rpc, "--no-registry", "--json"]));
    let verifier = deployed["verifier"]["address"].as_str().unwrap();
    let last = bytes(&form(), "proof").len() - 1;
    type Change = fn(&mut Vec<u8>, usize);
    let changes: [(&str, Change); 5] = [
        ("ProofLength()", |proof, last| proof.truncate(last)),
        ("ProofLength()", |proof, _| proof.push(0)),
        ("ProofRoot(uint256)", |proof, last| proof[last] ^= 1),
        ("ProofNotCanonical()", |proof, _| proof[0] = 0xff),
        // The salt: every challenge is another one.
        ("Proof", |proof, _| proof[3] ^= 1),
    ];
    for (reason, change) in changes {
        let file = write(&scratch, "changed.json", &with_proof(|proof| change(proof, last)));
        let output = ashlar(&["l1", "verify", "--rpc", rpc, "--contract", verifier, &file, "--json"]);
        assert_eq!(output.status.code(), Some(1), "{reason}: {}", stderr(&output));
        let said = json(&output)["reason"].as_str().unwrap().to_owned();
        assert!(said.contains("the contract refuses") && said.contains(reason), "{reason}: {said}");
        // The native verifier refuses it, too.
        refusal(&scratch, &fs::read(&file).unwrap(), &[]);
    }
}

#[test]
#[ignore = "takes minutes and anvil: contracts/scripts/install.sh"]
fn another_contract_is_not_taken_for_the_verifier() {
    let (scratch, anvil) = (Scratch::new("l1-foreign"), Anvil::start());
    let (file, rpc) = (scratch.write("block.json", &proven().0), anvil.url());
    let deployed = json(&ashlar(&["l1", "deploy-verifier", "--rpc", rpc, "--json"]));
    let address = |name: &str| deployed[name]["address"].as_str().unwrap().to_owned();
    let (verifier, registry) = (address("verifier"), address("registry"));
    let refused = |kind: &str, contract: &str| {
        let place = if kind == "verify" { "--contract" } else { "--registry" };
        let output = ashlar(&["l1", kind, "--rpc", rpc, place, contract, &file]);
        assert_eq!(output.status.code(), Some(1));
        stderr(&output).to_owned()
    };
    let nobody = format!("0x{:040x}", 0xdead);
    for kind in ["verify", "submit"] {
        assert!(refused(kind, &nobody).contains("there is no contract at"));
    }
    // A contract that accepts everything.
    anvil.call("anvil_setCode", json!([nobody, "0x00"]));
    assert!(refused("verify", &nobody).contains("is not the verifier of this version"));
    assert!(refused("verify", &registry).contains("is not the verifier of this version"));
    assert!(refused("submit", &nobody).contains("is not the registry of this version"));
    assert!(refused("submit", &verifier).contains("is not the registry of this version"));
    // The right code with other constraints.
    anvil.call("anvil_setCode", json!([deployed["constraints"], "0x00"]));
    assert!(refused("verify", &verifier).contains("the constraints of the verifier"));
    assert!(refused("submit", &registry).contains("the constraints of the verifier"));
}

#[test]
#[ignore = "takes minutes and anvil: contracts/scripts/install.sh"]
fn a_key_from_a_file_signs() {
    let (scratch, anvil) = (Scratch::new("l1-key"), Anvil::start());
    let key = format!("{:064x}\n", 0xa5a5_1234_u64);
    let path = scratch.write("key", key.as_bytes());
    let deploy = ["l1", "deploy-verifier", "--rpc", anvil.url(), "--key-file", &path, "--json"];
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(stderr(&ashlar(&deploy)).contains("chmod 600"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let poor = ashlar(&deploy);
    assert!(!poor.status.success(), "an account without money pays for nothing");
    let secret = k256::ecdsa::SigningKey::from_slice(&hex::decode(key.trim()).unwrap());
    let sender = Address::from_private_key(&secret.unwrap());
    anvil.call("anvil_setBalance", json!([sender, "0xde0b6b3a7640000"]));
    let deployed = ashlar(&deploy);
    assert!(deployed.status.success(), "{}", stderr(&deployed));
    let deployed = json(&deployed);
    assert_eq!(deployed["from"], json!(sender));
    assert_eq!(deployed["verifier"]["address"], json!(sender.create(0)));
    for bad in ["", "zz", &"0".repeat(64), &"f".repeat(64)] {
        fs::write(&path, bad).unwrap();
        let output = ashlar(&deploy);
        assert!(stderr(&output).contains("holds no private key"), "{bad}: {}", stderr(&output));
    }
    let stranger = ["l1", "deploy-verifier", "--rpc", anvil.url(), "--from", &sender.to_string()];
    assert!(stderr(&ashlar(&stranger)).contains("--key-file"));
}

#[test]
#[ignore = "takes minutes"]
fn a_final_proof_verifies_here() {
    let scratch = Scratch::new("final-file");
    let (original, report) = proven();
    assert_eq!(report["kind"], "final");
    assert!(report["security_bits"].as_f64().unwrap() >= 100.0);
    for layer in ["shrink", "last"] {
        assert!(report["final"]["seconds"][layer]["prove_commit"].as_f64().unwrap() > 0.0, "{layer}");
    }
    let file = scratch.write("block.json", original);
    let verified = ashlar(&["verify", &file, "--json"]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    let verified = json(&verified);
    assert_eq!(verified["kind"], "final");
    assert_eq!(verified["proof_bytes"], report["proof_bytes"]);
    assert_eq!(verified["calldata_bytes"], bytes(&form(), "calldata").len());
    assert_eq!(verified["statements"][0]["post_state_root"], report["post_state_root"]);
    assert_eq!(verified["security_bits"], report["security_bits"]);
    assert!(stdout(&ashlar(&["verify", &file])).contains("bytes, final"));
    let output = ashlar(&["join", &file, &file, "-o", &scratch.path("joined")]);
    assert!(stderr(&output).contains("final proof, which nothing can be joined with"), "{}", stderr(&output));
}

#[test]
#[ignore = "takes minutes"]
fn nothing_in_the_file_is_believed() {
    let scratch = Scratch::new("final-forged");
    let changed = |change: fn(&mut Value)| {
        let mut form = form();
        change(&mut form);
        refusal(&scratch, form.to_string().as_bytes(), &[])
    };
    let other = format!("0x{}", "11".repeat(32));
    for (part, reason) in [
        ("of kind", changed(|form| form["kind"] = json!("something"))),
        ("version", changed(|form| form["version"] = json!(2))),
        ("circuits", changed(|form| form["circuits"] = form["statements"][0]["program_key"].clone())),
        ("calldata", changed(|form| form["calldata"] = json!("0x"))),
        ("calldata", changed(|form| form["proof"] = json!("0x"))),
        ("not the hash", changed(|form| form["statements"][0]["output"] = json!("0x00"))),
        ("form", changed(|form| form["more"] = json!(1))),
        ("form", changed(|form| form["statements"] = json!("none"))),
        ("0 statements", changed(|form| form["statements"] = json!([]))),
    ] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    // Another program, with the calldata that belongs to it.
    let mut foreign = form();
    let mut calldata = bytes(&foreign, "calldata");
    calldata[4..36].copy_from_slice(&hex::decode(&other).unwrap());
    foreign["statements"][0]["program_key"] = json!(other);
    foreign["calldata"] = json!(hex::encode_prefixed(calldata));
    let reason = refusal(&scratch, foreign.to_string().as_bytes(), &[]);
    assert!(reason.contains(&other) && reason.contains("--any-program"), "{reason}");
    refusal(&scratch, foreign.to_string().as_bytes(), &["--any-program"]);
    let cut = &proven().0[..proven().0.len() / 2];
    assert!(refusal(&scratch, cut, &[]).contains("not valid JSON"));
}

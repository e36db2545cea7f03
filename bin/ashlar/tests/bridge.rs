//! `ashlar bridge` and `ashlar status`, by nodes that say what a test wants.

#[allow(dead_code)] // Other tests use the rest.
mod support;
#[path = "../../../crates/sdk/tests/support/mod.rs"]
mod world;

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use ashlar_ethereum::test_utils::{FakeNode, Reply};
use ashlar_primitives::rollup::L2Log;
use ashlar_sdk::Withdrawal;
use ashlar_settlement::L2_ASSET_ROUTER;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, process::Output};
use support::{Scratch, ashlar, json, stderr, stdout};
use world::{TOKEN, World, ether_asset, log_answer, quantity, root, signed, user, withdraw_call};

/// Runs a command of the bridge with both nodes and the user's key.
fn bridge(world: &World, scratch: &Scratch, arguments: &[&str]) -> Output {
    let path = scratch.write("key", hex::encode(world::key().to_bytes()).as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let (kind, rest) = arguments.split_first().unwrap();
    let nodes = ["bridge", kind, "--l1", world.l1.url(), "--l2", world.l2.url()];
    let key: &[&str] = if *kind == "status" { &[] } else { &["--key-file", &path] };
    ashlar(&[&nodes[..], key, rest].concat())
}

/// What the command says on its way to a failure, without what a run makes up.
fn refusal(world: &World, name: &str, arguments: &[&str]) -> String {
    let output = bridge(world, &Scratch::new(name), arguments);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).is_empty(), "results only");
    stderr(&output).replace(world.l1.url(), "L1").replace(world.l2.url(), "L2")
}

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let world = World::new();
    let deposit = |more: &[&str]| refusal(&world, "bridge-errors", &[&["deposit"], more].concat());
    assert_eq!(deposit(&["--amount", "1,5"]), "error: \"1,5\" is no amount: 1.5 is one\n");
    assert_eq!(deposit(&["--amount", "0"]), "error: the amount is zero\n");
    let token = TOKEN.to_string();
    assert_eq!(
        deposit(&["--amount", "0.0000001", "--token", &token]),
        "error: 0.0000001 has 7 digits behind the point, and the token 6\n"
    );
    assert_eq!(
        deposit(&["--amount", "1", "--gas-limit", "1"]),
        "error: a gas limit of 1 is too low: the chain asks for 21000 at the least: leave --gas-limit out to have it \
         estimated, or name it to do without the estimate\n"
    );
    let hub = Address::repeat_byte(0xee).to_string();
    let other = deposit(&["--amount", "1", "--bridgehub", &hub]);
    assert!(other.contains("is the trusted one") && other.contains("--bridgehub"), "{other}");
    world.state().l1_id = 1;
    assert_eq!(
        deposit(&["--amount", "1"]),
        "error: the rollup is on the Ethereum chain 31337, and the Ethereum node is of chain 1: name a node of that \
         chain: that is what --l1 is for\n"
    );
    world.state().facts = Value::Null;
    assert!(deposit(&["--amount", "1"]).starts_with("error: ashlar_chain has no result"));
    assert!(world.sent().is_empty());
}

#[test]
fn what_is_typed_wrong_is_told_before_anything_is_asked() {
    for (arguments, part) in [
        (&["bridge", "deposit", "--l1", "x", "--l2", "x"][..], "--amount"),
        (&["bridge", "claim", "--l1", "x", "--l2", "x"], "--transaction"),
        (&["bridge", "claim", "--l1", "x", "--l2", "x", "--all", "--wait"], "--all"),
        (&["bridge", "status", "--l1", "x", "--l2", "x"], "--address"),
        (&["bridge", "withdraw", "--l1", "x", "--amount", "1"], "--l2"),
        (&["bridge", "deposit", "--l1", "x", "--l2", "x", "--amount", "1", "--to", "me"], "me"),
        (&["status"], "--rpc"),
    ] {
        let output = ashlar(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
}

#[test]
fn a_node_of_ethereum_is_not_taken_for_the_rollups() {
    let world = World::new();
    let l1 = world.l1.url();
    let output = ashlar(&["bridge", "status", "--l1", l1, "--l2", l1, "--address", &user().to_string()]);
    assert!(stderr(&output).contains("is it the rollup's node"), "{}", stderr(&output));
    let output = ashlar(&["status", "--rpc", l1]);
    assert!(stderr(&output).contains("--rpc has to be the node of a rollup"), "{}", stderr(&output));
}

#[test]
fn a_deposit_prints_what_is_needed_to_go_on() {
    let (world, scratch) = (World::new(), Scratch::new("bridge-deposit"));
    let token = TOKEN.to_string();
    let output = bridge(&world, &scratch, &["deposit", "--amount", "0.5", "--token", &token, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let deposited = json(&output);
    assert_eq!((&deposited["amount"], &deposited["status"]), (&json!("500000"), &json!("requested")));
    assert_eq!(deposited["id"], 7);
    assert!(stderr(&output).contains("deposits 0.5 TKN (0x2020"), "{}", stderr(&output));
    let transaction = deposited["transaction"].as_str().unwrap();
    let output = bridge(&world, &scratch, &["status", "--deposit", transaction, "--json"]);
    assert_eq!(json(&output)["status"], "requested");
    // On the chain it fails.
    let hash: B256 = deposited["operation"].as_str().unwrap().parse().unwrap();
    let over_limit = json!({"resource": "pubdata", "used": "0x9", "limit": "0x8"});
    let included =
        json!({"block": "0x2a", "transactionHash": hash, "success": false, "overLimit": over_limit});
    let answer = json!({
        "id": "0x7", "hash": hash, "deadline": "0x3e8", "l1Block": "0x5", "l1Transaction": transaction,
        "included": included, "statusProof": null,
    });
    world.state().operations.insert(hash, answer);
    let output = bridge(&world, &scratch, &["status", "--deposit", transaction]);
    assert!(stdout(&output).contains("failed in block 42: it used 9 of pubdata"), "{}", stdout(&output));
    let again = ["deposit", "--amount", "0.5", "--token", &token, "--wait", "--json"];
    let output = bridge(&world, &scratch, &again);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(json(&output)["status"], "failed");
    assert!(stderr(&output).contains("ashlar bridge recover --transaction 0x"), "{}", stderr(&output));
}

/// A withdrawal of the user in the executed batch 3: its transaction.
fn withdrawn(world: &World) -> B256 {
    let withdrawal =
        Withdrawal { asset: ether_asset(), receiver: user(), amount: U256::from(10).pow(U256::from(17)) };
    let logs = [L2Log::message(0, L2_ASSET_ROUTER, keccak256(withdrawal.message()))];
    let (hash, raw) = signed(L2_ASSET_ROUTER, withdraw_call(&withdrawal));
    let mut answer = log_answer(&logs, 0, 3, "executed");
    answer["sender"] = json!(L2_ASSET_ROUTER);
    answer["message"] = json!(withdrawal.message());
    let mut state = world.state();
    state.roots.insert(3, root(&logs));
    state.raw.insert(hash, raw);
    state.messages.insert((hash, 0), answer);
    state.withdrawals = json!([{
        "transactionHash": hash, "index": "0x0", "block": "0x9", "assetId": ether_asset(),
        "amount": withdrawal.amount, "receiver": user(), "status": "sealed", "batch": "0x3", "secondsLeft": "0x78",
    }]);
    hash
}

#[test]
fn withdrawals_are_listed_and_claimed_once() {
    let (world, scratch) = (World::new(), Scratch::new("bridge-claim"));
    let hash = withdrawn(&world).to_string();
    let address = user().to_string();
    let list = |more: &[&str]| bridge(&world, &scratch, &[&["status", "--address", &address], more].concat());
    let expected =
        format!("{hash}  0.1 ETH to {address}: in batch 3, which is proven, about 2 min 00 s left\n");
    assert_eq!(stdout(&list(&[])), expected);
    let early = bridge(&world, &scratch, &["claim", "--transaction", &hash]);
    assert!(stderr(&early).contains("waits for Ethereum: wait for it with --wait"), "{}", stderr(&early));
    world.state().progress = [3; 3];
    assert_eq!(json(&list(&["--json"]))["withdrawals"][0]["status"], "claimable");
    let output = bridge(&world, &scratch, &["claim", "--all"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("paid              0.1 ETH"), "{said}");
    assert!(said.contains("claimed           1, and 0 cannot be claimed yet"), "{said}");
    let again = bridge(&world, &scratch, &["claim", "--transaction", &hash, "--json"]);
    assert_eq!((again.status.code(), &json(&again)["paid_before"]), (Some(0), &json!(true)));
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn a_withdrawal_says_how_to_claim_it() {
    let (world, scratch) = (World::new(), Scratch::new("bridge-withdraw"));
    let output = bridge(&world, &scratch, &["withdraw", "--amount", "0.25"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("withdrawn         0.25 ETH"), "{said}");
    assert!(said.contains("ashlar bridge claim --transaction 0x") && said.contains("--index 1"), "{said}");
    world.state().l2_code.clear();
    let token = TOKEN.to_string();
    let error = refusal(&world, "bridge-withdraw-none", &["withdraw", "--amount", "1", "--token", &token]);
    assert!(error.contains("nothing of the token 0x2020"), "{error}");
}

#[test]
fn a_foreign_message_and_a_wrong_proof_are_not_claimed() {
    let world = World::new();
    let hash = withdrawn(&world);
    world.state().progress = [3; 3];
    let claim = |name| refusal(&world, name, &["claim", "--transaction", &hash.to_string()]);
    world.state().roots.insert(3, B256::repeat_byte(1));
    let error = claim("bridge-proof");
    assert!(error.contains("does not prove that batch 3 has the withdrawal"), "{error}");
    let (_, raw) = signed(Address::repeat_byte(7), Bytes::new());
    world.state().raw.insert(hash, raw);
    let error = claim("bridge-foreign");
    assert!(error.contains("the rollup's node is not to be believed"), "{error}");
    assert!(world.sent().is_empty());
}

#[test]
fn the_deposit_of_ether_is_not_recovered_on_ethereum() {
    let (world, scratch) = (World::new(), Scratch::new("bridge-recover"));
    let deposited = json(&bridge(&world, &scratch, &["deposit", "--amount", "0.5", "--json"]));
    let transaction = deposited["transaction"].as_str().unwrap();
    let error = refusal(&world, "bridge-recover-ether", &["recover", "--transaction", transaction]);
    assert!(error.contains("given back on the chain, to the refund recipient"), "{error}");
    let nothing = B256::repeat_byte(1).to_string();
    let error = refusal(&world, "bridge-recover-none", &["recover", "--transaction", &nothing]);
    assert!(error.contains("--transaction is the deposit on Ethereum"), "{error}");
}

#[test]
fn a_chain_is_shown_at_a_glance() {
    let node = FakeNode::new(|method, _| {
        assert_eq!(method, "ashlar_status");
        Reply::Result(json!({
            "head": quantity(1_234), "sealedBatch": "0xc", "provenBatch": "0xb", "committedBatch": "0xa",
            "executedBatch": "0xa", "finalizedBatch": "0x9", "operationsIncluded": "0x5", "operationsKnown": "0x6",
            "l1": {"head": "0x1f4", "lastSeen": "0x64", "error": null}, "prover": null,
        }))
    });
    let output = ashlar(&["status", "--rpc", node.url()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stdout(&output).starts_with("block             1234\nbatches sealed    12\n"),
        "{}",
        stdout(&output)
    );
    let output = json(&ashlar(&["status", "--rpc", node.url(), "--json"]));
    assert_eq!((&output["head"], &output["finalized_batch"]), (&json!(1_234), &json!(9)));
}

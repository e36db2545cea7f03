//! `ashlar up` from start to start: what it writes, what it reads again, and whose ether it spends. Nothing is proven.
//!
//! It takes anvil, so it is asked for by name: `contracts/scripts/install.sh`, then `cargo test --package ashlar --test up -- --ignored`.

#[path = "support/process.rs"]
mod process;

use alloy_primitives::{Address, U256, utils::parse_ether};
use ashlar_ethereum::{Account, BlockAt, Client, test_utils::Anvil};
use process::Process;
use serde_json::{Value, json};
use std::{env, fs, net::TcpListener, path::Path};
use tempfile::TempDir;

/// Starts it with these options, too.
fn up(folder: &TempDir, more: &[&str]) -> Process {
    if env::var_os("ASHLAR_ANVIL").is_none() {
        let installed = "../../contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(installed).exists(),
            "contracts/scripts/install.sh"
        );
    }
    let dir = folder.path().join("chain");
    let least = ["up", "--json", "--no-prover", "--dir", dir.to_str().unwrap()];
    // As the repository's root: there it finds the anvil that is installed.
    Process::start_in(&root(), &[&least[..], more].concat(), folder.path().join("up.log"))
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn stop(mut process: Process) {
    process.signal("-TERM");
    let status = process.end();
    assert!(status.success(), "{status}: {}", process.log());
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn address(folder: &TempDir, key: &str) -> Address {
    Account::from_file(&folder.path().join("chain/keys").join(key)).unwrap().address()
}

fn client(ready: &Value, which: &str) -> Client {
    Client::new(ready[which].as_str().unwrap())
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn what_is_typed_at_first_is_written_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let rpc = free_address();
    let first = up(&folder, &["--rpc", &rpc, "--l1-port", "0", "--batch-age", "7", "--accounts", "1"]);
    let ready = first.line();
    assert_eq!(
        (&ready["rpc"], ready["accounts"].as_array().unwrap().len()),
        (&json!(format!("http://{rpc}")), 1)
    );
    let written = fs::read_to_string(folder.path().join("chain/node.toml")).unwrap();
    for line in [format!("listen = \"{rpc}\""), "max_age_seconds = 7".into(), "local = true".into()] {
        assert!(written.contains(&line), "{line}: {written}");
    }
    // The account that settles has deployed and nothing else; deposits are another's.
    let l1 = client(&ready, "l1");
    let nonce = |key| l1.nonce(address(&folder, key), BlockAt::Latest).unwrap();
    let deployed = nonce("operator.key");
    assert_eq!((deployed > 0, nonce("funder.key")), (true, 1));
    stop(first);
    assert!(l1.chain_id().is_err(), "its Ethereum ends with it");

    // Nothing is typed: ports are as before, and the second account gets its money from the same account.
    let second = up(&folder, &[]);
    let again = second.line();
    assert_eq!((&again["rpc"], &again["l1"]), (&ready["rpc"], &ready["l1"]));
    assert_eq!(again["accounts"].as_array().unwrap().len(), 2);
    assert_eq!((nonce("operator.key"), nonce("funder.key")), (deployed, 2));
    for account in ["account-1.key", "account-2.key"] {
        let balance = client(&again, "rpc").balance(address(&folder, account)).unwrap();
        assert!(balance >= parse_ether("100").unwrap(), "{account} {balance}");
    }
    stop(second);
    assert_eq!(fs::read_to_string(folder.path().join("chain/node.toml")).unwrap(), written);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn the_ether_of_another_ethereum_is_not_given_away() {
    let (folder, anvil) = (tempfile::tempdir().unwrap(), Anvil::start());
    let give = |key, ether| {
        let amount: U256 = parse_ether(ether).unwrap();
        anvil.call("anvil_setBalance", json!([address(&folder, key), amount]));
    };
    let options = ["--l1", anvil.url(), "--rpc", "127.0.0.1:0"];
    let mut poor = up(&folder, &options);
    assert!(!poor.end().success());
    assert!(poor.log().contains(&address(&folder, "operator.key").to_string()), "{}", poor.log());
    give("operator.key", "300");
    let first = up(&folder, &options);
    assert_eq!(first.line()["accounts"], json!([]));
    assert!(!folder.path().join("chain/keys/funder.key").exists());
    assert!(anvil.client().balance(address(&folder, "operator.key")).unwrap() > parse_ether("299").unwrap());
    stop(first);

    // It knows its Ethereum. Accounts that are asked for have to be paid for by an account that is for that.
    let mut asked = up(&folder, &["--accounts", "1"]);
    assert!(!asked.end().success());
    let said = asked.log();
    assert!(
        said.contains(&address(&folder, "funder.key").to_string()) && said.contains("--accounts 0"),
        "{said}"
    );
    give("funder.key", "101");
    let paid = up(&folder, &["--accounts", "1"]);
    // Twelve blocks have to follow the deposit.
    let deposited = folder.path().join("chain/keys/account-1.deposited");
    while !deposited.exists() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    anvil.call("anvil_mine", json!(["0x14"]));
    assert_eq!(paid.line()["accounts"].as_array().unwrap().len(), 1);
    assert!(anvil.client().balance(address(&folder, "operator.key")).unwrap() > parse_ether("299").unwrap());
    stop(paid);
}

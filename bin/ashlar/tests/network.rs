//! A chain of `ashlar up`, whose batches are proven for real, and the way of assets over it by the commands that people type.
//!
//! It takes some minutes and anvil, so it is asked for by name: `contracts/scripts/install.sh`, then
//! `cargo test --package ashlar --test network -- --ignored`.

#[allow(dead_code)] // Other tests use the rest.
mod support;

use alloy_primitives::{Address, Bytes, U256, hex, keccak256, utils::parse_ether};
use alloy_sol_types::{SolCall, sol};
use ashlar_ethereum::{Account, BlockAt, Client, WEI_PER_GWEI, Wallet};
use ashlar_sdk::Node;
use ashlar_settlement::{L2_VAULT, abi::l2_vault::L2Vault, asset_id};
use k256::ecdsa::SigningKey;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};
use support::{Scratch, json, stderr, stdout};

sol! {
    interface Token {
        function balanceOf(address account) external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
    }
}

/// How long the deployment may take, a command that waits for no proof, and one that waits for one.
const START_TIMEOUT: Duration = Duration::from_secs(300);
const COMMAND_TIMEOUT: Duration = Duration::from_secs(120);
const PROOF_TIMEOUT: Duration = Duration::from_secs(3_600);

/// Seconds from a block to its batch: all that follows comes into one, or, on a slow machine, into two.
const BATCH_SECONDS: &str = "40";

/// EIP-155 id of the Ethereum.
const L1_CHAIN_ID: u64 = 31_337;

/// Who receives on the chain, and on Ethereum.
const FRIEND: Address = Address::repeat_byte(0xf1);
const RECEIVER: Address = Address::repeat_byte(0xa1);

/// A running `ashlar up`. What it said is printed if the test fails.
struct Network {
    process: Child,
    scratch: Scratch,
    /// What it printed when it was ready.
    ready: Value,
}

impl Network {
    fn start() -> Self {
        let scratch = Scratch::new("network");
        let installed = "../../contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join(installed);
        let anvil = std::env::var_os("ASHLAR_ANVIL").unwrap_or_else(|| installed.into());
        let process = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .args(["up", "--dir", &scratch.path("chain"), "--json", "--accounts", "0"])
            .args(["--rpc", "127.0.0.1:0", "--l1-port", "0", "--batch-age", BATCH_SECONDS])
            .env("ASHLAR_ANVIL", anvil)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(scratch.path("up.log")).unwrap())
            .spawn()
            .unwrap();
        let mut network = Self { process, scratch, ready: Value::Null };
        let said = BufReader::new(network.process.stdout.take().unwrap());
        let (sender, first) = channel();
        thread::spawn(move || said.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let line = first.recv_timeout(START_TIMEOUT).expect("the chain is ready");
        network.ready = serde_json::from_str(&line).unwrap();
        network
    }

    fn url(&self, which: &str) -> &str {
        self.ready[which].as_str().unwrap()
    }

    fn l1(&self) -> Client {
        Client::new(self.url("l1"))
    }

    fn l2(&self) -> Client {
        Client::new(self.url("rpc"))
    }

    /// A command of the bridge, in which the user pays where something is sent.
    fn bridge(&self, kind: &str, arguments: &[&str], timeout: Duration) -> Output {
        let key = ["--key-file", &self.scratch.path("user.key")];
        let key: &[&str] = if kind == "status" { &[] } else { &key };
        let nodes = ["bridge", kind, "--l1", self.url("l1"), "--l2", self.url("rpc"), "--json"];
        run(&[&nodes[..], key, arguments].concat(), timeout)
    }

    /// The result of a command that must succeed.
    fn result(&self, kind: &str, arguments: &[&str]) -> Value {
        result(&self.bridge(kind, arguments, COMMAND_TIMEOUT))
    }

    /// Stops it as Ctrl-C does. It ends in order, and its Ethereum with it.
    fn stop(mut self) {
        interrupt(&self.process);
        let end = Instant::now() + COMMAND_TIMEOUT;
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it does not stop");
            thread::sleep(Duration::from_millis(50));
        };
        assert!(status.success(), "{status}");
        assert!(self.l2().chain_id().is_err() && self.l1().chain_id().is_err(), "both have ended");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if thread::panicking() {
            for file in ["up.log", "chain/node.log"] {
                eprintln!("{file}:\n{}", fs::read_to_string(self.scratch.path(file)).unwrap_or_default());
            }
        }
        // It has ended already if all went well; otherwise its anvil is to end with it.
        if self.process.try_wait().is_ok_and(|status| status.is_none()) {
            interrupt(&self.process);
            self.process.wait().ok();
        }
    }
}

fn interrupt(process: &Child) {
    let id = i32::try_from(process.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(id, Signal::INT).unwrap();
}

/// Runs the command; it has to end in time.
fn run(arguments: &[&str], timeout: Duration) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let end = Instant::now() + timeout;
    while process.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            process.kill().unwrap();
            let said = process.wait_with_output().unwrap();
            panic!("{arguments:?} does not end: {}{}", stdout(&said), stderr(&said));
        }
        thread::sleep(Duration::from_millis(50));
    }
    process.wait_with_output().unwrap()
}

fn result(output: &Output) -> Value {
    assert!(output.status.success(), "{}{}", stdout(output), stderr(output));
    json(output)
}

fn ether(amount: &str) -> U256 {
    parse_ether(amount).unwrap()
}

/// The user: ether on Ethereum, nothing on the chain, and ten of a token.
struct User {
    l1: Wallet,
    l2: Wallet,
    token: Address,
    /// Where the token is on the chain.
    l2_token: Address,
}

impl User {
    fn new(network: &Network) -> Self {
        let key = SigningKey::from_slice(keccak256("a user of the network").as_slice()).unwrap();
        let file = network.scratch.write("user.key", hex::encode(key.to_bytes()).as_bytes());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let account = Account::from_file(Path::new(&file)).unwrap();
        let wallet = |client| Wallet::with_key(client, account.clone(), 200 * WEI_PER_GWEI).unwrap();
        let (l1, l2) = (wallet(network.l1()), wallet(network.l2()));
        let balance = json!([account.address(), ether("100")]);
        network.l1().call_optional::<Value>("anvil_setBalance", balance).unwrap();
        // The token that wraps a chain's ether does it for Ethereum's too.
        let token = include_str!("../../../contracts/artifacts/rollup/WrappedBaseToken.json");
        let token: Value = serde_json::from_str(token).unwrap();
        let (token, _) = l1.create(&token["bytecode"].as_str().unwrap().parse().unwrap()).unwrap();
        // A plain transfer wraps.
        l1.send(Some(token), &Bytes::new(), ether("10")).unwrap();
        let call = L2Vault::tokenAddressCall { assetId: asset_id(L1_CHAIN_ID, token) };
        let l2_token = l2.client().ask(L2_VAULT, &call, BlockAt::Latest).unwrap();
        Self { l1, l2, token, l2_token }
    }

    fn address(&self) -> Address {
        self.l1.address()
    }

    fn l1_tokens(&self, of: Address) -> U256 {
        let call = Token::balanceOfCall { account: of };
        self.l1.client().ask(self.token, &call, BlockAt::Latest).unwrap()
    }

    fn l2_tokens(&self, of: Address) -> U256 {
        let call = Token::balanceOfCall { account: of };
        self.l2.client().ask(self.l2_token, &call, BlockAt::Latest).unwrap()
    }

    /// Deposits ether and tokens, and tokens that do not arrive; the transaction of these.
    fn deposit(&self, network: &Network) -> String {
        let token = self.token.to_string();
        let arrived = network.result("deposit", &["--amount", "5", "--wait"]);
        assert_eq!((&arrived["status"], &arrived["id"]), (&json!("arrived"), &json!(0)));
        let balance = self.l2.client().balance(self.address()).unwrap();
        let fee: U256 = arrived["fee_max"].as_str().unwrap().parse().unwrap();
        assert!((ether("5")..ether("5") + fee).contains(&balance), "{balance}, and {fee} at the most");
        let arrived = network.result("deposit", &["--amount", "8", "--token", &token, "--wait"]);
        assert_eq!(arrived["status"], "arrived");
        assert_eq!(self.l2_tokens(self.address()), ether("8"));
        let failing = ["--amount", "1", "--token", &token, "--gas-limit", "60000", "--wait"];
        let failed = network.bridge("deposit", &failing, COMMAND_TIMEOUT);
        assert_eq!((failed.status.code(), &json(&failed)["status"]), (Some(1), &json!("failed")));
        assert_eq!(self.l2_tokens(self.address()), ether("8"));
        assert_eq!(self.l1_tokens(self.address()), ether("1"), "of ten");
        json(&failed)["transaction"].as_str().unwrap().to_owned()
    }

    fn transfer(&self) {
        let call = Token::transferCall { to: FRIEND, amount: ether("3") }.abi_encode().into();
        self.l2.send(Some(self.l2_token), &call, U256::ZERO).unwrap();
        self.l2.send(Some(FRIEND), &Bytes::new(), ether("1")).unwrap();
        assert_eq!(self.l2.client().balance(FRIEND).unwrap(), ether("1"));
        assert_eq!([FRIEND, self.address()].map(|of| self.l2_tokens(of)), [ether("3"), ether("5")]);
    }

    /// Withdraws ether and tokens: the transactions on the chain.
    fn withdraw(&self, network: &Network) -> [String; 2] {
        let (token, to) = (self.token.to_string(), RECEIVER.to_string());
        let before = self.l2.client().balance(self.address()).unwrap();
        let withdrawn = [
            network.result("withdraw", &["--amount", "2", "--to", &to]),
            network.result("withdraw", &["--amount", "4", "--token", &token, "--to", &to]),
        ];
        let after = self.l2.client().balance(self.address()).unwrap();
        assert!((before - ether("2.01")..before - ether("2")).contains(&after), "{before} {after}");
        assert_eq!(self.l2_tokens(self.address()), ether("1"));
        withdrawn.map(|withdrawn| withdrawn["transaction"].as_str().unwrap().to_owned())
    }

    /// Waits until withdrawals can be claimed, and claims them.
    fn claim(&self, network: &Network, withdrawals: &[String; 2]) {
        for transaction in withdrawals {
            let claim = ["--transaction", transaction, "--wait"];
            let claimed = result(&network.bridge("claim", &claim, PROOF_TIMEOUT));
            assert_eq!(claimed["paid_before"], false);
            let again = network.result("claim", &["--transaction", transaction]);
            assert_eq!(again["paid_before"], true);
        }
        assert_eq!(network.l1().balance(RECEIVER).unwrap(), ether("2"));
        assert_eq!(self.l1_tokens(RECEIVER), ether("4"));
    }
}

/// Everything that was asked for is executed on Ethereum, and the node says so.
fn check_status(network: &Network, user: &User, withdrawals: &[String; 2]) {
    let status = result(&run(&["status", "--rpc", network.url("rpc"), "--json"], COMMAND_TIMEOUT));
    let batches = status["sealed_batch"].as_u64().unwrap();
    for name in ["proven_batch", "committed_batch", "executed_batch"] {
        assert_eq!(status[name], batches, "{name}");
    }
    assert_eq!((&status["operations_included"], &status["operations_known"]), (&json!(3), &json!(3)));
    assert_eq!((&status["prover"], &status["l1"]["error"]), (&Value::Null, &Value::Null));
    let node = Node::new(network.url("rpc"));
    assert_eq!(
        node.batch(batches).unwrap().unwrap().last_block.to::<u64>(),
        status["head"].as_u64().unwrap()
    );
    let proof: Value = node.client().call("ashlar_proof", json!(["0x1"])).unwrap();
    assert!(proof["proof"].as_str().unwrap().len() > 1_000);
    for transaction in withdrawals {
        let finality = network.result("status", &["--transaction", transaction]);
        let name = finality["status"].as_str().unwrap();
        assert!(["executed", "finalized"].contains(&name), "{finality}");
    }
    let list = network.result("status", &["--address", &user.address().to_string()]);
    let listed: Vec<_> =
        list["withdrawals"].as_array().unwrap().iter().map(|one| &one["transaction"]).collect();
    assert_eq!(listed, [&json!(withdrawals[1]), &json!(withdrawals[0])], "the newest first");
    assert!(list["withdrawals"].as_array().unwrap().iter().all(|one| one["status"] == "paid"), "{list}");
}

#[test]
#[ignore = "takes minutes and anvil: contracts/scripts/install.sh"]
fn assets_go_to_a_chain_and_come_back() {
    let network = Network::start();
    let user = User::new(&network);
    let failed = user.deposit(&network);
    user.transfer();
    let withdrawals = user.withdraw(&network);
    user.claim(&network, &withdrawals);
    let recovered = network.result("recover", &["--transaction", &failed]);
    assert_eq!(recovered["status"], "recovered");
    assert_eq!(user.l1_tokens(user.address()), ether("2"), "ten, less eight that arrived");
    let again = network.result("recover", &["--transaction", &failed]);
    assert_eq!(again["status"], "recovered_before");
    let vault: Address = network.ready["contracts"]["vault"].as_str().unwrap().parse().unwrap();
    assert_eq!(user.l1_tokens(vault), ether("4"), "as many as are on the chain");
    check_status(&network, &user, &withdrawals);
    network.stop();
}

//! A chain on an Ethereum of its own, for tests that break things.

#![allow(dead_code)] // Each test uses a part.

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use ashlar_batcher::rollup_key;
use ashlar_ethereum::{
    Account, BlockAt, Client, DeployParameters, ETHER, Receipt, SignedTransaction, Unsigned, WEI_PER_GWEI,
    Wallet, deploy, test_utils::Anvil,
};
use ashlar_node::{ChainFile, Ended, Genesis, Node, NodeError, Settings, Snapshot, Stop};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_settlement::abi::{
    chain::RollupChain::{self, ChainProgress},
    hub::Bridgehub,
};
use ashlar_storage::{ChainRecords, Changes, DiskStore, Store, Table};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

pub(crate) const CHAIN_ID: u64 = 271_828;

/// Gas limit of a deposit of ether.
const DEPOSIT_GAS: u64 = 100_000;

/// Longest time in which something has to happen that a test waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Bytes in the place of a proof: as many as a real one has.
const PROOF_BYTES: usize = 94_000;

/// A chain that is deployed, and its folder. No node runs.
pub(crate) struct Chain {
    pub(crate) anvil: Anvil,
    pub(crate) folder: TempDir,
    pub(crate) file: ChainFile,
    /// Who deployed the chain and makes deposits.
    wallet: Wallet,
}

/// The account of this name.
pub(crate) fn account(name: &str) -> Account {
    Account::from(SigningKey::from_slice(keccak256(name).as_slice()).unwrap())
}

/// Who settles.
pub(crate) fn operator() -> Account {
    account("operator")
}

pub(crate) fn ether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(10).pow(U256::from(18))
}

/// Waits until something is so.
pub(crate) fn until(what: &str, is_so: impl FnMut() -> bool) {
    within(PATIENCE, what, is_so);
}

/// The same, but not longer than this.
pub(crate) fn within(time: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < time, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn parameters() -> DeployParameters {
    DeployParameters {
        config: RollupConfig {
            chain_id: CHAIN_ID,
            protocol_version: 1,
            history: true,
            base_asset: B256::ZERO,
            block_gas_limit: 1 << 25,
            transaction_gas_limit: 1 << 24,
            gas_target: 5_000_000,
            base_fee_min: 1_000_000,
            base_fee_doubling: 1 << 29,
            transaction_cost_limit: 1 << 26,
            batch_cost_limit: 1 << 31,
            transaction_pubdata_limit: 100_000,
            batch_pubdata_limit: 700_000,
            transaction_logs_limit: 64,
            batch_logs_limit: 1_024,
        },
        base_token: ETHER,
        program_key: rollup_key().unwrap().program_key().0.into(),
        operation_gas_price: 1_000_000,
        wrapped_name: "Wrapped Ether".into(),
        wrapped_symbol: "WETH".into(),
        operators: vec![operator().address()],
    }
}

impl Chain {
    /// Deploys it on an anvil that keeps its state.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("anvil.json").display().to_string();
        let anvil = Anvil::with_options(&["--slots-in-an-epoch", "1", "--state", &state]);
        for name in ["user", "operator"] {
            anvil.call("anvil_setBalance", json!([account(name).address(), ether(1_000_000)]));
        }
        let wallet = Wallet::with_key(anvil.client(), account("user"), 200 * WEI_PER_GWEI).unwrap();
        let progress = folder.path().join("deployment.json");
        let deployed = deploy(&wallet, &parameters(), &progress, |made, timestamp| {
            let genesis = Genesis {
                config: made.config.encode().into(),
                timestamp,
                wrapped_name: made.wrapped_name.clone(),
                wrapped_symbol: made.wrapped_symbol.clone(),
            };
            Ok(genesis.header(made.asset_router, made.l1_chain_id)?.hash)
        });
        let file = ChainFile::deployed(&deployed.unwrap(), parameters().program_key).unwrap();
        let chain = Self { anvil, folder, file, wallet };
        fs::write(chain.path("chain.json"), serde_json::to_string(&chain.file).unwrap()).unwrap();
        fs::write(chain.path("operator.key"), keccak256("operator").to_string()).unwrap();
        fs::set_permissions(chain.path("operator.key"), fs::Permissions::from_mode(0o600)).unwrap();
        chain
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration of a node that does everything fast, and does not prove.
    pub(crate) fn configure(&self, listen: &str) -> PathBuf {
        let text = format!(
            r#"
            [l1]
            rpc = "{}"
            confirmations = 0
            key_file = "operator.key"
            poll_ms = 100
            [rpc]
            listen = "{listen}"
            [sequencer]
            fee_recipient = "0x00000000000000000000000000000000000000fe"
            block_time_ms = 50
            [batches]
            max_age_seconds = 1
            [prover]
            local = false
            "#,
            self.anvil.url()
        );
        let file = self.path("node.toml");
        fs::write(&file, text).unwrap();
        file
    }

    /// Starts a node in this process, by changed settings.
    pub(crate) fn start(&self, change: impl FnOnce(&mut Settings)) -> Running {
        self.try_start(change).unwrap()
    }

    pub(crate) fn try_start(&self, change: impl FnOnce(&mut Settings)) -> Result<Running, NodeError> {
        let mut settings = Settings::read(&self.configure("127.0.0.1:0")).unwrap();
        change(&mut settings);
        let stop = Stop::default();
        let node = Node::start(&settings, stop.clone())?;
        let l2 = Client::new(&format!("http://{}", node.address()));
        Ok(Running { node, stop, l2 })
    }

    /// The node's store, while no node runs.
    pub(crate) fn store(&self) -> Arc<DiskStore> {
        Arc::new(DiskStore::open(&self.path("data/db"), 1 << 24).unwrap())
    }

    /// Asks for an operation that brings ether to an account of the chain.
    pub(crate) fn deposit(&self, to: Address, value: U256) -> Receipt {
        let request = Bridgehub::L2Request {
            chainId: U256::from(CHAIN_ID),
            to,
            value,
            data: Bytes::new(),
            gasLimit: DEPOSIT_GAS,
            mint: value + U256::from(u128::from(DEPOSIT_GAS) * parameters().operation_gas_price),
            refundRecipient: Address::repeat_byte(0xee),
        };
        let mint = request.mint;
        let call = Bridgehub::requestL2TransactionCall { request }.abi_encode().into();
        self.wallet.send(Some(self.file.contracts.bridgehub), &call, mint).unwrap()
    }

    pub(crate) fn mine(&self, blocks: u64) {
        self.anvil.call("anvil_mine", json!([format!("{blocks:#x}")]));
    }

    /// The last blocks become other ones, without transactions.
    pub(crate) fn take_back(&self, blocks: u64) {
        self.anvil.call("anvil_reorg", json!([blocks, []]));
    }

    /// How far the chain is settled, by its contract.
    pub(crate) fn progress(&self) -> ChainProgress {
        let call = RollupChain::progressCall {};
        self.anvil.client().ask(self.file.contracts.chain, &call, BlockAt::Latest).unwrap()
    }

    /// From here on, the verifier of this Ethereum accepts everything: proving is not what is tested.
    pub(crate) fn accept_everything(&self) {
        self.anvil.call("anvil_setCode", json!([self.file.contracts.verifier, "0x00"]));
        // So that it is part of what is there after a reorganization.
        self.mine(8);
    }

    /// Puts bytes in the place of proofs of these batches, while no node runs: the contract judges them, and nobody before it.
    pub(crate) fn put_proofs(&self, batches: impl IntoIterator<Item = u64>) {
        let mut changes = Changes::default();
        for batch in batches {
            changes.put(Table::Proofs, batch.to_be_bytes(), vec![7; PROOF_BYTES]);
        }
        self.store().write(changes).unwrap();
    }

    /// The same for all batches that are sealed; the last one.
    pub(crate) fn put_all_proofs(&self) -> u64 {
        let last = self.store().last_batch().unwrap();
        self.put_proofs(1..=last);
        last
    }

    /// Transactions of the account that settles, from the first block on: nonce, whether it succeeded.
    pub(crate) fn settlements(&self) -> Vec<(u64, bool)> {
        let client = self.anvil.client();
        let outcome = |transaction: Value| {
            let hash = serde_json::from_value(transaction["hash"].clone()).unwrap();
            (quantity(&transaction["nonce"]), client.receipt(hash).unwrap().unwrap().succeeded())
        };
        self.settling().map(outcome).collect()
    }

    /// Number of blobs of each of these transactions.
    pub(crate) fn blobs_of_settlements(&self) -> Vec<usize> {
        let blobs = |transaction: Value| transaction["blobVersionedHashes"].as_array().map_or(0, Vec::len);
        self.settling().map(blobs).collect()
    }

    /// Transactions of the account that settles, from the first block on, as JSON-RPC has them.
    fn settling(&self) -> impl Iterator<Item = Value> {
        let head = self.anvil.client().head().unwrap().number;
        let transactions = |number: u64| -> Vec<Value> {
            let block = self.anvil.call("eth_getBlockByNumber", json!([format!("{number:#x}"), true]));
            block["transactions"].as_array().unwrap().clone()
        };
        let is_of_operator = |transaction: &Value| {
            serde_json::from_value::<Address>(transaction["from"].clone()).unwrap() == operator().address()
        };
        (0..=head).flat_map(transactions).filter(is_of_operator)
    }
}

/// A number of JSON-RPC.
pub(crate) fn quantity(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// A node in this process.
pub(crate) struct Running {
    node: Node,
    stop: Stop,
    pub(crate) l2: Client,
}

impl Running {
    pub(crate) fn now(&self) -> Snapshot {
        self.node.view().snapshot().unwrap()
    }

    /// Waits until the node has seen the newest block of Ethereum.
    pub(crate) fn sees(&self, chain: &Chain) {
        until("the node has seen Ethereum's newest block", || {
            let head = chain.anvil.client().head().unwrap();
            self.now().ethereum.view.is_some_and(|view| view.head.hash == head.hash)
        });
    }

    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.l2.balance(address).unwrap()
    }

    pub(crate) fn executed(&self) -> u64 {
        self.now().ethereum.view.map_or(0, |view| view.settlement.executed)
    }

    /// Sends a transfer of one wei from an account of the chain; its hash.
    pub(crate) fn transfer(&self, from: &str, to: Address) -> B256 {
        let from = account(from);
        let nonce = self.l2.nonce(from.address(), BlockAt::Pending).unwrap();
        let signed = sign(&from, nonce, to, U256::ONE, Bytes::new(), 21_000, 1);
        self.l2.send_raw(&signed.raw).unwrap()
    }

    /// The same, and waits until it is in a block.
    pub(crate) fn transfer_and_wait(&self, from: &str, to: Address) {
        let hash = self.transfer(from, to);
        until("a transfer is in a block", || self.l2.receipt(hash).unwrap().is_some());
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.stop.is_ordered()
    }

    /// Stops it in order.
    pub(crate) fn stop(self) {
        self.stop.order();
        self.node.wait().unwrap();
    }

    /// Waits until it ends by itself, and why.
    pub(crate) fn ended(self) -> Ended {
        until("the node ends by itself", || self.is_ending());
        self.node.wait().unwrap_err()
    }
}

/// Signs a transaction of the chain, whose tip is in millions of wei.
pub(crate) fn sign(
    from: &Account,
    nonce: u64,
    to: Address,
    value: U256,
    input: Bytes,
    gas_limit: u64,
    tip: u128,
) -> SignedTransaction {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 10 * WEI_PER_GWEI + tip * 1_000_000_000,
        max_priority_fee_per_gas: tip * 1_000_000,
        to: TxKind::Call(to),
        value,
        input,
        ..TxEip1559::default()
    };
    from.sign(Unsigned::Plain(transaction)).unwrap()
}

/// An error with what caused it.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

//! Deployment, watcher and sender on an Ethereum that nobody here wrote.
//!
//! It takes anvil, so it is asked for by name: `contracts/scripts/install.sh`, then
//! `cargo test --package ashlar-ethereum --test anvil -- --ignored`.

use std::{sync::Arc, time::Duration};

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex};
use alloy_sol_types::SolCall;
use ashlar_blobs::BatchBlobs;
use ashlar_ethereum::{
    Account, BlockAt, Class, Client, DeployError, DeployParameters, DeployedChain, ETHER, FeeLimits, Intent,
    Outcome, Progress, Sender, SenderSettings, Trouble, Unsigned, WEI_PER_GWEI, Wallet, Watcher,
    WatcherError, WatcherSettings, WatcherStep, deploy,
    test_utils::{Anvil, FakeNode, Reply},
};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_settlement::abi::{chain::RollupChain as Chain, hub::Bridgehub};
use ashlar_storage::{Changes, MemoryStore, OperationRecords, Store, put_operations_included};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};

const CHAIN_ID: u64 = 271_828;
const L1_CHAIN_ID: u64 = 31_337;

fn account() -> Account {
    Account::from(SigningKey::from_slice(&[7; 32]).unwrap())
}

fn fund(anvil: &Anvil, address: Address) {
    anvil.call("anvil_setBalance", json!([address, "0x21e19e0c9bab2400000"]));
}

fn wallet(client: Client) -> Wallet {
    Wallet::with_key(client, account(), 200 * WEI_PER_GWEI).unwrap()
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
            batch_cost_limit: 1 << 30,
            transaction_pubdata_limit: 100_000,
            batch_pubdata_limit: 700_000,
            transaction_logs_limit: 64,
            batch_logs_limit: 1_024,
        },
        base_token: ETHER,
        program_key: B256::repeat_byte(0x11),
        operation_gas_price: 1_000_000,
        wrapped_name: "Wrapped Ether".into(),
        wrapped_symbol: "WETH".into(),
        operators: vec![Address::repeat_byte(0x0e)],
    }
}

/// No contract looks at what is behind the hash.
fn put(wallet: &Wallet, folder: &tempfile::TempDir) -> Result<DeployedChain, DeployError> {
    deploy(wallet, &parameters(), &folder.path().join("deployment.json"), |genesis, timestamp| {
        assert!(!genesis.config.base_asset.is_zero() && timestamp > 0);
        Ok(B256::repeat_byte(0x22))
    })
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_deployment_that_is_stopped_everywhere_goes_on() {
    let anvil = Anvil::start();
    fund(&anvil, account().address());
    let folder = tempfile::tempdir().unwrap();
    let direct = anvil.client();
    let mut sends = 0;
    // Every transaction is lost once on the way to the node, and the answer to every second one on the way back.
    let node = FakeNode::new(move |method, params| {
        let is_send = method == "eth_sendRawTransaction";
        sends += usize::from(is_send);
        if is_send && sends % 3 == 1 {
            return Reply::Drop;
        }
        let method: &'static str = Box::leak(method.to_owned().into_boxed_str());
        match direct.call_optional::<Value>(method, params.clone()) {
            _ if is_send && sends % 3 == 2 => Reply::Drop,
            Ok(result) => Reply::Result(result.unwrap_or_default()),
            Err(error) => {
                let error = error.refusal().expect("anvil answers").clone();
                Reply::Error(error.code, error.message, error.data.unwrap_or_default())
            }
        }
    });
    let through = wallet(node.client());
    let mut stops = 0;
    let deployed = loop {
        match put(&through, &folder) {
            Ok(deployed) => break deployed,
            Err(DeployError::Send { .. }) => stops += 1,
            Err(error) => panic!("{error}"),
        }
    };
    // Seven creations, version, chain, three roles.
    assert_eq!(through.client().nonce(account().address(), BlockAt::Latest).unwrap(), 12);
    assert!(stops >= 12, "{stops}");
    let again = put(&wallet(anvil.client()), &folder).unwrap();
    assert_eq!(again, deployed);
    assert_eq!(
        anvil.client().nonce(account().address(), BlockAt::Latest).unwrap(),
        12,
        "nothing is sent again"
    );
    let json = serde_json::to_string(&deployed).unwrap();
    assert_eq!(serde_json::from_str::<DeployedChain>(&json).unwrap(), deployed);
    assert_eq!(deployed.config().unwrap().chain_id, CHAIN_ID);
    for role in 0..3 {
        let call = Chain::hasRoleCall { role, account: Address::repeat_byte(0x0e) };
        assert!(anvil.client().ask(deployed.chain, &call, BlockAt::Latest).unwrap());
    }

    // Another configuration is another deployment, and needs another file.
    let other = DeployParameters { operation_gas_price: 2_000_000, ..parameters() };
    let file = folder.path().join("deployment.json");
    let refused = deploy(&through, &other, &file, |_, _| panic!("nobody needs it"));
    assert!(matches!(refused, Err(DeployError::OtherDeployment { what: "configuration", .. })));
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_deployment_whose_account_sends_something_else_ends() {
    let anvil = Anvil::start();
    fund(&anvil, account().address());
    let folder = tempfile::tempdir().unwrap();
    let wallet = wallet(anvil.client());
    let failing =
        deploy(&wallet, &parameters(), &folder.path().join("deployment.json"), |_, _| Err("none".into()));
    assert!(matches!(failing, Err(DeployError::Genesis(_))));
    wallet.send(Some(Address::ZERO), &Bytes::new(), U256::ONE).unwrap();
    let error = put(&wallet, &folder).unwrap_err();
    assert!(matches!(error, DeployError::Nonce { is: 1, needs: 0, .. }), "{error}");
}

struct World {
    anvil: Anvil,
    wallet: Wallet,
    deployed: DeployedChain,
    store: Arc<MemoryStore>,
    watcher: Watcher<Arc<MemoryStore>>,
}

impl World {
    fn new() -> Self {
        let anvil = Anvil::start();
        fund(&anvil, account().address());
        let wallet = wallet(anvil.client());
        let deployed = put(&wallet, &tempfile::tempdir().unwrap()).unwrap();
        let settings = WatcherSettings {
            l1_chain_id: L1_CHAIN_ID,
            chain_id: CHAIN_ID,
            chain: deployed.chain,
            first_block: deployed.first_block,
            confirmations: 0,
            range_blocks_max: 4,
            interval: Duration::from_millis(1),
        };
        let store = Arc::<MemoryStore>::default();
        let watcher = Watcher::new(anvil.client(), store.clone(), settings);
        Self { anvil, wallet, deployed, store, watcher }
    }

    fn deposit(&self, value: u64) {
        let gas_limit = 100_000;
        let price =
            self.anvil.client().ask(self.deployed.chain, &Chain::gasPriceCall {}, BlockAt::Latest).unwrap();
        let mint = U256::from(value) + U256::from(gas_limit) * U256::from(price);
        let request = Bridgehub::L2Request {
            chainId: U256::from(CHAIN_ID),
            to: Address::repeat_byte(0x99),
            value: U256::from(value),
            data: Bytes::new(),
            gasLimit: gas_limit,
            mint,
            refundRecipient: Address::repeat_byte(0x99),
        };
        let call = Bridgehub::requestL2TransactionCall { request }.abi_encode();
        self.wallet.send(Some(self.deployed.addresses.bridgehub), &call.into(), mint).unwrap();
    }

    fn read(&mut self) {
        while !matches!(self.watcher.step().unwrap(), WatcherStep::Idle) {}
    }

    fn values(&self) -> Vec<u64> {
        let records = self.store.operations(0..self.store.operations_count().unwrap()).unwrap();
        records.iter().map(|record| record.operation.value.to()).collect()
    }

    fn include(&self, operations: u64) {
        let mut changes = Changes::default();
        put_operations_included(&mut changes, operations);
        self.store.write(changes).unwrap();
    }
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn deposits_are_seen_and_what_ethereum_takes_back_is_removed() {
    let mut world = World::new();
    world.deposit(1);
    world.deposit(2);
    world.read();
    assert_eq!(world.values(), [1, 2]);
    let status = world.watcher.status().get();
    let view = status.view.unwrap();
    assert_eq!((view.settlement.operations, view.settlement.committed, status.operations_read), (2, 0, 2));
    assert_eq!((view.operation_gas_price, view.is_paused(), view.pending_upgrade), (1_000_000, false, None));
    assert!(view.blob_base_fee.is_some() && view.settlement.next_deadline > view.head.timestamp);

    // The last block is another one, without the deposit.
    world.include(1);
    world.anvil.call("anvil_reorg", json!([1, []]));
    assert!(matches!(world.watcher.step().unwrap(), WatcherStep::Rewound { operations: 1, .. }));
    assert_eq!(world.values(), [1]);
    world.read();
    world.deposit(3);
    world.read();
    assert_eq!(world.values(), [1, 3]);

    // The chain is shorter, then another one.
    world.anvil.call("anvil_rollback", json!([1]));
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Behind);
    world.anvil.call("evm_mine", json!([]));
    assert!(matches!(world.watcher.step().unwrap(), WatcherStep::Rewound { operations: 1, .. }));
    world.read();
    assert_eq!(world.values(), [1]);

    // Behind the watcher's back, and in a block of the rollup.
    let snapshot = world.anvil.call("evm_snapshot", json!([]));
    world.deposit(4);
    world.read();
    assert_eq!(world.values(), [1, 4]);
    world.include(2);
    world.anvil.call("evm_revert", json!([snapshot]));
    world.anvil.call("anvil_mine", json!(["0x3"]));
    for _ in 0..2 {
        let error = world.watcher.step().unwrap_err();
        assert!(matches!(error, WatcherError::Undone { operation: 1, .. }), "{error}");
        assert_eq!(error.class(), Class::Permanent);
        assert_eq!(world.values(), [1, 4]);
    }
    // The same operation in another block is as good.
    world.deposit(4);
    assert!(matches!(world.watcher.step().unwrap(), WatcherStep::Rewound { operations: 1, .. }));
    world.read();
    assert_eq!(world.values(), [1, 4]);
}

struct Sending {
    anvil: Anvil,
    sender: Sender<Arc<MemoryStore>>,
    store: Arc<MemoryStore>,
    now: Duration,
    _folder: tempfile::TempDir,
}

const BUMP: Duration = Duration::from_secs(60);

impl Sending {
    /// Blocks are made when the test says so.
    fn new(confirmations: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.json");
        let anvil = Anvil::with_options(&["--no-mining", "--state", state.to_str().unwrap()]);
        fund(&anvil, account().address());
        let store = Arc::<MemoryStore>::default();
        let settings = SenderSettings {
            l1_chain_id: L1_CHAIN_ID,
            limits: FeeLimits { max: 200 * WEI_PER_GWEI, blob: 10 * WEI_PER_GWEI },
            confirmations,
            bump_after: BUMP,
        };
        let sender = Sender::new(anvil.client(), account(), store.clone(), settings).unwrap();
        Self { anvil, sender, store, now: Duration::from_secs(1_000), _folder: folder }
    }

    fn send(&mut self, key: &str) -> Progress {
        self.sender.send(intent(key), self.now).unwrap()
    }

    fn step(&mut self) -> Progress {
        self.sender.step(self.now).unwrap()
    }

    fn mine(&self) {
        self.anvil.call("evm_mine", json!([]));
    }

    fn nonce(&self) -> u64 {
        self.anvil.client().nonce(account().address(), BlockAt::Latest).unwrap()
    }
}

fn intent(key: &str) -> Intent {
    Intent {
        key: key.as_bytes().to_vec(),
        to: Address::repeat_byte(0x77),
        data: Bytes::new(),
        value: U256::ONE,
        gas_limit: None,
        sidecar: None,
    }
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_transaction_that_waits_is_replaced_and_has_one_effect() {
    let mut world = Sending::new(1);
    let Progress::InFlight { hash: first, trouble: None, .. } = world.send("a") else { panic!() };
    world.now += BUMP;
    let progress = world.step();
    let Progress::InFlight { hash: second, variants: 2, trouble: None, .. } = progress else {
        panic!("{progress:?}")
    };
    assert_ne!(first, second);
    world.mine();
    assert!(matches!(world.step(), Progress::Confirming { hash, confirmations: 0, .. } if hash == second));
    world.mine();
    let Progress::Done(Outcome::Confirmed { receipt, .. }) = world.step() else { panic!() };
    assert_eq!(receipt.transaction_hash, second);
    assert_eq!(world.nonce(), 1);
    let balance = world.anvil.client().balance(Address::repeat_byte(0x77)).unwrap();
    assert_eq!(balance, U256::ONE);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_nonce_that_somebody_else_uses_is_seen() {
    let mut world = Sending::new(2);
    world.send("a");
    let foreign = TxEip1559 {
        chain_id: L1_CHAIN_ID,
        nonce: 0,
        gas_limit: 21_000,
        max_fee_per_gas: 100 * WEI_PER_GWEI,
        max_priority_fee_per_gas: 50 * WEI_PER_GWEI,
        to: TxKind::Call(Address::repeat_byte(0x66)),
        ..TxEip1559::default()
    };
    world.anvil.client().send_raw(&account().sign(Unsigned::Plain(foreign)).unwrap().raw).unwrap();
    world.mine();
    assert!(matches!(world.step(), Progress::InFlight { trouble: Some(Trouble::NonceTaken), .. }));
    world.mine();
    world.mine();
    assert_eq!(world.step(), Progress::Done(Outcome::Foreign { key: b"a".to_vec(), nonce: 0 }));
    assert!(matches!(world.send("a"), Progress::InFlight { nonce: 1, trouble: None, .. }));
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_receipt_that_is_taken_back_is_made_again() {
    let mut world = Sending::new(2);
    world.send("a");
    world.mine();
    assert!(matches!(world.step(), Progress::Confirming { confirmations: 0, .. }));
    world.anvil.call("anvil_reorg", json!([1, []]));
    assert_eq!(world.nonce(), 0);
    assert!(matches!(world.step(), Progress::InFlight { trouble: None, variants: 1, .. }));
    for _ in 0..3 {
        world.mine();
    }
    assert!(matches!(world.step(), Progress::Done(Outcome::Confirmed { .. })));
    assert_eq!(world.nonce(), 1);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_node_that_dies_and_forgets_what_waits_is_told_again() {
    let mut world = Sending::new(0);
    world.send("a");
    world.anvil.stop();
    let error = world.sender.step(world.now).unwrap_err();
    assert_eq!(error.class(), Class::Temporary, "{error}");
    world.anvil.start_again();
    assert!(matches!(world.step(), Progress::InFlight { trouble: None, variants: 1, .. }));
    world.mine();
    assert!(matches!(world.step(), Progress::Done(Outcome::Confirmed { .. })));
    assert_eq!(world.nonce(), 1);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_stop_between_signature_and_sending_loses_nothing() {
    let mut world = Sending::new(0);
    // Another sender signs on the same store, with a node that takes nothing.
    let direct = world.anvil.client();
    let deaf = FakeNode::new(move |method, params| {
        if method == "eth_sendRawTransaction" {
            return Reply::Drop;
        }
        let method: &'static str = Box::leak(method.to_owned().into_boxed_str());
        Reply::Result(direct.call_optional(method, params.clone()).unwrap().unwrap_or_default())
    });
    let settings = SenderSettings {
        l1_chain_id: L1_CHAIN_ID,
        limits: FeeLimits { max: 200 * WEI_PER_GWEI, blob: 0 },
        confirmations: 0,
        bump_after: BUMP,
    };
    let mut stopped = Sender::new(deaf.client(), account(), world.store.clone(), settings).unwrap();
    assert_eq!(stopped.send(intent("a"), world.now).unwrap_err().class(), Class::Temporary);
    drop(stopped);
    assert!(matches!(world.step(), Progress::InFlight { trouble: None, variants: 1, .. }));
    world.mine();
    assert!(matches!(world.step(), Progress::Done(Outcome::Confirmed { .. })));
    assert_eq!(world.nonce(), 1);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn what_would_fail_is_not_sent_and_what_fails_is_said() {
    let mut world = Sending::new(0);
    let reverting = hex!("60006000fd");
    let set_code = |world: &Sending, code: &[u8]| {
        world.anvil.call("anvil_setCode", json!([Address::repeat_byte(0x77), Bytes::copy_from_slice(code)]));
    };
    set_code(&world, &reverting);
    let progress = world.send("a");
    assert!(matches!(progress, Progress::Done(Outcome::Refused { .. })), "{progress:?}");
    set_code(&world, &[0]);
    world.send("a");
    set_code(&world, &reverting);
    world.mine();
    let progress = world.step();
    assert!(matches!(progress, Progress::Done(Outcome::Reverted { .. })), "{progress:?}");
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn blobs_travel_with_their_cell_proofs() {
    let mut world = Sending::new(0);
    // Reverts unless the transaction has a blob: so the calls before it must have, too.
    let code = Bytes::from(hex!("5f496008575f5ffd5b00"));
    world.anvil.call("anvil_setCode", json!([Address::repeat_byte(0x77), code]));
    assert!(matches!(world.send("without"), Progress::Done(Outcome::Refused { .. })));
    let blobs = BatchBlobs::new(b"pubdata of a batch").unwrap();
    let hashes = blobs.versioned_hashes().to_vec();
    let sidecar = blobs.into_sidecar().unwrap();
    let progress = world.sender.send(Intent { sidecar: Some(sidecar), ..intent("with") }, world.now).unwrap();
    assert!(matches!(progress, Progress::InFlight { trouble: None, .. }), "{progress:?}");
    world.now += BUMP;
    let progress = world.step();
    assert!(matches!(progress, Progress::InFlight { trouble: None, variants: 2, .. }), "{progress:?}");
    world.mine();
    let progress = world.step();
    let Progress::Done(Outcome::Confirmed { receipt, .. }) = progress else { panic!("{progress:?}") };
    let sent = world.anvil.call("eth_getTransactionByHash", json!([receipt.transaction_hash]));
    assert_eq!((&sent["type"], &sent["blobVersionedHashes"]), (&json!("0x3"), &json!(hashes)));
}

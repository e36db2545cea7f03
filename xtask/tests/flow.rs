//! The whole way on an Ethereum of the test's own, with a real proof: assets go to a rollup, are moved there, and come back; a
//! deposit that failed is recovered.
//!
//! It takes minutes and anvil, so it is asked for by name: `contracts/scripts/install.sh`, then
//! `cargo test --package xtask --test flow -- --ignored`.

#[path = "../src/anvil.rs"]
mod anvil;
#[path = "../src/repository.rs"]
#[expect(dead_code, reason = "of the repository's places this test needs one")]
mod repository;

use std::fs;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, Signature, TxKind, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolEvent, sol};
use ashlar_abi::{Accelerators, Reference};
use ashlar_contracts::{Artifact, Contract};
use ashlar_primitives::rollup::{LogTree, Operation, RollupConfig};
use ashlar_prover::{
    Plan, Prover, Session,
    aggregate::{Aggregator, Finalizer},
};
use ashlar_settlement::{
    Addresses, Batch, Deployment, GenesisParameters, OperationTree,
    abi::{
        chain::RollupChain as Chain, hub::Bridgehub, l2_router::L2AssetRouter, message_root::MessageRoot,
        router::AssetRouter, versions::ProtocolVersions,
    },
    asset_id, genesis_accounts, genesis_batch,
};
use ashlar_stf::rollup::{RollupBatch, execute_rollup_input};
use ashlar_verifier::{CircuitKeys, VerifyingKey};
use ashlar_vm::{Options, Program};
use ashlar_witness::{GenesisAccount, HashKey, RollupChain, RollupDraft, batch_hints};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};

use anvil::Anvil;

const CHAIN_ID: u64 = 271_828;
const ETHER: Address = Address::with_last_byte(1);
/// Most cycles of the guest in this test: some segments, not more.
const CYCLES_MAX: u64 = 15_000_000;

sol! {
    interface Token {
        function deposit() external payable;
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
    }
}

fn ether(count: u64) -> U256 {
    U256::from(count) * U256::from(10).pow(U256::from(18))
}

/// What the test asks of an Ethereum node.
struct Node {
    anvil: Anvil,
    sender: Address,
}

impl Node {
    fn start() -> Self {
        let anvil = Anvil::start().expect("anvil starts");
        let mut node = Self { anvil, sender: Address::ZERO };
        node.sender = node.ask("eth_accounts", json!([]))[0].as_str().unwrap().parse().unwrap();
        node
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    fn answer(&self, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        ureq::post(&self.anvil.url).send_json(&request).unwrap().body_mut().read_json().unwrap()
    }

    fn number(&self, method: &str, params: Value) -> u64 {
        let text = self.ask(method, params);
        u64::from_str_radix(text.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }

    /// Sends a transaction, which must succeed; its receipt.
    fn send(&self, to: Option<Address>, data: impl Into<Bytes>, value: U256) -> Value {
        let data: Bytes = data.into();
        let transaction =
            json!({"from": self.sender, "to": to, "data": data, "value": value, "gas": "0xffffff"});
        let hash = self.ask("eth_sendTransaction", json!([transaction]));
        // Anvil makes a block for it, and says so before it has.
        let receipt = loop {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash]));
            if !receipt.is_null() {
                break receipt;
            }
        };
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt
    }

    fn call<C: SolCall>(&self, to: Address, call: C) -> C::Return {
        let data = Bytes::from(call.abi_encode());
        let result = self.ask("eth_call", json!([{"from": self.sender, "to": to, "data": data}, "latest"]));
        C::abi_decode_returns(&hex::decode(result.as_str().unwrap()).unwrap()).unwrap()
    }

    /// Whether a call reverts.
    fn reverts(&self, to: Address, call: impl SolCall) -> bool {
        let data = Bytes::from(call.abi_encode());
        let call = json!([{"from": self.sender, "to": to, "data": data}, "latest"]);
        !self.answer("eth_call", call)["error"].is_null()
    }

    fn balance(&self, of: Address) -> U256 {
        let text = self.ask("eth_getBalance", json!([of, "latest"]));
        text.as_str().unwrap().parse().unwrap()
    }
}

fn gas(receipt: &Value) -> u64 {
    u64::from_str_radix(receipt["gasUsed"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// The first event of this kind in a receipt.
fn event<E: SolEvent>(receipt: &Value) -> E {
    let logs = receipt["logs"].as_array().unwrap();
    let decoded = logs.iter().find_map(|log| {
        let topics = log["topics"].as_array()?.iter().map(|topic| topic.as_str().unwrap().parse().unwrap());
        let data: Bytes = log["data"].as_str()?.parse().ok()?;
        E::decode_log(&Log::new(Address::ZERO, topics.collect(), data)?).ok()
    });
    decoded.expect("the event").data
}

/// The contracts, and the chain on both sides.
struct World {
    node: Node,
    at: Addresses,
    chain: Address,
    /// The token of the test, on Ethereum.
    token: Address,
    l2: RollupChain,
    queue: OperationTree,
    operations: Vec<Operation>,
}

fn config(l1_chain_id: u64) -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: asset_id(l1_chain_id, ETHER),
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
    }
}

fn rollup_key() -> [u8; 32] {
    let path = repository::root().join("guests/elf/rollup.key");
    VerifyingKey::decode(&fs::read(path).unwrap()).unwrap().program_key().0
}

/// Deploys everything, and begins the chain.
fn deploy(node: Node) -> World {
    let created =
        |receipt: Value| -> Address { receipt["contractAddress"].as_str().unwrap().parse().unwrap() };
    let verifier = Artifact::load(Contract::FinalVerifier).unwrap();
    let verifier = created(node.send(None, verifier.bytecode, U256::ZERO));
    let registry = Artifact::load(Contract::VerifiedStatements).unwrap();
    let registry = created(node.send(None, registry.creation_with(verifier), U256::ZERO));
    let nonce = node.number("eth_getTransactionCount", json!([node.sender, "latest"]));
    let deployment = Deployment::new(node.sender, nonce, node.sender).unwrap();
    let at = deployment.addresses;
    let expected = [at.asset_router, at.bridgehub, at.message_root, at.versions, at.implementation];
    for (code, address) in deployment.creations.into_iter().zip(expected) {
        assert_eq!(created(node.send(None, code, U256::ZERO)), address);
    }
    let slots = vec![ProtocolVersions::VerifierSlot { registry, programKey: rollup_key().into() }];
    let register =
        ProtocolVersions::registerCall { version: 1, implementation: at.implementation, slots, threshold: 1 };
    node.send(Some(at.versions), register.abi_encode(), U256::ZERO);
    let l1_chain_id = node.number("eth_chainId", json!([]));
    let config = config(l1_chain_id);
    let l2 = genesis(&node, &at, config, l1_chain_id);
    let mut words = [U256::ZERO; 22];
    for (word, bytes) in words.iter_mut().zip(config.encode().chunks(32)) {
        *word = U256::from_be_slice(bytes);
    }
    let genesis = Bridgehub::ChainGenesis {
        config: words,
        commitment: l2.tip().hash,
        admin: node.sender,
        gasPrice: 1_000_000,
    };
    node.send(Some(at.bridgehub), Bridgehub::createChainCall { genesis }.abi_encode(), U256::ZERO);
    let chain = node.call(at.bridgehub, Bridgehub::chainOfCall { chainId: U256::from(CHAIN_ID) });
    for role in 0..3 {
        let grant = Chain::setRoleCall { role, account: node.sender, granted: true };
        node.send(Some(chain), grant.abi_encode(), U256::ZERO);
    }
    let token = created(node.send(None, wrapped_ether(), U256::ZERO));
    node.send(Some(token), Token::depositCall {}.abi_encode(), ether(100));
    let vault = at.vault;
    node.send(Some(token), Token::approveCall { spender: vault, amount: U256::MAX }.abi_encode(), U256::ZERO);
    World { node, at, chain, token, l2, queue: OperationTree::default(), operations: Vec::new() }
}

/// The chain's state at its beginning.
fn genesis(node: &Node, at: &Addresses, config: RollupConfig, l1_chain_id: u64) -> RollupChain {
    let parameters = GenesisParameters {
        asset_router: at.asset_router,
        l1_chain_id,
        config,
        wrapped_name: "Wrapped Ether".into(),
        wrapped_symbol: "WETH".into(),
    };
    let accounts = genesis_accounts(&parameters).unwrap().into_iter().map(|(address, account)| {
        let ashlar_settlement::GenesisAccount { nonce, code, storage, .. } = account;
        (address, GenesisAccount { nonce, balance: U256::ZERO, code, storage })
    });
    let block = node.ask("eth_getBlockByNumber", json!(["latest", false]));
    let timestamp = u64::from_str_radix(&block["timestamp"].as_str().unwrap()[2..], 16).unwrap();
    RollupChain::new(config, accounts.collect(), timestamp).unwrap()
}

/// Code that creates an ERC-20 token: the one that wraps a chain's ether does it for Ethereum's too.
fn wrapped_ether() -> Bytes {
    let path = repository::root().join("contracts/artifacts/rollup/WrappedBaseToken.json");
    let artifact: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    artifact["bytecode"].as_str().unwrap().parse().unwrap()
}

impl World {
    /// Asks the chain for something, and notes the operation.
    fn request(&mut self, to: Address, call: impl SolCall, value: U256) -> Value {
        let receipt = self.node.send(Some(to), call.abi_encode(), value);
        let requested: Chain::OperationRequested = event(&receipt);
        let operation = Operation::decode(&requested.encoded).unwrap();
        assert_eq!((operation.id, operation.hash()), (requested.id, requested.hash));
        self.queue.push(requested.hash, requested.deadline);
        self.operations.push(operation);
        receipt
    }

    fn deposit_ether(&mut self, to: Address, value: U256) {
        let gas_limit = 100_000u64;
        let price = self.node.call(self.chain, Chain::gasPriceCall {});
        let mint = value + U256::from(gas_limit) * U256::from(price);
        let request = Bridgehub::L2Request {
            chainId: U256::from(CHAIN_ID),
            to,
            value,
            data: Bytes::new(),
            gasLimit: gas_limit,
            mint,
            refundRecipient: to,
        };
        self.request(self.at.bridgehub, Bridgehub::requestL2TransactionCall { request }, mint);
    }

    fn deposit_token(&mut self, receiver: Address, amount: U256, gas_limit: u64) {
        let price = self.node.call(self.chain, Chain::gasPriceCall {});
        let mint = U256::from(gas_limit) * U256::from(price);
        let request = AssetRouter::Deposit {
            chainId: U256::from(CHAIN_ID),
            token: self.token,
            amount,
            receiver,
            gasLimit: gas_limit,
            mint,
            refundRecipient: receiver,
        };
        self.request(self.at.asset_router, AssetRouter::depositCall { request }, mint);
    }

    fn draft(&self, transactions: Vec<Bytes>) -> RollupDraft {
        let timestamp = self.l2.tip().header.timestamp + 1;
        RollupDraft { beneficiary: Address::repeat_byte(0xfe), timestamp, transactions }
    }
}

/// Who uses the chain.
struct User {
    key: SigningKey,
    nonce: u64,
}

impl User {
    fn new() -> Self {
        let key = SigningKey::from_slice(keccak256("a user of the flow").as_slice()).unwrap();
        Self { key, nonce: 0 }
    }

    fn address(&self) -> Address {
        Address::from_public_key(self.key.verifying_key())
    }

    fn sign(&mut self, to: Address, value: U256, input: impl Into<Bytes>) -> Bytes {
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: self.nonce,
            gas_limit: 500_000,
            max_fee_per_gas: 10_000_000,
            max_priority_fee_per_gas: 1,
            to: TxKind::Call(to),
            value,
            input: input.into(),
            ..TxEip1559::default()
        };
        self.nonce += 1;
        let hash = transaction.signature_hash();
        let signature: Signature = self.key.sign_prehash_recoverable(hash.as_slice()).unwrap().into();
        TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
    }
}

/// A final proof of the batch.
fn prove(input: &[u8], batch: &RollupBatch) -> Vec<u8> {
    let elf = fs::read(repository::root().join("guests/elf/rollup.elf")).unwrap();
    let program = Program::from_elf(&elf).unwrap();
    let hints = batch_hints(input, &HashKey::random());
    let run = ashlar_vm::run(&program, &hints, Options::default()).unwrap();
    assert_eq!(run.committed, [batch.output.hash().0]);
    println!("{} cycles", run.cycles);
    assert!(run.cycles <= CYCLES_MAX);
    let plan = Plan::new(&program, &hints, Options::default()).unwrap();
    let prover = Prover::new(&program).unwrap();
    let verifier = prover.verifier();
    let session = Session { prover: &prover, verifier: &verifier, store: None };
    let keys = fs::read(repository::root().join("crates/verifier/keys/circuits.key")).unwrap();
    let aggregator = Aggregator::new(CircuitKeys::decode(&keys).unwrap());
    let proven = session.aggregate(&aggregator, &plan, batch.output.encode(), &mut |_| {}).unwrap();
    let finalizer = Finalizer::new().unwrap();
    finalizer.prove(aggregator.keys(), &proven.proof, &mut |_| {}).unwrap().0
}

#[test]
#[ignore = "takes minutes and anvil: contracts/scripts/install.sh"]
fn assets_go_to_the_chain_and_come_back() {
    let mut world = deploy(Node::start());
    let mut user = User::new();
    let friend = Address::repeat_byte(0x99);
    world.deposit_ether(user.address(), ether(5));
    world.deposit_token(user.address(), ether(10), 2_000_000);
    // Not enough gas to create the token's representation, and so for nothing.
    world.deposit_token(user.address(), ether(7), 60_000);
    let operations: Vec<Bytes> = world.operations.iter().map(|operation| operation.encode().into()).collect();

    // Where the token is on the chain is in the log of its arrival.
    let tried = world.l2.clone().make(&[world.draft(operations.clone())]).unwrap();
    let arrivals = tried.blocks[0].transactions.iter().flat_map(|result| result.receipt.logs());
    let arrival = arrivals.filter_map(|log| L2AssetRouter::DepositFinalized::decode_log(log).ok()).next();
    let l2_token = arrival.expect("a deposit arrives").token;

    let l1_chain_id = world.node.number("eth_chainId", json!([]));
    let (ether_id, token_id) = (asset_id(l1_chain_id, ETHER), asset_id(l1_chain_id, world.token));
    let l2_router: Address = "0x000000000000000000000000000000000000ff03".parse().unwrap();
    let (ether_receiver, token_receiver) = (Address::repeat_byte(0xa1), Address::repeat_byte(0xa2));
    let withdraw = |asset, amount, receiver| {
        L2AssetRouter::withdrawCall { assetId: asset, amount, receiver }.abi_encode()
    };
    let transactions = vec![
        user.sign(friend, ether(1), Bytes::new()),
        user.sign(l2_token, U256::ZERO, Token::transferCall { to: friend, amount: ether(4) }.abi_encode()),
        user.sign(l2_router, ether(2), withdraw(ether_id, ether(2), ether_receiver)),
        user.sign(l2_router, U256::ZERO, withdraw(token_id, ether(3), token_receiver)),
    ];
    let drafts = [world.draft(operations), world.draft(transactions)];
    let made = world.l2.make(&drafts).unwrap();
    let succeeded: Vec<_> = made
        .blocks
        .iter()
        .flat_map(|block| &block.transactions)
        .map(|result| result.receipt.is_success())
        .collect();
    assert_eq!(succeeded, [true, true, false, true, true, true, true]);
    assert_eq!(world.l2.accounts()[&friend].balance, ether(1));

    // Settle.
    let input = made.input.borrow().encode().unwrap();
    let batch = execute_rollup_input(&made.input.borrow(), Reference::modmul256_assign).unwrap();
    let proof = prove(&input, &batch);
    let settled = Batch { number: 1, output: batch.output, operations_before: 0 };
    let evidence = |proof: Vec<u8>| Chain::Evidence {
        slot: 0,
        way: 2,
        statements: vec![Chain::Statement {
            programKey: rollup_key().into(),
            publicOutput: batch.output.hash(),
        }],
        first: 0,
        tree: Chain::JoinedTree { root: B256::ZERO, count: U256::ZERO },
        places: Vec::new(),
        statementsRoot: B256::ZERO,
        proof: proof.into(),
    };
    let settle = |batch: Chain::BatchCommit, proof: Vec<u8>| Chain::settleCall {
        previous: genesis_batch(batch_before(&settled)),
        batch,
        evidence: vec![evidence(proof)],
        range: world.queue.range(0..3).unwrap(),
    };
    let commit = settled.commit_with_calldata(batch.pubdata.clone().into());
    refuses(&world, &settle, &commit, &proof);
    let receipt = world.node.send(Some(world.chain), settle(commit, proof).abi_encode(), U256::ZERO);
    println!("settled with {} gas, {} bytes of pubdata", gas(&receipt), batch.pubdata.len());
    assert!(world.node.reverts(world.chain, settle(settled.commit_with_calldata(Bytes::new()), Vec::new())));
    claim(&world, &batch, [(ether_id, ether(2), ether_receiver), (token_id, ether(3), token_receiver)]);
    recover(&world, &batch, token_id);
}

fn batch_before(batch: &Batch) -> B256 {
    batch.output.commitment_before
}

/// What is not proven is not settled.
fn refuses(
    world: &World,
    settle: &impl Fn(Chain::BatchCommit, Vec<u8>) -> Chain::settleCall,
    commit: &Chain::BatchCommit,
    proof: &[u8],
) {
    type Change = fn(&mut Chain::BatchCommit);
    let changes: [Change; 9] = [
        |batch| batch.commitment = B256::repeat_byte(1),
        |batch| batch.lastBlock += 1,
        |batch| batch.firstTimestamp -= 1,
        |batch| batch.operations -= 1,
        |batch| batch.operationsHash = B256::repeat_byte(1),
        |batch| batch.transactions -= 1,
        |batch| batch.batchRoot = B256::repeat_byte(1),
        |batch| batch.logs += 1,
        |batch| batch.data.pubdata = [&batch.data.pubdata[..], &[0]].concat().into(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = commit.clone();
        change(&mut changed);
        assert!(world.node.reverts(world.chain, settle(changed, proof.to_vec())), "change {number}");
    }
    let mut changed = proof.to_vec();
    changed[1_000] ^= 1;
    assert!(world.node.reverts(world.chain, settle(commit.clone(), changed)));
}

fn log_proof(batch: &RollupBatch, index: usize) -> AssetRouter::L2LogProof {
    let tree = LogTree::new(batch.logs.iter().map(|log| log.leaf()).collect()).unwrap();
    AssetRouter::L2LogProof {
        chainId: U256::from(CHAIN_ID),
        batch: 1,
        index: U256::from(index),
        siblings: tree.proof(index).unwrap(),
    }
}

/// The withdrawals are paid, each once.
fn claim(world: &World, batch: &RollupBatch, withdrawals: [(B256, U256, Address); 2]) {
    let root = MessageRoot::batchRootCall { chainId: U256::from(CHAIN_ID), batch: 1 };
    assert_eq!(world.node.call(world.at.message_root, root), batch.output.batch_root);
    let mut messages = batch.logs.iter().enumerate().filter(|(_, log)| log.key.starts_with(&[0; 12]));
    for (asset, amount, receiver) in withdrawals {
        let (index, log) = messages.next().expect("a message for each");
        let call = |amount| AssetRouter::finalizeWithdrawalCall {
            proof: log_proof(batch, index),
            transactionIndex: log.transaction_index,
            withdrawal: AssetRouter::Withdrawal { assetId: asset, receiver, amount },
        };
        assert!(world.node.reverts(world.at.asset_router, call(amount + U256::ONE)), "more than withdrawn");
        let receipt = world.node.send(Some(world.at.asset_router), call(amount).abi_encode(), U256::ZERO);
        println!("claimed with {} gas", gas(&receipt));
        assert!(world.node.reverts(world.at.asset_router, call(amount)), "twice");
    }
    let [(_, ether, ether_receiver), (_, tokens, token_receiver)] = withdrawals;
    assert_eq!(world.node.balance(ether_receiver), ether);
    assert_eq!(world.node.call(world.token, Token::balanceOfCall { account: token_receiver }), tokens);
}

/// The deposit that failed is given back, once; the one that arrived is not.
fn recover(world: &World, batch: &RollupBatch, token_id: B256) {
    let before = world.node.call(world.token, Token::balanceOfCall { account: world.node.sender });
    let call = |index: usize, amount| AssetRouter::recoverDepositCall {
        proof: log_proof(batch, index),
        transactionIndex: batch.logs[index].transaction_index,
        operation: batch.logs[index].key,
        sender: world.node.sender,
        assetId: token_id,
        amount,
    };
    assert!(world.node.reverts(world.at.asset_router, call(1, ether(10))), "it arrived");
    assert!(world.node.reverts(world.at.asset_router, call(2, ether(8))), "another amount");
    world.node.send(Some(world.at.asset_router), call(2, ether(7)).abi_encode(), U256::ZERO);
    assert!(world.node.reverts(world.at.asset_router, call(2, ether(7))), "twice");
    let after = world.node.call(world.token, Token::balanceOfCall { account: world.node.sender });
    assert_eq!(after, before + ether(7));
}

//! The namespace `ashlar`, asked by the client that it is for.

use crate::world::{
    DETAILS, LOGGER, REVERTER, SETTER, SPAMMER, WITHDRAWER, World, account, call, config, dynamic, legacy,
    number, operation, words,
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use ashlar_primitives::rollup::{L2Log, MESSENGER, Operation};
use ashlar_rpc::{ContractProgress, Limits, PoolState, Proving, ProvingJob, SettlementProgress};
use ashlar_sdk::{Blocks, LogAnswer, LogProof, Node, NodeStage, TransactionPlace, Withdrawal};
use ashlar_settlement::{
    L2_ASSET_ROUTER,
    abi::{l2_router::L2AssetRouter, messenger::Messenger},
};
use ashlar_storage::{Changes, Store, Table};
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

const RECEIVER: Address = Address::repeat_byte(0x99);

fn client(world: &World) -> Node {
    Node::new(&world.url())
}

/// The call that withdraws so much of the base token.
fn withdraw(amount: u64) -> Bytes {
    let call = L2AssetRouter::withdrawCall {
        assetId: config().base_asset,
        amount: U256::from(amount),
        receiver: RECEIVER,
    };
    call.abi_encode().into()
}

fn send(message: &'static [u8]) -> Bytes {
    Messenger::sendToL1Call { message: Bytes::from_static(message) }.abi_encode().into()
}

fn withdrawal(sender: u8, nonce: u64, amount: u64) -> Bytes {
    dynamic(sender, nonce, TxKind::Call(L2_ASSET_ROUTER), amount, withdraw(amount))
}

fn message_of(amount: u64) -> Bytes {
    Withdrawal { asset: config().base_asset, receiver: RECEIVER, amount: U256::from(amount) }.message()
}

fn prove(world: &World, batch: u64) {
    let mut changes = Changes::default();
    changes.put(Table::Proofs, batch.to_be_bytes(), [1, 2, 3]);
    world.store.write(changes).unwrap();
}

fn settle(world: &World, committed: u64, executed: u64, finalized: Option<u64>) {
    let contract = ContractProgress { committed, executed, finalized, operations: 9 };
    world.settlement.progress.lock().unwrap().contract = Some(contract);
}

/// That an answer shows this log against a batch's root.
fn check(answer: &LogAnswer, root: B256, log: impl Fn(u16) -> L2Log) {
    let proof = LogProof {
        batch: answer.batch.unwrap().to(),
        index: answer.log_index.unwrap().to(),
        siblings: answer.siblings.clone().unwrap(),
    };
    let transaction: u64 = answer.transaction_index.unwrap().to();
    assert_eq!(proof.check(&log(transaction as u16), root), Ok(()));
    assert!(proof.check(&log(transaction as u16 + 1), root).is_err());
}

#[test]
fn the_chain_says_what_it_is() {
    let world = World::new();
    let facts = client(&world).chain().unwrap();
    let config = config();
    assert_eq!((facts.chain_id.to(), facts.l1_chain_id.to()), (config.chain_id, DETAILS.l1_chain_id));
    assert_eq!((facts.config_hash, facts.base_asset_id), (config.hash(), config.base_asset));
    let genesis = world.get("eth_getBlockByNumber", json!(["0x0", false]));
    assert_eq!(json!(facts.genesis_hash), genesis["hash"]);
    let (stated, contracts) = (facts.contracts, DETAILS.contracts);
    assert_eq!(
        [stated.bridgehub, stated.asset_router, stated.vault, stated.message_root, stated.protocol_versions],
        [
            contracts.bridgehub,
            contracts.asset_router,
            contracts.vault,
            contracts.message_root,
            contracts.protocol_versions
        ]
    );
    assert_eq!(stated.chain, contracts.chain);
    assert_eq!((facts.predeploys.messenger, facts.predeploys.asset_router), (MESSENGER, L2_ASSET_ROUTER));
    // Every field, by name.
    let rules = facts.config.as_object().unwrap();
    assert_eq!(rules.len(), 15);
    assert_eq!((&rules["history"], &rules["baseAsset"]), (&json!(true), &json!(config.base_asset)));
    for (name, value) in [
        ("protocolVersion", u64::from(config.protocol_version)),
        ("blockGasLimit", config.block_gas_limit),
        ("transactionCostLimit", config.transaction_cost_limit),
        ("batchPubdataLimit", config.batch_pubdata_limit),
        ("transactionLogsLimit", config.transaction_logs_limit),
    ] {
        assert_eq!(number(&rules[name]), value, "{name}");
    }
}

#[test]
fn the_status_says_what_is_not_known() {
    let world = World::new();
    let status = client(&world).status().unwrap();
    assert_eq!((status.head.to::<u64>(), status.sealed_batch.unwrap().to::<u64>()), (0, 0));
    assert_eq!((status.committed_batch, status.executed_batch, status.finalized_batch), (None, None, None));
    assert_eq!((status.l1.head, status.l1.last_seen), (None, None));
    assert_eq!((status.l1.error, status.l1.held), (None, None));
    assert_eq!((status.prover, status.jobs), (None, Vec::new()));
    world.make(&[legacy(0, 0, account(1), 1)]);
    world.seal(1..=1);
    world.ask_for(&[operation(0), operation(1)], 1);
    *world.settlement.progress.lock().unwrap() = SettlementProgress {
        proven: 1,
        contract: None,
        l1_head: Some(500),
        l1_seen: Some(UNIX_EPOCH + Duration::from_millis(100_900)),
        l1_error: Some("refused".to_owned()),
        l1_held: Some("no money".to_owned()),
    };
    let left = Some(Duration::from_millis(90_700));
    *world.settlement.proving.lock().unwrap() =
        Some(Proving { batch: 2, phase: "segment 1 of 3".to_owned(), done: 1, total: 20, left });
    *world.settlement.jobs.lock().unwrap() = vec![
        ProvingJob { batch: 2, worker: Some("node".to_owned()), failures: 0 },
        ProvingJob { batch: 3, worker: None, failures: 4 },
    ];
    let status = client(&world).status().unwrap();
    let number = |number: alloy_primitives::U64| number.to::<u64>();
    assert_eq!((number(status.head), status.proven_batch.map(number)), (1, Some(1)));
    assert_eq!((number(status.operations_included), number(status.operations_known)), (1, 2));
    assert_eq!((status.l1.head.map(number), status.l1.last_seen.map(number)), (Some(500), Some(100)));
    assert_eq!((status.l1.error.as_deref(), status.l1.held.as_deref()), (Some("refused"), Some("no money")));
    let prover = status.prover.unwrap();
    assert_eq!((number(prover.batch), number(prover.done), number(prover.total)), (2, 1, 20));
    assert_eq!((prover.phase.as_str(), prover.seconds_left.map(number)), ("segment 1 of 3", Some(90)));
    let jobs = status.jobs.into_iter().map(|job| (number(job.batch), job.worker, number(job.failures)));
    assert_eq!(jobs.collect::<Vec<_>>(), [(2, Some("node".to_owned()), 0), (3, None, 4)]);
    // Ethereum has more of them than the node has read.
    settle(&world, 1, 1, None);
    let status = client(&world).status().unwrap();
    assert_eq!((number(status.operations_known), status.executed_batch.map(number)), (9, Some(1)));
    assert_eq!(status.finalized_batch, None);
}

#[test]
fn batches_and_what_they_publish() {
    let world = World::new();
    world.make(&[legacy(0, 0, account(1), 1), operation(0).encode().into()]);
    world.make(&[withdrawal(1, 0, 7)]);
    world.make(&[legacy(0, 1, account(1), 1)]);
    assert_eq!(client(&world).batch_of_block(1).unwrap(), None);
    let record = world.seal(1..=2);
    let client = client(&world);
    let batch = client.batch(1).unwrap().unwrap();
    assert_eq!((batch.number.to::<u64>(), batch.status), (1, NodeStage::Sealed));
    assert_eq!((batch.first_block.to::<u64>(), batch.last_block.to::<u64>()), (1, 2));
    assert_eq!(batch.batch_root, record.output.batch_root);
    for block in [1, 2] {
        assert_eq!(client.batch_of_block(block).unwrap(), Some(batch.clone()));
    }
    for none in [client.batch(0), client.batch(2), client.batch_of_block(0), client.batch_of_block(3)] {
        assert_eq!(none.unwrap(), None);
    }
    let all = world.get("ashlar_batch", json!(["0x1"]));
    for (name, value) in
        [("transactions", 2), ("operations", 1), ("logs", 2), ("pubdataBytes", record.pubdata.len() as u64)]
    {
        assert_eq!(number(&all[name]), value, "{name}");
    }
    assert_eq!((&all["data"], &all["outputHash"]), (&json!("calldata"), &json!(record.output.hash())));
    assert_eq!((number(&all["cost"]), number(&all["sealedAt"])), (record.cost, record.sealed_at));
    assert_eq!(world.get("ashlar_pubdata", json!(["0x1"])), json!(record.pubdata));
    assert_eq!(world.get("ashlar_pubdata", json!(["0x2"])), Value::Null);
    for number in ["0x0", "0x1", "0x2"] {
        assert_eq!(world.get("ashlar_proof", json!([number])), Value::Null);
    }
    prove(&world, 1);
    let proof = world.get("ashlar_proof", json!(["0x1"]));
    let expected = json!({
        "programKey": DETAILS.program_key, "publicOutput": record.output.hash(), "proof": "0x010203",
    });
    assert_eq!(proof, expected);
}

#[test]
fn a_batch_is_as_far_as_ethereum_has_it() {
    let world = World::new();
    world.make(&[legacy(0, 0, account(1), 1)]);
    world.seal(1..=1);
    let stage = || client(&world).batch(1).unwrap().unwrap().status;
    assert_eq!(stage(), NodeStage::Sealed);
    prove(&world, 1);
    assert_eq!(stage(), NodeStage::Proven);
    for (committed, executed, finalized, expected) in [
        (0, 0, None, NodeStage::Proven),
        (1, 0, Some(0), NodeStage::Committed),
        (1, 1, Some(0), NodeStage::Executed),
        (1, 1, Some(1), NodeStage::Finalized),
    ] {
        settle(&world, committed, executed, finalized);
        assert_eq!(stage(), expected);
    }
}

#[test]
fn messages_are_shown_with_their_place() {
    let world = World::new();
    let both = dynamic(2, 0, TxKind::Call(WITHDRAWER), 10, withdraw(5));
    let blocks = [
        world.make(&[call(0, 0, LOGGER, words(&[1])), withdrawal(1, 0, 7)]),
        world.make(&[operation(0).encode().into(), call(0, 1, MESSENGER, send(b"a message")), both]),
    ];
    assert!(blocks.iter().flat_map(|block| &block.results).all(|result| result.receipt.is_success()));
    let hash = |block: usize, place: usize| blocks[block].results[place].hash;
    let client = client(&world);
    let answer = client.message(hash(0, 1), 0).unwrap().unwrap();
    assert_eq!((answer.sender, answer.message), (L2_ASSET_ROUTER, message_of(7)));
    assert_eq!((answer.log.status, answer.log.batch, answer.log.siblings), (NodeStage::Pending, None, None));
    let root = world.seal(1..=2).output.batch_root;
    for (block, place, index, sender, message, log_index) in [
        (0, 1, 0, L2_ASSET_ROUTER, message_of(7), 0),
        (1, 1, 0, account(0), Bytes::from_static(b"a message"), 2),
        (1, 2, 0, L2_ASSET_ROUTER, message_of(5), 3),
        (1, 2, 1, L2_ASSET_ROUTER, message_of(5), 4),
    ] {
        let answer = client.message(hash(block, place), index).unwrap().unwrap();
        assert_eq!((answer.sender, &answer.message), (sender, &message));
        assert_eq!(
            (answer.log.status, answer.log.log_index.unwrap().to::<u64>()),
            (NodeStage::Sealed, log_index)
        );
        check(&answer.log, root, |transaction| L2Log::message(transaction, sender, keccak256(&message)));
    }
    for (hash, index) in [(hash(0, 0), 0), (hash(0, 1), 1), (hash(1, 2), 2), (B256::ZERO, 0)] {
        assert_eq!(client.message(hash, index).unwrap(), None);
    }
    assert_eq!(client.message(hash(0, 1), u64::MAX).unwrap(), None);
    let error = world.fail("ashlar_messageProof", json!([hash(0, 1)]));
    assert_eq!((error.code, error.message.as_str()), (-32_602, "missing value for required argument 1"));
}

#[test]
fn a_batch_whose_logs_are_others_is_damaged() {
    let world = World::new();
    let block = world.make(&[withdrawal(1, 0, 7)]);
    let mut record = world.seal(1..=1);
    record.logs[0].key = B256::ZERO;
    let mut changes = Changes::default();
    record.put(&mut changes);
    world.store.write(changes).unwrap();
    let error = world.fail("ashlar_messageProof", json!([block.results[0].hash, "0x0"]));
    assert_eq!(error.code, -32_603);
    assert!(error.message.contains("damaged") && error.message.contains("batch 1"), "{}", error.message);
}

/// An operation that fails.
fn failing(id: u64) -> Operation {
    Operation { to: REVERTER, ..operation(id) }
}

#[test]
fn operations_are_followed_from_ethereum_to_their_batch() {
    let world = World::new();
    let asked = [operation(0), failing(1), operation(2)];
    world.ask_for(&asked, 0);
    let client = client(&world);
    let waiting = client.operation(asked[1].hash()).unwrap().unwrap();
    assert_eq!((waiting.id.to::<u64>(), waiting.hash), (1, asked[1].hash()));
    assert_eq!((waiting.deadline.to::<u64>(), waiting.l1_block.unwrap().to::<u64>()), (1_800_000_001, 41));
    assert_eq!(waiting.l1_transaction, Some(B256::with_last_byte(1)));
    assert_eq!((&waiting.included, &waiting.status_proof), (&None, &None));
    let encoded = asked.each_ref().map(|operation| Bytes::from(operation.encode()));
    world.make(&encoded[..2]);
    world.ask_for(&[], 2);
    for (place, success) in [(0, true), (1, false)] {
        let included = client.operation(asked[place].hash()).unwrap().unwrap().included.unwrap();
        assert_eq!((included.block.to::<u64>(), included.success), (1, success));
        assert_eq!((included.transaction_hash, included.over_limit), (asked[place].hash(), None));
    }
    let root = world.seal(1..=1).output.batch_root;
    for (place, success) in [(0, true), (1, false)] {
        let shown = client.operation(asked[place].hash()).unwrap().unwrap().status_proof.unwrap();
        assert_eq!((shown.status, shown.batch.unwrap().to::<u64>()), (NodeStage::Sealed, 1));
        check(&shown, root, |transaction| L2Log::status(transaction, asked[place].hash(), success));
    }
    let by_id = |id: &str| world.get("ashlar_operation", json!([id]));
    assert_eq!(by_id("0x1"), world.get("ashlar_operation", json!([asked[1].hash()])));
    assert_eq!(by_id("0x2")["included"], Value::Null);
    assert_eq!((by_id("0x3"), client.operation(B256::ZERO).unwrap()), (Value::Null, None));
    assert_eq!(world.fail("ashlar_operation", json!(["0xx"])).code, -32_602);
}

#[test]
fn the_limit_that_an_operation_passed_is_named() {
    let world = World::new();
    let operation = Operation {
        to: SPAMMER,
        gas_limit: 10_000_000,
        mint: U256::from(100_000_005),
        data: send(b"x"),
        ..operation(0)
    };
    world.make(&[operation.encode().into()]);
    world.ask_for(std::slice::from_ref(&operation), 1);
    let included = client(&world).operation(operation.hash()).unwrap().unwrap().included.unwrap();
    assert!(!included.success);
    let over = included.over_limit.unwrap();
    assert_eq!(
        (over.resource.as_str(), over.used.to::<u64>(), over.limit.to::<u64>()),
        ("logs", 18, 16),
        "with the status"
    );
}

#[test]
fn an_operation_is_searched_within_bounds() {
    let world = World::with(Limits { operations: 2, ..Limits::default() }, |_| {});
    let asked = [operation(0), operation(1), operation(2)];
    world.ask_for(&asked, 0);
    assert!(world.get("ashlar_operation", json!([asked[1].hash()])).is_object());
    let error = world.fail("ashlar_operation", json!([asked[2].hash()]));
    assert_eq!(error.code, -32_005);
    assert!(error.message.contains("ask by id"), "{}", error.message);
    assert!(world.get("ashlar_operation", json!(["0x2"])).is_object());
}

#[test]
fn withdrawals_are_listed_newest_first() {
    let world = World::new();
    let hashes: Vec<_> = [
        world.make(&[withdrawal(1, 0, 7), withdrawal(2, 0, 8)]),
        world.make(&[withdrawal(1, 1, 9), call(1, 2, SETTER, words(&[1, 2]))]),
        world.make(&[dynamic(1, 3, TxKind::Call(WITHDRAWER), 10, withdraw(5)), withdrawal(1, 4, 10)]),
    ]
    .iter()
    .flat_map(|block| block.results.iter().map(|result| result.hash))
    .collect();
    world.seal(1..=1);
    world.seal(2..=2);
    settle(&world, 1, 1, None);
    let client = client(&world);
    let list = client.withdrawals(account(1), None).unwrap();
    let places: Vec<_> = list.iter().map(|entry| (entry.transaction_hash, entry.index.to::<u64>())).collect();
    assert_eq!(places, [(hashes[5], 0), (hashes[2], 0), (hashes[0], 0)]);
    let last = &list[0];
    assert_eq!((last.block.to::<u64>(), last.asset_id), (3, config().base_asset));
    assert_eq!((last.amount, last.receiver), (U256::from(10), RECEIVER));
    let left: Vec<_> = list.iter().map(|entry| entry.seconds_left.map(|left| left.to::<u64>())).collect();
    assert_eq!(left, [None, Some(120), None]);
    let raw = world.get("ashlar_withdrawals", json!([account(1)]));
    let stages: Vec<_> = raw.as_array().unwrap().iter().map(|entry| &entry["status"]).collect();
    assert_eq!(stages, [&json!("pending"), &json!("sealed"), &json!("executed")]);
    assert_eq!((&raw[0]["batch"], &raw[1]["batch"]), (&Value::Null, &json!("0x2")));
    // Of one transaction of a contract.
    let two = client.withdrawals(WITHDRAWER, None).unwrap();
    let places: Vec<_> = two.iter().map(|entry| (entry.transaction_hash, entry.index.to::<u64>())).collect();
    assert_eq!(places, [(hashes[4], 1), (hashes[4], 0)]);
    // Who receives has sent nothing.
    assert_eq!(client.withdrawals(RECEIVER, None).unwrap(), []);
    let some = client.withdrawals(account(1), Some(Blocks { from: 1, to: 2 })).unwrap();
    assert_eq!(some[..], list[1..]);
}

#[test]
fn withdrawals_are_searched_within_bounds() {
    let limits = Limits { log_blocks: 1, withdrawals: 2, ..Limits::default() };
    let world = World::with(limits, |_| {});
    world.make(&[withdrawal(1, 0, 1)]);
    world.make(&[legacy(0, 0, account(1), 1)]);
    world.make(&[withdrawal(1, 1, 2), withdrawal(1, 2, 3), withdrawal(1, 3, 4)]);
    let amounts = |blocks: Value| {
        let list = world.get("ashlar_withdrawals", json!([account(1), blocks]));
        list.as_array().unwrap().iter().map(|entry| number(&entry["amount"])).collect::<Vec<_>>()
    };
    assert_eq!(amounts(Value::Null), [4, 3]);
    assert_eq!(amounts(json!({"toBlock": "0x2"})), [1]);
    assert_eq!(amounts(json!({"fromBlock": "latest"})), [4, 3]);
    assert_eq!(amounts(json!({"fromBlock": "0x1", "toBlock": "0x2"})), [1]);
    assert_eq!(amounts(json!({"fromBlock": "0x9"})), [0u64; 0]);
    let fail = |blocks: Value| world.fail("ashlar_withdrawals", json!([account(1), blocks]));
    assert_eq!(amounts(json!({"fromBlock": "0x0"})), [4, 3], "the blocks without withdrawals cost nothing");
    let error = fail(json!({"fromBlock": "0x2", "toBlock": "0x1"}));
    assert_eq!((error.code, error.message.contains("above toBlock")), (-32_602, true));
    assert_eq!(fail(json!({"blockHash": B256::ZERO})).code, -32_602);
}

#[test]
fn transactions_are_followed_to_their_batch() {
    let world = World::new();
    let hash = |byte| B256::repeat_byte(byte);
    let states =
        [(hash(1), PoolState::Queued), (hash(2), PoolState::Rejected { reason: "nonce too low".to_owned() })];
    world.pool.states.lock().unwrap().extend(states);
    let client = client(&world);
    let place = |hash| {
        let answer = client.transaction(hash).unwrap();
        assert_eq!((answer.block, answer.batch), (None, None));
        (answer.status, answer.reason)
    };
    assert_eq!(place(hash(1)), (TransactionPlace::Queued, None));
    assert_eq!(place(hash(2)), (TransactionPlace::Rejected, Some("nonce too low".to_owned())));
    assert_eq!(place(hash(3)), (TransactionPlace::Unknown, None));
    let bytes = legacy(0, 0, account(1), 1);
    let sent = keccak256(&bytes);
    world.get("eth_sendRawTransaction", json!([bytes]));
    assert_eq!(place(sent), (TransactionPlace::Pending, None));
    world.make(&world.pool.take());
    let answer = client.transaction(sent).unwrap();
    assert_eq!((answer.status, answer.block.unwrap().to::<u64>()), (TransactionPlace::Included, 1));
    assert_eq!((answer.batch, answer.reason), (None, None));
    world.seal(1..=1);
    assert_eq!(client.transaction(sent).unwrap().batch.unwrap().to::<u64>(), 1);
}

#[test]
fn a_call_has_its_costs() {
    let world = World::new();
    // With the fees of the transaction below, which go to an account.
    let request = json!({
        "from": account(1), "to": L2_ASSET_ROUTER, "value": "0x7", "data": withdraw(7),
        "maxFeePerGas": "0x186a0", "maxPriorityFeePerGas": "0xa",
    });
    let cost = world.get("ashlar_cost", json!([request]));
    let block = world.make(&[withdrawal(1, 0, 7)]);
    let result = &block.results[0];
    assert_eq!((number(&cost["gas"]), number(&cost["logs"])), (result.gas_used, 1));
    // Of a transaction like it, at most so much.
    let (proving, pubdata) = (number(&cost["provingCost"]), number(&cost["pubdata"]));
    assert!((result.usage.cost..result.usage.cost * 2).contains(&proving), "{proving} {:?}", result.usage);
    assert!((result.usage.pubdata..result.usage.pubdata * 2).contains(&pubdata), "{pubdata}");
    let config = config();
    assert_eq!(number(&cost["limits"]["gas"]), config.transaction_gas_limit);
    assert_eq!(number(&cost["limits"]["provingCost"]), config.transaction_cost_limit);
    assert_eq!(number(&cost["limits"]["pubdata"]), config.transaction_pubdata_limit);
    assert_eq!(number(&cost["limits"]["logs"]), config.transaction_logs_limit);
    let reverting = json!({"from": account(1), "to": REVERTER, "data": "0x01"});
    let error = world.fail("ashlar_cost", json!([reverting]));
    assert_eq!((error.code, error.data), (3, json!("0x01")));
    assert_eq!(world.fail("ashlar_cost", json!([request, "0x9"])).message, "header not found");
}

#[test]
fn arguments_that_are_none_are_refused() {
    let world = World::new();
    for (method, arguments) in [
        ("ashlar_chain", json!([1])),
        ("ashlar_status", json!([null, null])),
        ("ashlar_batch", json!([])),
        ("ashlar_batch", json!([true])),
        ("ashlar_batchOfBlock", json!(["0x1", "0x1"])),
        ("ashlar_pubdata", json!([-1])),
        ("ashlar_proof", json!(["latest"])),
        ("ashlar_operation", json!([])),
        ("ashlar_withdrawals", json!([])),
        ("ashlar_transactionStatus", json!(["0x1"])),
        ("ashlar_cost", json!([])),
    ] {
        assert_eq!(world.fail(method, arguments.clone()).code, -32_602, "{method} {arguments}");
    }
}

//! What a whole node does when Ethereum takes back, hangs, is away, or leaves transactions lying.
//!
//! They take anvil, so they are asked for by name: `contracts/scripts/install.sh`, then
//! `cargo test --package ashlar-node --test ethereum_faults -- --ignored`.

mod support;

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use ashlar_ethereum::{
    Account, Progress, Trouble, Unsigned, WEI_PER_GWEI,
    test_utils::{FakeNode, Reply},
};
use ashlar_node::Settings;
use ashlar_storage::{ChainRecords, OperationRecords};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use support::{Chain, Running, account, ether, operator, quantity, until, with_causes};

/// Longer than a node takes to make a block of what it has.
const A_WHILE: Duration = Duration::from_millis(700);

const RECEIVER: Address = Address::repeat_byte(0x99);

/// A chain with an account that has money, whose first batch waits for its proof; blocks of Ethereum follow the deposit.
fn with_a_batch() -> Chain {
    let chain = Chain::new();
    chain.accept_everything();
    let node = chain.start(|_| {});
    chain.deposit(account("alice").address(), ether(10));
    until("a batch is sealed", || node.now().sealed == 1);
    chain.mine(8);
    node.stop();
    chain
}

/// The same, and the bytes in the place of the proof are there.
fn with_a_proof() -> Chain {
    let chain = with_a_batch();
    chain.put_proofs([1]);
    chain
}

fn settles(node: &Running, batch: u64) {
    until("the batch is executed on Ethereum", || node.executed() == batch);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_deposit_that_is_not_confirmed_is_in_no_block_and_may_vanish() {
    let chain = Chain::new();
    let node = chain.start(|settings| settings.l1.confirmations = 3);
    chain.deposit(RECEIVER, ether(5));
    chain.mine(2);
    node.sees(&chain);
    thread::sleep(A_WHILE);
    assert_eq!((node.now().head, node.now().ethereum.operations_read), (0, 0));

    chain.take_back(3);
    chain.mine(5);
    node.sees(&chain);
    thread::sleep(A_WHILE);
    assert_eq!(node.now().head, 0);

    let other = Address::repeat_byte(0x98);
    chain.deposit(other, ether(7));
    chain.mine(3);
    until("the deposit is in a block", || node.balance(other) == ether(7));
    assert_eq!(node.balance(RECEIVER), U256::ZERO);
    assert_eq!((node.now().head, node.now().ethereum.operations_read), (1, 1));
    node.stop();
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_confirmed_deposit_that_vanishes_stops_the_node_until_it_is_back() {
    let chain = Chain::new();
    let alice = account("alice").address();
    let confirmed = |settings: &mut Settings| settings.l1.confirmations = 1;
    let node = chain.start(confirmed);
    chain.deposit(alice, ether(10));
    chain.mine(1);
    until("the deposit is in a block", || node.balance(alice) == ether(10));
    node.stop();

    // A transaction waits when it vanishes: the next look at the pool is in a minute.
    let node = chain.start(|settings| {
        confirmed(settings);
        settings.block_time = Duration::from_secs(60);
    });
    thread::sleep(A_WHILE);
    let waiting = node.transfer("alice", RECEIVER);
    chain.take_back(2);
    let reason = with_causes(&node.ended());
    assert!(reason.starts_with("the watcher of Ethereum failed"), "{reason}");
    assert!(reason.contains("do not have the operation 0, which is in a block of this rollup"), "{reason}");

    // Nothing is built on it by starting again, however often.
    for _ in 0..3 {
        let reason = with_causes(&chain.try_start(confirmed).err().expect("it must not start"));
        assert!(reason.contains("operation 0, which is in a block of this rollup"), "{reason}");
    }
    assert_eq!(chain.store().head().unwrap().unwrap().header.number, 1);

    // Ethereum has it again, unchanged.
    chain.deposit(alice, ether(10));
    chain.mine(1);
    let node = chain.start(confirmed);
    until("the transaction is in a block", || node.l2.receipt(waiting).unwrap().is_some());
    assert_eq!(node.balance(RECEIVER), U256::ONE);
    node.stop();
    assert_eq!(chain.store().operations_included().unwrap(), 1);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_settled_batch_that_ethereum_takes_back_is_settled_again_and_once() {
    let chain = with_a_proof();
    let node = chain.start(|settings| settings.l1.confirmations = 2);
    settles(&node, 1);
    // Before it counts as done, and after that.
    for blocks in [1, 4] {
        chain.anvil.call("evm_setAutomine", json!([false]));
        chain.take_back(blocks);
        assert_eq!((chain.progress().executed, chain.settlements()), (0, Vec::new()), "it is taken back");
        until("it is sent again", || waiting(&chain).is_some());
        chain.mine(1);
        assert_eq!(chain.progress().executed, 1);
        chain.mine(3);
        until("it is done", || node.now().settling == Some(Progress::Idle));
    }
    assert_eq!(chain.settlements(), [(0, true)]);
    node.stop();
}

/// The chain goes on while Ethereum at this address does not answer, and settles when it does.
fn goes_on_without_ethereum(
    mut chain: Chain,
    url: &str,
    leave: impl FnOnce(&mut Chain),
    back: impl FnOnce(&mut Chain),
) {
    let at = |settings: &mut Settings| settings.l1.url = url.to_owned();
    let node = chain.start(at);
    node.sees(&chain);
    leave(&mut chain);
    let head = node.now().head;
    node.transfer_and_wait("alice", RECEIVER);
    until("the status says that Ethereum does not answer", || {
        node.transfer_and_wait("alice", RECEIVER);
        node.now().ethereum.away.is_some()
    });
    let status: Value = node.l2.call("ashlar_status", json!([])).unwrap();
    assert!(status["l1"]["error"].as_str().is_some_and(|error| !error.is_empty()), "{status}");
    node.transfer_and_wait("alice", RECEIVER);
    until("a batch is sealed without Ethereum", || node.now().sealed >= 2);
    let before = node.now().head;
    assert!(before >= head + 3 && !node.is_ending());

    back(&mut chain);
    until("the status says that Ethereum is back", || node.now().ethereum.away.is_none());
    assert!(node.now().head >= before);
    node.stop();
    let last = chain.put_all_proofs();
    let node = chain.start(at);
    settles(&node, last);
    node.stop();
    let nonces: Vec<_> = (0..last).map(|nonce| (nonce, true)).collect();
    assert_eq!(chain.settlements(), nonces);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn ethereum_that_hangs_stops_no_blocks() {
    let chain = with_a_batch();
    let url = chain.anvil.url().to_owned();
    let (stop, go_on) =
        (|chain: &mut Chain| chain.anvil.signal("STOP"), |chain: &mut Chain| chain.anvil.signal("CONT"));
    goes_on_without_ethereum(chain, &url, stop, go_on);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn ethereum_that_is_away_stops_no_blocks() {
    let chain = with_a_batch();
    let url = chain.anvil.url().to_owned();
    goes_on_without_ethereum(chain, &url, |chain| chain.anvil.stop(), |chain| chain.anvil.start_again());
}

/// A node between this one and anvil, which answers with this while it is told to.
fn between(chain: &Chain, answer: Reply) -> (FakeNode, Arc<AtomicBool>) {
    let (refuses, anvil) = (Arc::new(AtomicBool::new(false)), chain.anvil.client());
    let is_refusing = Arc::clone(&refuses);
    let node = FakeNode::new(move |method, params| {
        if is_refusing.load(Ordering::SeqCst) {
            return answer.clone();
        }
        let method: &'static str = Box::leak(method.to_owned().into_boxed_str());
        match anvil.call_optional::<Value>(method, params.clone()) {
            Ok(result) => Reply::Result(result.unwrap_or_default()),
            Err(error) => {
                let error = error.refusal().expect("anvil answers").clone();
                Reply::Error(error.code, error.message, error.data.unwrap_or_default())
            }
        }
    });
    (node, refuses)
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn an_ethereum_that_refuses_to_answer_stops_no_blocks() {
    for answer in [Reply::Error(-32_000, "header not found".into(), Value::Null), Reply::Result(Value::Null)]
    {
        let chain = with_a_batch();
        let (node, refuses) = between(&chain, answer);
        let set = |refusing| refuses.store(refusing, Ordering::SeqCst);
        goes_on_without_ethereum(chain, node.url(), |_| set(true), |_| set(false));
    }
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_node_that_starts_without_ethereum_makes_blocks_and_settles_when_it_is_there() {
    let mut chain = with_a_proof();
    chain.anvil.stop();
    let node = chain.start(|_| {});
    assert!(node.now().ethereum.away.is_some());
    node.transfer_and_wait("alice", RECEIVER);
    chain.anvil.start_again();
    settles(&node, 1);
    node.stop();
    assert_eq!(chain.settlements(), [(0, true)]);
}

/// The operator's transaction that waits on Ethereum.
fn waiting(chain: &Chain) -> Option<Value> {
    let content = chain.anvil.call("txpool_content", json!([]));
    let of_operator = content["pending"]
        .as_object()
        .unwrap()
        .iter()
        .find(|(address, _)| address.parse::<Address>().unwrap() == operator().address());
    let (_, by_nonce) = of_operator?;
    let transactions: Vec<_> = by_nonce.as_object().unwrap().values().collect();
    assert_eq!(transactions.len(), 1, "one at a time");
    Some(transactions[0].clone())
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_transaction_that_is_stuck_is_replaced_up_to_the_limit() {
    let chain = with_a_proof();
    let limit = 5 * WEI_PER_GWEI;
    chain.anvil.call("evm_setAutomine", json!([false]));
    let node = chain.start(|settings| {
        settings.l1.replace_after = Duration::from_secs(1);
        settings.l1.max_fee = limit;
    });
    let offer = || waiting(&chain).map(|transaction| quantity(&transaction["maxFeePerGas"]));
    until("a transaction waits", || offer().is_some());
    let first = offer().unwrap();
    until("it offers more", || offer().is_some_and(|offer| offer > first));
    let is_at_limit = |progress: &Progress| {
        matches!(
            progress,
            Progress::InFlight { nonce: 0, variants: 2.., trouble: Some(Trouble::Fees(_)), .. }
        )
    };
    until("more may not be offered", || node.now().settling.as_ref().is_some_and(is_at_limit));
    assert!(u128::from(offer().unwrap()) <= limit);
    chain.mine(1);
    settles(&node, 1);
    until("it is done", || node.now().settling == Some(Progress::Idle));
    node.stop();
    assert_eq!(chain.settlements(), [(0, true)]);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_transaction_that_ethereums_node_forgets_is_sent_again() {
    let chain = with_a_proof();
    chain.anvil.call("evm_setAutomine", json!([false]));
    let node = chain.start(|_| {});
    until("a transaction waits", || waiting(&chain).is_some());
    let hash = waiting(&chain).unwrap()["hash"].clone();
    for _ in 0..3 {
        chain.anvil.call("anvil_dropTransaction", json!([hash]));
        until("it waits again", || waiting(&chain).is_some());
        assert_eq!(waiting(&chain).unwrap()["hash"], hash, "the same one");
    }
    chain.mine(1);
    settles(&node, 1);
    node.stop();
    assert_eq!(chain.settlements(), [(0, true)]);
}

/// Sends a transaction of this account on Ethereum that does nothing, and offers much.
fn send_nothing(chain: &Chain, from: &Account, nonce: u64) {
    let transaction = TxEip1559 {
        chain_id: chain.file.l1_chain_id,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 100 * WEI_PER_GWEI,
        max_priority_fee_per_gas: 50 * WEI_PER_GWEI,
        to: TxKind::Call(from.address()),
        input: Bytes::new(),
        ..TxEip1559::default()
    };
    chain.anvil.client().send_raw(&from.sign(Unsigned::Plain(transaction)).unwrap().raw).unwrap();
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_transaction_that_is_replaced_from_outside_is_sent_with_the_next_nonce() {
    let chain = with_a_proof();
    chain.anvil.call("evm_setAutomine", json!([false]));
    let node = chain.start(|_| {});
    until("a transaction waits", || waiting(&chain).is_some());
    send_nothing(&chain, &operator(), 0);
    chain.mine(1);
    until("the next nonce waits", || waiting(&chain).is_some_and(|next| quantity(&next["nonce"]) == 1));
    assert_eq!(chain.progress().executed, 0);
    chain.mine(1);
    settles(&node, 1);
    node.stop();
    assert_eq!(chain.settlements(), [(0, true), (1, true)]);
}

#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_batch_that_is_proven_late_holds_back_those_after_it() {
    let chain = with_a_batch();
    let node = chain.start(|_| {});
    for sealed in 2..=3 {
        node.transfer_and_wait("alice", RECEIVER);
        until("a batch is sealed", || node.now().sealed == sealed);
    }
    node.stop();
    chain.put_proofs([2, 3]);
    let node = chain.start(|_| {});
    node.sees(&chain);
    thread::sleep(A_WHILE);
    assert_eq!((node.executed(), node.now().proven), (0, 0));
    node.stop();
    assert!(chain.settlements().is_empty());

    chain.put_proofs([1]);
    let node = chain.start(|_| {});
    settles(&node, 3);
    node.stop();
    assert_eq!(chain.settlements(), [(0, true), (1, true), (2, true)]);
}

/// Its bytes are in the database, as if this machine had lied.
#[test]
#[ignore = "takes anvil: contracts/scripts/install.sh"]
fn a_false_proof_is_never_sent_and_stops_no_blocks() {
    let chain = Chain::new();
    let node = chain.start(|_| {});
    chain.deposit(account("alice").address(), ether(10));
    until("a batch is sealed", || node.now().sealed == 1);
    node.stop();
    chain.put_proofs([1]);
    let node = chain.start(|_| {});
    until("Ethereum was asked", || matches!(node.now().settling, Some(Progress::Done(_))));
    node.transfer_and_wait("alice", RECEIVER);
    thread::sleep(A_WHILE);
    assert!(!node.is_ending());
    node.stop();
    assert_eq!((chain.progress().executed, chain.settlements()), (0, Vec::new()));
}

//! Whether what was said is so, by the database, the node's answers, and Ethereum.

use crate::{
    load::{Acknowledged, DEPOSIT_RECEIVER, RECEIVER, Seen, TOKEN_RECEIVER, users},
    support::{Chain, operator, until},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolEvent, SolValue};
use ashlar_ethereum::{BlockAt, Client};
use ashlar_mempool::{AccountState, Accounts, Code, Limits, Mempool, Status};
use ashlar_primitives::rollup::Operation;
use ashlar_settlement::{Batch, WRAPPED_BASE_TOKEN, abi::chain::RollupChain};
use ashlar_storage::{ChainRecords, DiskStore, OperationRecords, StateDbError, read_account, read_code};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    thread,
    time::Duration,
};

/// Where each transaction is: its block's number, and whether it succeeded.
type Places = HashMap<B256, (u64, bool)>;

/// Waits until nothing waits in the pool and all deposits are in blocks.
pub(crate) fn settle_down(chain: &Chain, l2: &Client) {
    until("the pool is empty", || {
        let status: Value = l2.call("txpool_status", json!([])).unwrap();
        status["pending"] == "0x0" && status["queued"] == "0x0"
    });
    let head = || l2.head().unwrap().number;
    until("no more blocks are made", || {
        let before = head();
        thread::sleep(Duration::from_millis(1_500));
        head() == before
    });
    assert_eq!(chain.progress().operations, u64::try_from(users().len()).unwrap() + count_deposits(l2));
}

/// Deposits of the load that blocks have, by what the receiver has: amounts are 1, 2, 3 and so on.
fn count_deposits(l2: &Client) -> u64 {
    let balance: u64 = l2.balance(DEPOSIT_RECEIVER).unwrap().to();
    (0..).find(|count| count * (count + 1) / 2 >= balance).unwrap()
}

/// The node answers for all that it has acknowledged, or another one of the same user and nonce is in a block.
pub(crate) fn receipts(seen: &Seen, l2: &Client) {
    assert_eq!(seen.contradictions, Vec::<String>::new());
    let mut answered = BTreeMap::new();
    for (hash, what) in &seen.acknowledged {
        let found = l2.receipt(*hash).unwrap().is_some();
        *answered.entry((what.user, what.nonce)).or_insert(0) += u64::from(found);
    }
    let wrong: Vec<_> = answered.iter().filter(|(_, count)| **count != 1).collect();
    assert!(wrong.is_empty(), "users and nonces with none or several in blocks: {wrong:?}");
}

/// What the receiver of wrapped ether has.
pub(crate) fn tokens(l2: &Client) -> U256 {
    let call = [&keccak256("balanceOf(address)")[..4], TOKEN_RECEIVER.into_word().as_slice()].concat();
    U256::from_be_slice(&l2.view(WRAPPED_BASE_TOKEN, &call.into()).unwrap())
}

/// All checks of the database, while no node runs; what there was.
pub(crate) fn store(chain: &Chain, seen: &Seen, tokens: U256) -> Value {
    let store = chain.store();
    let head = store.head().unwrap().unwrap().header.number;
    let (places, operations) = blocks(&store, head);
    assert!(seen.blocks.iter().all(|(number, hash)| store.header(*number).unwrap().unwrap().hash == *hash));
    for (hash, (block, succeeded)) in &seen.receipts {
        let (number, is) = places[hash];
        assert_eq!((store.header(number).unwrap().unwrap().hash, is), (*block, *succeeded), "{hash}");
    }
    assert_eq!(operations, (0..chain.progress().operations).collect::<Vec<_>>(), "each once, in order");
    assert_eq!(store.operations_included().unwrap(), chain.progress().operations);
    let replaced = acknowledged(&store, chain, seen, &places);
    effects(&store, seen, &places, tokens);
    json!({
        "blocks": head,
        "transactions acknowledged": seen.acknowledged.len(),
        "of these replaced by their users": replaced,
        "deposits": operations.len(),
        "blocks that were seen": seen.blocks.len(),
        "receipts that were seen": seen.receipts.len(),
        "lost, doubled or changed": 0,
    })
}

/// Walks over all blocks: each follows the one before, and none has a transaction that was there. Places, and ids of the
/// operations in their order.
fn blocks(store: &DiskStore, head: u64) -> (Places, Vec<u64>) {
    let (mut places, mut operations) = <(Places, Vec<u64>)>::default();
    let mut parent = store.header(0).unwrap().unwrap().hash;
    for number in 1..=head {
        let block = store.block(number).unwrap().unwrap();
        assert_eq!(block.header.header.parent_hash, parent, "block {number}");
        parent = block.header.hash;
        assert_eq!(store.block_number(&parent).unwrap(), Some(number));
        assert_eq!(block.transactions.len(), block.results.len());
        for (bytes, result) in block.transactions.iter().zip(&block.results) {
            assert_eq!(keccak256(bytes), result.hash);
            let before = places.insert(result.hash, (number, result.receipt.is_success()));
            assert_eq!(before, None, "{} is executed twice", result.hash);
            assert_eq!(store.transaction_place(&result.hash).unwrap().unwrap().block, number);
            operations.extend(Operation::decode(bytes).map(|operation| operation.id));
        }
    }
    (places, operations)
}

struct Stored(Arc<DiskStore>);

impl Accounts for Stored {
    fn account(&self, address: &Address) -> Result<AccountState, StateDbError> {
        let Some(record) = read_account(&self.0, address)? else { return Ok(AccountState::default()) };
        let code = read_code(&self.0, &record.code_hash)?.map_or(Code::None, |code| Code::of(&code));
        Ok(AccountState { nonce: record.nonce, balance: record.balance, code })
    }
}

/// Each is in a block, or the pool says truly that another one has its nonce. How many of the latter there are.
fn acknowledged(store: &Arc<DiskStore>, chain: &Chain, seen: &Seen, places: &Places) -> u64 {
    let accounts = Stored(Arc::clone(store));
    let config = chain.file.config().unwrap();
    let pool =
        Mempool::open(Arc::clone(store) as _, config, Limits::default(), &accounts, 1_000_000).unwrap();
    let in_blocks = seen.acknowledged.iter().filter(|(hash, _)| places.contains_key(*hash));
    let by_nonce: HashMap<_, _> = in_blocks.map(|(hash, what)| ((what.user, what.nonce), hash)).collect();
    let mut replaced = 0;
    for (hash, what) in &seen.acknowledged {
        if places.contains_key(hash) {
            continue;
        }
        let Status::Rejected { reason, .. } = pool.status(hash) else {
            panic!("{hash} is lost: {:?}, {what:?}", pool.status(hash));
        };
        let Some(other) = by_nonce.get(&(what.user, what.nonce)) else {
            panic!("{hash} is dropped, and no other one has its nonce: {reason}, {what:?}");
        };
        // The second came while the first was put into a block: then it is the second that goes.
        let late = reason.starts_with("nonce too low: next nonce ")
            && reason.ends_with(&format!(", tx nonce {}", what.nonce));
        assert!(late || reason == format!("replaced by {other}"), "{reason}, {what:?}");
        replaced += 1;
    }
    replaced
}

/// The state is that after each transaction once.
fn effects(store: &Arc<DiskStore>, seen: &Seen, places: &Places, tokens: U256) {
    let account = |address: Address| read_account(store, &address).unwrap().unwrap_or_default();
    let included: Vec<&Acknowledged> = seen
        .acknowledged
        .iter()
        .filter(|(hash, _)| places.contains_key(*hash))
        .map(|(_, what)| what)
        .collect();
    assert!(seen.acknowledged.keys().filter_map(|hash| places.get(hash)).all(|(_, succeeded)| *succeeded));
    for (number, user) in users().iter().enumerate() {
        let mut nonces: Vec<u64> =
            included.iter().filter(|what| what.user == number).map(|what| what.nonce).collect();
        nonces.sort_unstable();
        assert_eq!(nonces, (0..account(user.address()).nonce).collect::<Vec<_>>(), "user {number}");
    }
    let sum = |to: Address| -> U256 {
        included.iter().filter(|what| what.to == to).map(|what| U256::from(what.amount)).sum()
    };
    assert_eq!(account(RECEIVER).balance, sum(RECEIVER));
    assert_eq!(tokens, sum(TOKEN_RECEIVER));
    let deposits: U256 = seen.deposits.iter().map(|amount| U256::from(*amount)).sum();
    assert_eq!(account(DEPOSIT_RECEIVER).balance, deposits);
}

/// Number and hash in all events of a kind, from the first block on.
fn events(chain: &Chain, kind: B256) -> Vec<(u64, B256)> {
    let filter = json!({"address": chain.file.contracts.chain, "fromBlock": "0x0", "topics": [kind]});
    let logs = chain.anvil.call("eth_getLogs", json!([filter]));
    let topic =
        |log: &Value, place: usize| -> B256 { log["topics"][place].as_str().unwrap().parse().unwrap() };
    let logs = logs.as_array().unwrap().iter();
    logs.map(|log| (U256::from_be_bytes(topic(log, 1).0).to(), topic(log, 2))).collect()
}

/// Ethereum has the batches of the database, each by one transaction, and no nonce of the operator waits.
pub(crate) fn ethereum(chain: &Chain, last: u64) {
    let (store, client) = (chain.store(), chain.anvil.client());
    assert!(last >= 1, "nothing was settled");
    let (mut next, mut committed, mut executed) = (1, Vec::new(), Vec::new());
    for number in 1..=last {
        let record = store.batch(number).unwrap().unwrap();
        let output = record.output;
        assert_eq!(output.first_block, next, "batch {number}");
        next = output.last_block + 1;
        let end = store.header(output.last_block).unwrap().unwrap();
        assert_eq!(output.commitment_after, end.hash, "batch {number}");
        committed.push((number, output.hash()));
        executed.push((number, output.commitment_after));
        if number == last {
            let stored = Batch { number, output, operations_before: record.operations_before }.stored();
            let call = RollupChain::storedBatchHashCall { number };
            let on_chain = client.ask(chain.file.contracts.chain, &call, BlockAt::Latest).unwrap();
            assert_eq!(on_chain, keccak256(stored.abi_encode()));
        }
    }
    assert_eq!(events(chain, RollupChain::BatchCommitted::SIGNATURE_HASH), committed);
    assert_eq!(events(chain, RollupChain::BatchExecuted::SIGNATURE_HASH), executed);
    let once: Vec<_> = (0..last).map(|nonce| (nonce, true)).collect();
    assert_eq!(chain.settlements(), once, "one transaction for each batch");
    let nonce = |at| client.nonce(operator().address(), at).unwrap();
    assert_eq!((nonce(BlockAt::Latest), nonce(BlockAt::Pending)), (last, last));
}

//! The pool beside a chain: what it offers is valid in blocks, and all that it took is in a block or has a reason.

mod common;

use alloy_primitives::{Address, Bytes, TxKind, U256, address};
use ashlar_mempool::{AccountState, Accounts, Changed, Code, Limits, Mempool, Status, StoreAccounts};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_stf::rollup::{Refusal, RollupBlockBuilder, genesis_header};
use ashlar_storage::{
    BlockRecord, ChainRecords, Changes, InitialAccount, MemoryStore, StateDb, StateDbError, Store, Table,
};
use common::*;
use std::{collections::BTreeMap, sync::Arc};

const TIME: u64 = 1_000;

/// Runs until its gas is used up.
const LOOP: Address = address!("00000000000000000000000000000000000c0de0");
const LOOP_CODE: [u8; 3] = [0x5b, 0x5f, 0x56];

fn rules() -> RollupConfig {
    RollupConfig { transaction_cost_limit: 1 << 23, base_fee_min: 7, history: false, ..config() }
}

fn begin(store: &Arc<dyn Store>) -> StateDb<Arc<dyn Store>> {
    let mut accounts = BTreeMap::new();
    for number in 0..4 {
        let balance = U256::from(10).pow(U256::from(18));
        accounts.insert(address(number), InitialAccount { balance, ..InitialAccount::default() });
    }
    let code = Bytes::from_static(&LOOP_CODE);
    accounts.insert(LOOP, InitialAccount { nonce: 1, code, ..InitialAccount::default() });
    StateDb::begin(Arc::clone(store), &accounts, |root| genesis_header(&rules(), root, TIME)).unwrap()
}

/// Makes a block of what the pool offers, as a sequencer does. Returns how many transactions it has.
fn make_block(state: &mut StateDb<Arc<dyn Store>>, pool: &Mempool, fee: u64) -> usize {
    let mut builder = RollupBlockBuilder::new(&rules(), state, Address::repeat_byte(0xfe), TIME).unwrap();
    let (mut included, mut bytes) = (Vec::new(), Vec::new());
    let mut best = pool.best(fee);
    while let Some(next) = best.next() {
        match builder.push(&next.transaction, &next.bytes) {
            Ok(_) => {
                included.push(next.hash());
                bytes.push(next.bytes.clone());
            }
            Err(Refusal::Transaction(reason)) => {
                pool.refuse(&next.hash(), reason.to_string());
                best.skip_sender();
            }
            Err(Refusal::Block(error)) => panic!("{error}"),
        }
    }
    if included.is_empty() {
        return 0;
    }
    let block = builder.finish().unwrap();
    let mut changes = pool.block_changes(&included).unwrap();
    BlockRecord::new(&block, bytes).put(&mut changes);
    state.write(changes).unwrap();
    let changed: Vec<_> = block.changes.iter().map(Changed::from).collect();
    pool.on_block(&included, &changed, fee).unwrap();
    included.len()
}

#[test]
fn all_that_was_taken_is_in_a_block_or_has_a_reason() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let mut state = begin(&store);
    let accounts = StoreAccounts(Arc::clone(&store));
    let fee = 7;
    let pool = Mempool::open(Arc::clone(&store), rules(), Limits::default(), &accounts, fee).unwrap();
    let send = |bytes| pool.add(bytes, &accounts).unwrap();
    let mut expensive = eip1559(0, 1_000, 1);
    expensive.to = TxKind::Call(LOOP);
    expensive.gas_limit = 1 << 24;
    let over = send(sign(0, expensive));
    let behind = send(transfer(0, 1, 1));
    let mut hashes: Vec<_> = (0..5).map(|nonce| send(transfer(1, nonce, 5))).collect();
    // Delegates the account of another one, whose transaction comes first or becomes invalid.
    hashes.push(send(sign(2, eip7702(0, vec![authorize(3, CHAIN_ID, 0)]))));
    let bumped = send(transfer(3, 0, 0));
    assert_eq!(make_block(&mut state, &pool, fee), 6);
    assert_eq!(reason(&pool, &over).split(':').next(), Some("proving cost"));
    assert_eq!(pool.status(&behind), Status::Queued);
    for hash in &hashes {
        assert_eq!(pool.status(hash), Status::Unknown);
        assert!(store.transaction_place(hash).unwrap().is_some());
    }
    // The tip was less, so the authorization went first, and raised the nonce.
    assert!(!reason(&pool, &bumped).is_empty());
    let delegated = accounts.account(&address(3)).unwrap();
    assert_eq!((delegated.nonce, delegated.code), (1, Code::Delegation));
    send(transfer(3, 1, 1));
    let rejection = pool.add(transfer(3, 2, 1), &accounts).unwrap_err().to_string();
    assert_eq!(rejection, "in-flight transaction limit reached for delegated accounts");
    // The sender gives up what was refused, and the rest follows.
    let again = send(transfer(0, 0, 3));
    assert_eq!(make_block(&mut state, &pool, fee), 3);
    assert!([again, behind].iter().all(|hash| store.transaction_place(hash).unwrap().is_some()));
    assert_eq!(make_block(&mut state, &pool, fee), 0);
    assert!(pool.is_empty());
}

#[test]
fn accounts_of_a_store_are_those_of_the_chain() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    begin(&store);
    let accounts = StoreAccounts(Arc::clone(&store));
    let rich = AccountState { balance: U256::from(10).pow(U256::from(18)), ..AccountState::default() };
    assert_eq!(accounts.account(&address(0)).unwrap(), rich);
    assert_eq!(accounts.account(&Address::repeat_byte(1)).unwrap(), AccountState::default());
    let contract = AccountState { nonce: 1, balance: U256::ZERO, code: Code::Contract };
    assert_eq!(accounts.account(&LOOP).unwrap(), contract);
    let mut changes = Changes::default();
    changes.put(Table::Accounts, LOOP.as_slice(), "no record");
    changes.remove(Table::Codes, alloy_primitives::keccak256(LOOP_CODE).as_slice());
    let lost = store.get(Table::Accounts, LOOP.as_slice()).unwrap().unwrap();
    changes.put(Table::Accounts, address(0).as_slice(), lost);
    store.write(changes).unwrap();
    for damaged in [LOOP, address(0)] {
        assert!(matches!(accounts.account(&damaged), Err(StateDbError::Damaged(_))));
    }
}

//! What survives: restarts, crashes at each place, stores that fail.

mod common;

use alloy_primitives::B256;
use ashlar_mempool::{Accounts, Limits, Mempool, Rejection, Status};
use ashlar_storage::{
    Changes, Direction, DiskStore, Entry, MemoryStore, StateDbError, Store, StoreError, Table,
};
use common::*;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::default())
}

fn disk(folder: &Path) -> Arc<dyn Store> {
    Arc::new(DiskStore::open(folder, 1 << 20).unwrap())
}

fn records(store: &dyn Store) -> usize {
    store.scan(Table::Pool, &[], Direction::Up, 10_000).unwrap().len()
}

/// Each hash's status, but for when it was refused.
fn statuses(pool: &Mempool, hashes: &[B256]) -> Vec<String> {
    let status = |hash| match pool.status(hash) {
        Status::Rejected { reason, .. } => reason,
        other => format!("{other:?}"),
    };
    hashes.iter().map(status).collect()
}

/// Fills a pool with transactions in each state, and returns their hashes.
fn fill(pool: &Mempool, ledger: &Ledger) -> Vec<B256> {
    let replaced = add(pool, ledger, transfer(0, 0, 1));
    let replacement = add(pool, ledger, transfer(0, 0, 1_000));
    let refused = add(pool, ledger, transfer(1, 0, 1));
    pool.refuse(&refused, "proving cost: 7 used, the limit is 5".to_owned());
    let gapped = add(pool, ledger, transfer(2, 1, 1));
    let included = add(pool, ledger, transfer(3, 0, 1));
    let stale = add(pool, ledger, transfer(3, 1, 1));
    pool.on_block(&[included], &[ledger.with_nonce(3, 2)], BASE_FEE).unwrap();
    vec![replaced, replacement, refused, gapped, stale]
}

#[test]
fn a_restart_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::rich(5);
    let (expected, hashes, order) = {
        let store = disk(folder.path());
        let pool = open(Arc::clone(&store), Limits::default(), &ledger);
        let hashes = fill(&pool, &ledger);
        add(&pool, &ledger, transfer(4, 0, 1_000));
        (statuses(&pool, &hashes), hashes, best(&pool))
    };
    assert_eq!(expected[0], format!("replaced by {}", hashes[1]));
    assert_eq!(expected[2], "proving cost: 7 used, the limit is 5");
    for _ in 0..2 {
        let pool = open(disk(folder.path()), Limits::default(), &ledger);
        assert_eq!(statuses(&pool, &hashes), expected);
        assert_eq!(best(&pool), order, "arrival counts as before");
    }
}

#[test]
fn a_restart_drops_what_is_not_valid_any_more_and_says_why() {
    let (store, ledger) = (memory(), Ledger::rich(4));
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    let hashes: Vec<_> = (0..4).map(|of| add(&pool, &ledger, transfer(of, 0, 1))).collect();
    drop(pool);
    ledger.with_nonce(0, 1);
    ledger.with_balance(1, 1);
    let pool = open(Arc::clone(&store), Limits { tip_min: 1, ..Limits::default() }, &ledger);
    assert_eq!(reason(&pool, &hashes[0]), "nonce too low: next nonce 1, tx nonce 0");
    assert!(reason(&pool, &hashes[1]).starts_with("insufficient funds"));
    assert_eq!(best(&pool), hashes[2..]);
    drop(pool);
    // Other limits: one goes for the other, or none is taken.
    let pool = open(Arc::clone(&store), Limits { transactions: 1, ..Limits::default() }, &ledger);
    assert_eq!(best(&pool), hashes[2..3]);
    assert!(reason(&pool, &hashes[3]).starts_with("transaction underpriced"));
    drop(pool);
    let pool = open(Arc::clone(&store), Limits { tip_min: 2, ..Limits::default() }, &ledger);
    assert!(reason(&pool, &hashes[2]).starts_with("transaction underpriced"));
    assert!(pool.is_empty());
    drop(pool);
    let pool = open(store, Limits::default(), &ledger);
    assert!(pool.is_empty(), "what is dropped stays so");
    assert!(reason(&pool, &hashes[1]).starts_with("insufficient funds"));
}

#[test]
fn delegations_and_funds_that_came_later_drop_nothing_at_a_restart() {
    let (store, ledger) = (memory(), Ledger::rich(2));
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    let hashes: Vec<_> = (0..3).map(|nonce| add(&pool, &ledger, capped(0, nonce, 200, 1))).collect();
    let account = ashlar_mempool::AccountState { code: ashlar_mempool::Code::Delegation, ..ledger.get(0) };
    let changed = [ledger.set(0, account), ledger.with_balance(0, 2 * cost(200))];
    pool.on_block(&[], &changed, BASE_FEE).unwrap();
    let before = statuses(&pool, &hashes);
    drop(pool);
    let pool = open(store, Limits::default(), &ledger);
    assert_eq!(statuses(&pool, &hashes), before);
    assert_eq!(before, ["Pending", "Pending", "Queued"]);
}

#[test]
fn transactions_of_a_block_go_in_its_write() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::rich(2);
    let store = disk(folder.path());
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    let included = add(&pool, &ledger, transfer(0, 0, 1));
    let other = add(&pool, &ledger, transfer(1, 0, 1));
    // Made, but not written: nothing has changed.
    let changes = pool.block_changes(&[included]).unwrap();
    drop((pool, store));
    let store = disk(folder.path());
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    assert_eq!(best(&pool), [included, other]);
    // Written, but the pool did not hear of it.
    store.write(changes).unwrap();
    ledger.with_nonce(0, 1);
    drop((pool, store));
    let store = disk(folder.path());
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    assert_eq!((best(&pool), records(store.as_ref())), (vec![other], 1));
    assert_eq!(pool.status(&included), Status::Unknown, "nobody is told that it was dropped");
}

#[test]
fn what_is_in_a_block_is_not_dropped_even_if_the_table_has_it() {
    let (store, ledger) = (memory(), Ledger::rich(1));
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    let hash = add(&pool, &ledger, transfer(0, 0, 1));
    drop(pool);
    ledger.with_nonce(0, 1);
    let mut changes = Changes::default();
    changes.put(Table::Transactions, hash.as_slice(), "its place");
    store.write(changes).unwrap();
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    assert_eq!((pool.status(&hash), records(store.as_ref())), (Status::Unknown, 0));
}

#[test]
fn a_reason_that_came_while_its_transaction_was_executed_is_forgotten_with_the_block() {
    let (store, ledger) = (memory(), Ledger::rich(1));
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    let taken = add(&pool, &ledger, transfer(0, 0, 1));
    store.write(pool.block_changes(&[taken]).unwrap()).unwrap();
    let late = add(&pool, &ledger, transfer(0, 0, 1_000));
    pool.on_block(&[taken], &[ledger.with_nonce(0, 1)], BASE_FEE).unwrap();
    drop(pool);
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    assert_eq!(pool.status(&taken), Status::Unknown);
    assert!(reason(&pool, &late).starts_with("nonce too low"));
    assert_eq!(records(store.as_ref()), 1);
}

#[test]
fn the_newest_reasons_are_kept_and_no_more() {
    let (store, ledger) = (memory(), Ledger::rich(1));
    let limits = Limits { reasons: 3, ..Limits::default() };
    let pool = open(Arc::clone(&store), limits, &ledger);
    let drop_one = |nonce| {
        let hash = add(&pool, &ledger, transfer(0, nonce, 1));
        pool.refuse(&hash, format!("number {nonce}"));
        hash
    };
    let hashes: Vec<_> = (0..5).map(drop_one).collect();
    pool.flush().unwrap();
    assert_eq!(records(store.as_ref()), 3);
    // One that comes again is no reason any more.
    add(&pool, &ledger, transfer(0, 2, 1));
    let expected = ["Unknown", "Unknown", "Queued", "number 3", "number 4"];
    assert_eq!(statuses(&pool, &hashes), expected);
    drop(pool);
    let pool = open(Arc::clone(&store), limits, &ledger);
    assert_eq!(statuses(&pool, &hashes), expected);
    assert_eq!(records(store.as_ref()), 3);
    drop(pool);
    let pool = open(Arc::clone(&store), Limits { reasons: 1, ..limits }, &ledger);
    assert_eq!(statuses(&pool, &hashes[3..]), ["Unknown", "number 4"]);
    assert_eq!(records(store.as_ref()), 2);
}

#[test]
fn a_refusal_that_is_not_durable_brings_the_transaction_back() {
    let (store, ledger) = (memory(), Ledger::rich(1));
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    let hash = add(&pool, &ledger, transfer(0, 0, 1));
    pool.refuse(&hash, "no".to_owned());
    drop(pool);
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    assert_eq!(pool.status(&hash), Status::Pending);
    pool.refuse(&hash, "no".to_owned());
    pool.on_block(&[], &[], BASE_FEE).unwrap();
    drop(pool);
    assert_eq!(reason(&open(store, Limits::default(), &ledger), &hash), "no");
}

#[test]
fn damaged_records_are_named() {
    let ledger = Ledger::rich(1);
    let (store, pool) = {
        let store = memory();
        (Arc::clone(&store), open(store, Limits::default(), &ledger))
    };
    let hash = add(&pool, &ledger, transfer(0, 0, 1));
    let good = store.get(Table::Pool, hash.as_slice()).unwrap().unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bytes in [flipped, good[..good.len() - 1].to_vec(), Vec::new(), vec![9]] {
        let mut changes = Changes::default();
        changes.put(Table::Pool, hash.as_slice(), bytes);
        store.write(changes).unwrap();
        let opened = Mempool::open(Arc::clone(&store), config(), Limits::default(), &ledger, BASE_FEE);
        let error = opened.err().unwrap();
        assert!(
            matches!(error, StateDbError::Damaged(_)) && error.to_string().contains(&hash.to_string()),
            "{error}"
        );
    }
}

/// A store that can be told to fail, and that counts.
#[derive(Default)]
struct Failing {
    inner: MemoryStore,
    fails: AtomicBool,
    writes: AtomicUsize,
}

impl Store for Failing {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.scan(table, from, direction, limit)
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        match self.fails.load(Ordering::SeqCst) {
            true => Err(StoreError::Write("the disk is full".to_owned())),
            false => self.inner.write(changes),
        }
    }
}

#[test]
fn a_store_that_fails_is_heard_of_and_nothing_is_acknowledged_behind_it() {
    let (store, ledger) = (Arc::new(Failing::default()), Ledger::rich(3));
    let pool = open(Arc::clone(&store) as Arc<dyn Store>, Limits::default(), &ledger);
    let kept = add(&pool, &ledger, transfer(0, 0, 1));
    store.fails.store(true, Ordering::SeqCst);
    let lost = pool.add(transfer(0, 0, 1_000), &ledger).unwrap_err();
    assert!(lost.is_internal() && lost.to_string().contains("the disk is full"), "{lost}");
    // The store works again, but it lacks what memory has.
    store.fails.store(false, Ordering::SeqCst);
    assert!(matches!(pool.add(transfer(1, 0, 1), &ledger), Err(Rejection::Journal(_))));
    assert!(matches!(pool.add(transfer(0, 0, 1_000), &ledger), Err(Rejection::Journal(_))));
    assert!(pool.block_changes(&[]).is_err());
    assert!(pool.on_block(&[], &[], BASE_FEE).is_err());
    drop(pool);
    let pool = open(store, Limits::default(), &ledger);
    assert_eq!(best(&pool), [kept]);
    add(&pool, &ledger, transfer(1, 0, 1));
}

#[test]
fn nothing_is_written_where_nothing_changed() {
    let (store, ledger) = (Arc::new(Failing::default()), Ledger::rich(1));
    let pool = open(Arc::clone(&store) as Arc<dyn Store>, Limits::default(), &ledger);
    let before = store.writes.load(Ordering::SeqCst);
    pool.on_block(&[], &[], BASE_FEE).unwrap();
    refused(&pool, &ledger, transfer(0, 900, 1));
    assert_eq!(store.writes.load(Ordering::SeqCst), before);
    add(&pool, &ledger, transfer(0, 0, 1));
    assert_eq!(store.writes.load(Ordering::SeqCst), before + 1);
    refused(&pool, &ledger, transfer(0, 0, 1));
    assert_eq!(store.writes.load(Ordering::SeqCst), before + 1);
}

/// Accounts that cannot be read.
struct Unreadable;

impl Accounts for Unreadable {
    fn account(&self, _: &alloy_primitives::Address) -> Result<ashlar_mempool::AccountState, StateDbError> {
        Err(StateDbError::NotBegun)
    }
}

#[test]
fn accounts_that_cannot_be_read_are_the_nodes_fault() {
    let (store, ledger) = (memory(), Ledger::rich(1));
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    let bytes = transfer(0, 0, 1);
    let rejection = pool.add(bytes.clone(), &Unreadable).unwrap_err();
    assert!(rejection.is_internal() && matches!(rejection, Rejection::State(_)), "{rejection}");
    let hash = alloy_primitives::keccak256(&bytes);
    assert_eq!(pool.status(&hash), Status::Unknown, "it may come again");
    add(&pool, &ledger, bytes);
    drop(pool);
    let opened = Mempool::open(Arc::clone(&store), config(), Limits::default(), &Unreadable, BASE_FEE);
    assert!(matches!(opened.err(), Some(StateDbError::NotBegun)));
    assert_eq!(best(&open(store, Limits::default(), &ledger)), [hash], "nothing is dropped for it");
}

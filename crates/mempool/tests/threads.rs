//! Many threads at once.

mod common;

use alloy_primitives::Bytes;
use ashlar_mempool::{Limits, Mempool, Rejection, Status};
use ashlar_storage::{Changes, Direction, DiskStore, Entry, MemoryStore, Store, StoreError, Table};
use common::*;
use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Adds each part in a thread of its own.
fn add_all(pool: &Mempool, ledger: &Ledger, parts: &[Vec<Bytes>]) {
    thread::scope(|scope| {
        for part in parts {
            scope.spawn(move || {
                for bytes in part {
                    add(pool, ledger, bytes.clone());
                }
            });
        }
    });
}

fn of_senders(senders: u8, each: u64) -> Vec<Vec<Bytes>> {
    (0..senders).map(|of| (0..each).map(|nonce| transfer(of, nonce, 1)).collect()).collect()
}

#[test]
fn all_that_is_acknowledged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::rich(8);
    let parts = of_senders(8, 20);
    let store: Arc<dyn Store> = Arc::new(DiskStore::open(folder.path(), 1 << 20).unwrap());
    let pool = open(store, Limits::default(), &ledger);
    add_all(&pool, &ledger, &parts);
    assert_eq!(pool.counts(), (160, 0));
    drop(pool);
    let store: Arc<dyn Store> = Arc::new(DiskStore::open(folder.path(), 1 << 20).unwrap());
    assert_eq!(open(store, Limits::default(), &ledger).counts(), (160, 0));
}

#[test]
fn of_the_same_transaction_at_once_one_is_taken_and_all_answers_hold() {
    let ledger = Ledger::rich(1);
    for nonce in 0..20 {
        ledger.with_nonce(0, nonce);
        let store = Arc::new(MemoryStore::default());
        let pool = open(Arc::clone(&store) as Arc<dyn Store>, Limits::default(), &ledger);
        let bytes = transfer(0, nonce, 1);
        let taken = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    match pool.add(bytes.clone(), &ledger) {
                        Ok(_) => taken.fetch_add(1, Ordering::SeqCst),
                        Err(Rejection::AlreadyKnown) => 0,
                        Err(other) => panic!("{other}"),
                    };
                    let records = store.scan(Table::Pool, &[], Direction::Up, 2).unwrap();
                    assert_eq!(records.len(), 1, "it is durable, whoever was first");
                });
            }
        });
        assert_eq!(taken.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn blocks_are_made_while_transactions_come() {
    let ledger = Ledger::rich(6);
    let parts = of_senders(6, 40);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let pool = open(Arc::clone(&store), Limits::default(), &ledger);
    let is_over = AtomicBool::new(false);
    let included = thread::scope(|scope| {
        let blocks = scope.spawn(|| {
            let mut all = Vec::new();
            loop {
                let last_round = is_over.load(Ordering::SeqCst);
                let block: Vec<_> = pool.best(BASE_FEE).take(7).collect();
                if block.is_empty() && last_round {
                    return all;
                }
                let hashes: Vec<_> = block.iter().map(|transaction| transaction.hash()).collect();
                store.write(pool.block_changes(&hashes).unwrap()).unwrap();
                let mut changed = Vec::new();
                for transaction in &block {
                    let of = (0..6).find(|of| address(*of) == transaction.sender).unwrap();
                    assert_eq!(ledger.get(of).nonce, transaction.nonce, "in the order of nonces");
                    changed.push(ledger.with_nonce(of, transaction.nonce + 1));
                }
                pool.on_block(&hashes, &changed, BASE_FEE).unwrap();
                all.extend(hashes);
            }
        });
        add_all(&pool, &ledger, &parts);
        is_over.store(true, Ordering::SeqCst);
        blocks.join().unwrap()
    });
    assert_eq!((included.len(), pool.len()), (240, 0));
    assert!(included.iter().all(|hash| pool.status(hash) == Status::Unknown));
    assert!(
        store.scan(Table::Pool, &[], Direction::Up, 1).unwrap().is_empty(),
        "nothing is left in the table"
    );
}

/// A store whose writes of the pool wait for a gate, or panic behind it.
#[derive(Default)]
struct Gated {
    inner: MemoryStore,
    state: Mutex<Gate>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    Open,
    Closed,
    /// Closed, and a write waits.
    Waiting,
    Broken,
}

impl Gated {
    fn set(&self, gate: Gate) {
        *self.state.lock().unwrap() = gate;
        self.changed.notify_all();
    }

    fn wait_for_a_write(&self) {
        drop(self.changed.wait_while(self.state.lock().unwrap(), |gate| *gate != Gate::Waiting).unwrap());
    }
}

impl Store for Gated {
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
        let mut gate = self.state.lock().unwrap();
        if *gate == Gate::Closed {
            *gate = Gate::Waiting;
            self.changed.notify_all();
        }
        let gate = *self.changed.wait_while(gate, |gate| *gate == Gate::Waiting).unwrap();
        assert!(gate == Gate::Open, "the store is broken");
        self.inner.write(changes)
    }
}

/// Runs something while a transaction is on its way to the store, and asserts that it ends only after that.
fn during_a_write(and: impl Fn(&Mempool, &Ledger, Bytes) + Sync) {
    let ledger = Ledger::rich(2);
    let store = Arc::new(Gated::default());
    let pool = open(Arc::clone(&store) as Arc<dyn Store>, Limits::default(), &ledger);
    let bytes = transfer(0, 0, 1);
    store.set(Gate::Closed);
    thread::scope(|scope| {
        scope.spawn(|| add(&pool, &ledger, bytes.clone()));
        store.wait_for_a_write();
        assert_eq!(pool.counts(), (1, 0), "it can be executed already");
        let other = scope.spawn(|| and(&pool, &ledger, bytes.clone()));
        thread::sleep(Duration::from_millis(20));
        assert!(!other.is_finished());
        store.set(Gate::Open);
    });
    assert_eq!(store.scan(Table::Pool, &[], Direction::Up, 2).unwrap().len(), 1);
}

#[test]
fn who_hears_that_it_is_known_may_rely_on_it() {
    during_a_write(|pool, ledger, bytes| {
        assert_eq!(refused(pool, ledger, bytes), "already known");
    });
}

#[test]
fn a_block_waits_for_what_is_on_its_way_to_the_store() {
    during_a_write(|pool, _, bytes| {
        pool.block_changes(&[alloy_primitives::keccak256(&bytes)]).unwrap();
    });
}

#[test]
fn those_who_come_during_a_write_share_the_next_one() {
    let ledger = Ledger::rich(8);
    let store = Arc::new(Gated::default());
    let pool = open(Arc::clone(&store) as Arc<dyn Store>, Limits::default(), &ledger);
    store.set(Gate::Closed);
    thread::scope(|scope| {
        scope.spawn(|| add(&pool, &ledger, transfer(0, 0, 1)));
        store.wait_for_a_write();
        for of in 1..8 {
            let (pool, ledger) = (&pool, &ledger);
            scope.spawn(move || add(pool, ledger, transfer(of, 0, 1)));
        }
        while pool.len() < 8 {
            thread::yield_now();
        }
        // The first write ends, and the second one is for all who wait.
        store.set(Gate::Open);
    });
    assert_eq!(store.scan(Table::Pool, &[], Direction::Up, 9).unwrap().len(), 8);
}

#[test]
fn nobody_waits_forever_for_a_thread_that_panicked() {
    let ledger = Ledger::rich(2);
    let store = Arc::new(Gated::default());
    let pool = open(Arc::clone(&store) as Arc<dyn Store>, Limits::default(), &ledger);
    store.set(Gate::Closed);
    thread::scope(|scope| {
        let first = scope.spawn(|| pool.add(transfer(0, 0, 1), &ledger));
        store.wait_for_a_write();
        let second = scope.spawn(|| pool.add(transfer(1, 0, 1), &ledger));
        while pool.len() < 2 {
            thread::yield_now();
        }
        store.set(Gate::Broken);
        assert!(first.join().is_err(), "it panicked");
        let rejection = second.join().unwrap().unwrap_err();
        assert!(matches!(rejection, Rejection::Journal(_)), "{rejection}");
    });
}

/// `cargo test -p ashlar-mempool --test threads -- --ignored --nocapture`: prints how many transactions a second are
/// accepted, each durable before it is.
#[test]
#[ignore = "a measurement"]
fn throughput_of_durable_transactions() {
    let ledger = Ledger::rich(64);
    let parts = of_senders(64, 250);
    for threads in [1, 4, 16, 64] {
        let folder = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Store> = Arc::new(DiskStore::open(folder.path(), 1 << 24).unwrap());
        // In memory it shows what all but the disk takes: mostly the recovery of senders.
        for (name, store) in [("disk", disk), ("memory", Arc::new(MemoryStore::default()))] {
            let pool = open(store, Limits::default(), &ledger);
            // One thread alone needs a write for each transaction.
            let each = if threads == 1 { 16 } else { 250 };
            let shared: Vec<Vec<Bytes>> = parts
                .chunks(parts.len() / threads)
                .map(|part| part.iter().flat_map(|of| of.iter().take(each)).cloned().collect())
                .collect();
            let count: usize = shared.iter().map(Vec::len).sum();
            let start = Instant::now();
            add_all(&pool, &ledger, &shared);
            let rate = count as f64 / start.elapsed().as_secs_f64();
            let start = Instant::now();
            assert_eq!(pool.best(BASE_FEE).count(), count);
            let order = start.elapsed();
            println!(
                "{name}, {threads} threads: {count} transactions, {rate:.0} a second; in order in {order:?}"
            );
        }
    }
}

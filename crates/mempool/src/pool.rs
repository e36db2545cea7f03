//! The pool, as the node's parts use it.

use crate::{
    account::{Accounts, Changed},
    best::Best,
    check::check,
    journal::{Journal, JournalError},
    limits::Limits,
    record::{Dropped, Record, Waiting},
    rejection::{Reason, Rejection},
    sender::Sender,
    state::{Source, State},
    transaction::PooledTransaction,
};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_storage::{Changes, Damaged, Direction, StateDbError, Store, Table};
use std::{
    collections::BTreeMap,
    panic::resume_unwind,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
    thread,
    time::Duration,
};

/// Records that are read from the table at once.
const SCAN: usize = 1_024;

/// Most subscribers of a pool.
const SUBSCRIBERS_MAX: usize = 64;

/// Transactions that wait for a block. Clones are the same pool.
#[derive(Clone)]
pub struct Mempool(Arc<Inner>);

struct Inner {
    config: RollupConfig,
    limits: Limits,
    /// Locked before the journal's queue, whose changes so have the order of the state's.
    state: Mutex<State>,
    executable: Condvar,
    journal: Journal,
}

/// What the pool knows of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It can be executed in the next block.
    Pending,
    /// It waits for one with a lower nonce, for a lower base fee, or for funds.
    Queued,
    /// It was refused, or accepted and dropped.
    Rejected {
        /// Why.
        reason: String,
        /// Unix time, seconds.
        at: u64,
    },
    /// The pool does not know it: it was never here, is in a block, or the reason is older than those that are kept.
    Unknown,
}

/// Transactions by sender and nonce.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Those that can be executed in the next block.
    pub pending: BTreeMap<Address, Vec<Arc<PooledTransaction>>>,
    /// Those that cannot.
    pub queued: BTreeMap<Address, Vec<Arc<PooledTransaction>>>,
}

impl Mempool {
    /// Opens the pool of a store. `accounts` is the state after the chain's last block, `base_fee` that of the next one.
    /// What is not valid any more goes, and its reason stays. Fails if the store fails or a record is damaged.
    pub fn open(
        store: Arc<dyn Store>,
        config: RollupConfig,
        limits: Limits,
        accounts: &dyn Accounts,
        base_fee: u64,
    ) -> Result<Self, StateDbError> {
        let (waiting, mut dropped) = read(store.as_ref())?;
        let mut state = State::new(limits, base_fee);
        let mut changes = Changes::default();
        dropped.sort_unstable_by_key(|(_, dropped)| dropped.number);
        for (hash, reason) in dropped {
            state.continue_behind(reason.number);
            if let Some(oldest) = state.dropped.push(hash, reason) {
                changes.remove(Table::Pool, oldest.as_slice());
            }
        }
        let last = waiting.iter().map(|(_, waiting)| waiting.arrival).max();
        state.continue_behind(last.unwrap_or(0));
        for (hash, checked) in check_all(waiting, &config, &limits) {
            let admitted = match checked {
                Ok(transaction) => {
                    let account = state.account(&transaction.sender, accounts)?;
                    state.admit(transaction, account, Source::Table, &mut changes)
                }
                Err(rejection) => Err(rejection),
            };
            match admitted {
                Ok(()) => {}
                // A crash came between the block's write and what the pool would have written after it.
                Err(_) if store.get(Table::Transactions, hash.as_slice())?.is_some() => {
                    changes.remove(Table::Pool, hash.as_slice());
                }
                Err(rejection) => state.keep_reason(hash, &Reason::Invalid(rejection), &mut changes),
            }
        }
        store.write(changes)?;
        let (state, executable) = (Mutex::new(state), Condvar::new());
        Ok(Self(Arc::new(Inner { config, limits, state, executable, journal: Journal::new(store) })))
    }

    /// Takes a transaction that a user sends. When it returns `Ok`, the transaction survives a crash. `accounts` is the
    /// state after the chain's last block.
    pub fn add(&self, bytes: Bytes, accounts: &dyn Accounts) -> Result<B256, Rejection> {
        self.0.journal.check()?;
        let hash = keccak256(&bytes);
        let added = self.admit(&hash, bytes, accounts);
        if let Err(rejection) = &added
            && !rejection.is_internal()
            && !matches!(rejection, Rejection::AlreadyKnown)
        {
            let mut state = self.state();
            let refused = Dropped::now(state.number(), rejection.to_string());
            state.refused.push(hash, refused);
        } else {
            // Of one that is known already too: whoever hears that relies on it, and who sent it first may still wait.
            self.flush()?;
        }
        added.map(|()| hash)
    }

    fn admit(&self, hash: &B256, bytes: Bytes, accounts: &dyn Accounts) -> Result<(), Rejection> {
        // Before the signature costs anything.
        if self.state().places.contains_key(hash) {
            return Err(Rejection::AlreadyKnown);
        }
        let transaction = check(bytes, &self.0.config, &self.0.limits)?;
        let mut state = self.state();
        let account = state.account(&transaction.sender, accounts);
        let account = account.map_err(|error| Rejection::State(Arc::new(error)))?;
        let mut changes = Changes::default();
        state.admit(transaction, account, Source::User, &mut changes)?;
        self.0.journal.add(changes);
        self.wake(&state);
        Ok(())
    }

    /// Executable transactions at this base fee, best first.
    pub fn best(&self, base_fee: u64) -> Best {
        Best::new(self.clone(), base_fee)
    }

    /// What to write beside a block that has these transactions, in the same write. After that write,
    /// [`Mempool::on_block`] follows.
    pub fn block_changes(&self, included: &[B256]) -> Result<Changes, JournalError> {
        // What is still on its way would come behind the block's write, and be there again.
        self.flush()?;
        let mut changes = Changes::default();
        for hash in included {
            changes.remove(Table::Pool, hash.as_slice());
        }
        Ok(changes)
    }

    /// Takes note of a block that is written: which transactions it has, all accounts that it changed, and the base fee
    /// of the next one. What cannot be executed any more goes, with its reason.
    ///
    /// When blocks are taken back, `included` is empty and `changed` has all accounts that they had changed.
    pub fn on_block(
        &self,
        included: &[B256],
        changed: &[Changed],
        base_fee: u64,
    ) -> Result<(), JournalError> {
        let mut state = self.state();
        let mut changes = Changes::default();
        state.on_block(included, changed, base_fee, &mut changes);
        self.0.journal.add(changes);
        self.wake(&state);
        drop(state);
        self.flush()
    }

    /// Takes note of the base fee of the next block, which falls while there is none.
    pub fn set_base_fee(&self, base_fee: u64) {
        let mut state = self.state();
        state.set_base_fee(base_fee);
        self.wake(&state);
    }

    /// Drops a transaction that a block cannot have, and keeps why. It is durable after the next block or
    /// [`Mempool::flush`]: a crash before that brings the transaction back, to be refused again.
    pub fn refuse(&self, hash: &B256, reason: String) {
        let mut state = self.state();
        let mut changes = Changes::default();
        state.drop_transaction(hash, &Reason::Refused(reason), &mut changes);
        self.0.journal.add(changes);
    }

    /// Waits until all that has happened is durable.
    pub fn flush(&self) -> Result<(), JournalError> {
        let last = self.0.journal.add(Changes::default());
        self.0.journal.flush(last)
    }

    /// A transaction that waits.
    pub fn get(&self, hash: &B256) -> Option<Arc<PooledTransaction>> {
        self.state().get(hash).cloned()
    }

    /// What is known of a transaction.
    pub fn status(&self, hash: &B256) -> Status {
        let state = self.state();
        if let Some((address, nonce)) = state.places.get(hash) {
            let is_pending = state.senders.get(address).is_some_and(|sender| sender.is_executable(*nonce));
            return if is_pending { Status::Pending } else { Status::Queued };
        }
        let reasons = [state.dropped.get(hash), state.refused.get(hash)];
        match reasons.into_iter().flatten().max_by_key(|reason| reason.number) {
            Some(Dropped { at, reason, .. }) => Status::Rejected { reason: reason.clone(), at: *at },
            None => Status::Unknown,
        }
    }

    /// The nonce behind the transactions that a sender has here without a gap, whatever they pay; `None` if it has none
    /// at all, so that its account has the answer.
    pub fn pending_nonce(&self, address: &Address) -> Option<u64> {
        self.state().senders.get(address).map(Sender::next_nonce)
    }

    /// Up to `limit` transactions, by ascending address of senders.
    pub fn content(&self, limit: usize) -> Content {
        let mut content = Content::default();
        let state = self.state();
        let all = state.senders.iter().flat_map(|(address, sender)| {
            sender.transactions.values().zip(0..).map(move |(entry, position)| {
                (*address, position < sender.executable, Arc::clone(&entry.transaction))
            })
        });
        for (address, is_pending, transaction) in all.take(limit) {
            content.push(address, is_pending, transaction);
        }
        content
    }

    /// The transactions of a sender, those that can be executed first; none if it has none.
    pub fn content_of(&self, address: &Address) -> Content {
        let mut content = Content::default();
        if let Some(sender) = self.state().senders.get(address) {
            for (position, entry) in sender.transactions.values().enumerate() {
                content.push(*address, position < sender.executable, Arc::clone(&entry.transaction));
            }
        }
        content
    }

    /// How many transactions can be executed, and how many cannot.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.executable, state.places.len() - state.executable)
    }

    /// How many transactions wait.
    pub fn len(&self) -> usize {
        self.state().places.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all transactions' encodings.
    pub fn bytes(&self) -> usize {
        self.state().bytes
    }

    /// Waits until a transaction can be executed, at most for this time. Returns whether one can.
    pub fn wait(&self, timeout: Duration) -> bool {
        let waited =
            self.0.executable.wait_timeout_while(self.state(), timeout, |state| state.executable == 0);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.executable != 0
    }

    /// Hashes of transactions when they become executable for the first time. A reader that is more than `capacity`
    /// behind misses some; the pool never waits for it. `None` if there are 64 subscribers already.
    pub fn subscribe(&self, capacity: usize) -> Option<Receiver<B256>> {
        let mut state = self.state();
        if state.subscribers.len() >= SUBSCRIBERS_MAX {
            return None;
        }
        let (sender, receiver) = sync_channel(capacity);
        state.subscribers.push(sender);
        Some(receiver)
    }

    fn wake(&self, state: &State) {
        if state.executable != 0 {
            self.0.executable.notify_all();
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panics here ends its part of the node, and that ends the node.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn push(&mut self, address: Address, is_pending: bool, transaction: Arc<PooledTransaction>) {
        let part = if is_pending { &mut self.pending } else { &mut self.queued };
        part.entry(address).or_default().push(transaction);
    }
}

type Records<T> = Vec<(B256, T)>;

/// All records of the table.
fn read(store: &dyn Store) -> Result<(Records<Waiting>, Records<Dropped>), StateDbError> {
    let (mut waiting, mut dropped) = (Vec::new(), Vec::new());
    let mut from = Vec::new();
    loop {
        let entries = store.scan(Table::Pool, &from, Direction::Up, SCAN)?;
        for (key, value) in &entries {
            match Record::decode(key, value)? {
                (hash, Record::Waiting(record)) if keccak256(&record.bytes) == hash => {
                    waiting.push((hash, record));
                }
                (hash, Record::Waiting(_)) => {
                    return Err(Damaged::new(Table::Pool, hash.to_string()).into());
                }
                (hash, Record::Dropped(record)) => dropped.push((hash, record)),
            }
        }
        match entries.last() {
            // The key after this one.
            Some((key, _)) if entries.len() == SCAN => from = [key.as_slice(), &[0]].concat(),
            Some(_) | None => return Ok((waiting, dropped)),
        }
    }
}

type Checked = (B256, Result<PooledTransaction, Rejection>);

/// Checks what the table has, on all processors, and returns it in the order of arrival.
fn check_all(mut waiting: Records<Waiting>, config: &RollupConfig, limits: &Limits) -> Vec<Checked> {
    waiting.sort_unstable_by_key(|(_, waiting)| waiting.arrival);
    let threads = thread::available_parallelism().map_or(1, |count| count.get());
    let part = waiting.len().div_ceil(threads).max(1);
    let check_part = |part: &[(B256, Waiting)]| -> Vec<Checked> {
        part.iter().map(|(hash, waiting)| (*hash, check_again(waiting, config, limits))).collect()
    };
    thread::scope(|scope| {
        let parts: Vec<_> = waiting.chunks(part).map(|part| scope.spawn(move || check_part(part))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

fn check_again(
    waiting: &Waiting,
    config: &RollupConfig,
    limits: &Limits,
) -> Result<PooledTransaction, Rejection> {
    let checked = check(waiting.bytes.clone(), config, limits)?;
    Ok(PooledTransaction { arrival: waiting.arrival, ..checked })
}

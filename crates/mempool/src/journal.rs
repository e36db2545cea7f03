//! Durable writes of many threads at once.

use ashlar_storage::{Changes, Store, StoreError};
use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};
use thiserror::Error;

/// The store failed while the pool wrote to it. Memory is then ahead of the store: the pool takes nothing more, and has
/// to be opened again.
#[derive(Clone, Debug, Error)]
#[error("the transaction pool: {0}")]
pub struct JournalError(Arc<StoreError>);

/// Changes on their way to a store, in the order in which they were made. A durable write takes as long for many changes
/// as for one, so whoever finds no write under way makes one for all who wait.
pub(crate) struct Journal {
    store: Arc<dyn Store>,
    queue: Mutex<Queue>,
    written: Condvar,
}

#[derive(Default)]
struct Queue {
    changes: Changes,
    /// Number of the last changes that were added.
    added: u64,
    /// Number of the last ones that are durable.
    durable: u64,
    is_writing: bool,
    failure: Option<JournalError>,
}

/// Number of changes that were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Journal {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, queue: Mutex::default(), written: Condvar::new() }
    }

    /// Whether it still writes.
    pub(crate) fn check(&self) -> Result<(), JournalError> {
        self.lock().failure.clone().map_or(Ok(()), Err)
    }

    /// Adds changes behind those that were added before. They become durable with [`Journal::flush`].
    pub(crate) fn add(&self, changes: Changes) -> Ticket {
        let mut queue = self.lock();
        if !changes.is_empty() {
            queue.added += 1;
            // After a failure nothing is written any more.
            if queue.failure.is_none() {
                queue.changes.append(changes);
            }
        }
        Ticket(queue.added)
    }

    /// Returns when all changes up to these are durable.
    pub(crate) fn flush(&self, Ticket(wanted): Ticket) -> Result<(), JournalError> {
        let mut queue = self.lock();
        loop {
            if queue.durable >= wanted {
                return Ok(());
            }
            if let Some(failure) = &queue.failure {
                return Err(failure.clone());
            }
            queue = match queue.is_writing {
                true => self.written.wait(queue).unwrap_or_else(PoisonError::into_inner),
                false => self.write(queue),
            };
        }
    }

    /// Writes what there is.
    fn write<'a>(&'a self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        let (changes, last) = (mem::take(&mut queue.changes), queue.added);
        queue.is_writing = true;
        drop(queue);
        let mut end = EndOfWrite { journal: self, result: Err(StoreError::Poisoned), last };
        end.result = self.store.write(changes);
        drop(end);
        self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here panics between two changes of a queue.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a write is over, even if the store panicked: whoever waits would wait forever.
struct EndOfWrite<'a> {
    journal: &'a Journal,
    result: Result<(), StoreError>,
    last: u64,
}

impl Drop for EndOfWrite<'_> {
    fn drop(&mut self) {
        let mut queue = self.journal.lock();
        queue.is_writing = false;
        match mem::replace(&mut self.result, Ok(())) {
            Ok(()) => queue.durable = self.last,
            Err(error) => queue.failure = Some(JournalError(Arc::new(error))),
        }
        self.journal.written.notify_all();
    }
}

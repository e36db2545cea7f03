//! Trie nodes and codes of a store, as states read them.

use crate::store::{Store, StoreError, Table};
use alloy_primitives::B256;
use ashlar_stf::StateSource;
use ashlar_trie::NodeSource;
use elsa::FrozenMap;
use std::{
    cell::RefCell,
    collections::HashMap,
    fmt::{self, Debug, Formatter},
};

/// Changes that are not written: by table and key, `None` where something goes.
pub(crate) type Pending = HashMap<(Table, Vec<u8>), Option<Vec<u8>>>;

/// Nodes and codes of a store. Each is read once; where the store fails, there seems to be none, and the failure is kept.
pub struct StoreSource<'s, S> {
    store: &'s S,
    pending: Option<&'s Pending>,
    read: FrozenMap<(Table, B256), Vec<u8>>,
    failure: RefCell<Option<StoreError>>,
}

impl<'s, S: Store> StoreSource<'s, S> {
    /// What the store has.
    pub fn new(store: &'s S) -> Self {
        Self { store, pending: None, read: FrozenMap::new(), failure: RefCell::new(None) }
    }

    /// The store after changes that are not written.
    pub(crate) fn with_pending(store: &'s S, pending: &'s Pending) -> Self {
        Self { pending: Some(pending), ..Self::new(store) }
    }

    /// Whether this node was read.
    pub(crate) fn has_read(&self, hash: &B256) -> bool {
        self.read.get(&(Table::Nodes, *hash)).is_some()
    }

    /// The first failure of the store, for whoever sees the missing node that stands for it.
    pub fn failure(&self) -> Option<StoreError> {
        self.failure.borrow_mut().take()
    }

    fn get(&self, table: Table, hash: &B256) -> Option<&[u8]> {
        if let Some(read) = self.read.get(&(table, *hash)) {
            return Some(read);
        }
        let pending = self.pending.and_then(|pending| pending.get(&(table, hash.to_vec())));
        let value = match pending {
            Some(value) => value.clone(),
            None => self.store.get(table, hash.as_slice()).unwrap_or_else(|failure| {
                self.failure.borrow_mut().get_or_insert(failure);
                None
            }),
        };
        Some(self.read.insert((table, *hash), value?))
    }
}

impl<S> Debug for StoreSource<'_, S> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.debug_struct("StoreSource").finish_non_exhaustive()
    }
}

impl<S: Store> NodeSource for StoreSource<'_, S> {
    fn node(&self, hash: &B256) -> Option<&[u8]> {
        self.get(Table::Nodes, hash)
    }
}

impl<S: Store> StateSource for StoreSource<'_, S> {
    fn code(&self, hash: &B256) -> Option<&[u8]> {
        self.get(Table::Codes, hash)
    }
}

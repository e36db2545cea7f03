//! A store in a folder.

use crate::store::{Changes, Direction, Entry, Store, StoreError, Table};
use fjall::{Database, Guard, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::{collections::BTreeMap, path::Path};

/// A store in a folder of its own.
pub struct DiskStore {
    database: Database,
    tables: BTreeMap<Table, Keyspace>,
}

impl DiskStore {
    /// Opens the store in this folder, and makes it if there is none. `cache_bytes` is the most memory that blocks of
    /// tables are kept in.
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let failed = |error: fjall::Error| match error {
            fjall::Error::Locked => StoreError::InUse(folder.to_owned()),
            error => StoreError::Open { folder: folder.to_owned(), reason: error.to_string() },
        };
        let database = Database::builder(folder).cache_size(cache_bytes).open().map_err(failed)?;
        let mut tables = BTreeMap::new();
        for table in Table::ALL {
            let keyspace = database.keyspace(table.name(), KeyspaceCreateOptions::default).map_err(failed)?;
            tables.insert(table, keyspace);
        }
        Ok(Self { database, tables })
    }

    fn table(&self, table: Table) -> Result<&Keyspace, StoreError> {
        // All tables are opened with the store.
        self.tables.get(&table).ok_or_else(|| read(table)("it is not open"))
    }
}

fn read<E: ToString>(table: Table) -> impl Fn(E) -> StoreError {
    move |reason| StoreError::Read { table: table.name(), reason: reason.to_string() }
}

impl Store for DiskStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.table(table)?.get(key).map_err(read(table))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let keyspace = self.table(table)?;
        let entry = |guard: Guard| {
            let (key, value) = guard.into_inner().map_err(read(table))?;
            Ok((key.to_vec(), value.to_vec()))
        };
        match direction {
            Direction::Up => keyspace.range(from..).take(limit).map(entry).collect(),
            Direction::Down => keyspace.range(..=from).rev().take(limit).map(entry).collect(),
        }
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for (table, key, value) in changes.into_items() {
            let keyspace = self.table(table)?;
            match value {
                Some(value) => batch.insert(keyspace, key, value),
                None => batch.remove(keyspace, key),
            }
        }
        batch.commit().map_err(|error| StoreError::Write(error.to_string()))
    }
}

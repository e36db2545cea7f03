//! A store in memory.

use crate::store::{Changes, Direction, Entry, Store, StoreError, Table};
use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

type Tables = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// A store in memory: the twin of [`crate::DiskStore`] that forgets.
#[derive(Debug, Default)]
pub struct MemoryStore(RwLock<Tables>);

fn poisoned<T>(_: PoisonError<T>) -> StoreError {
    StoreError::Poisoned
}

impl Store for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.read().map_err(poisoned)?.get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let entries = self.0.read().map_err(poisoned)?;
        let at = (table, from.to_vec());
        let entry = |((_, key), value): (&(Table, Vec<u8>), &Vec<u8>)| (key.clone(), value.clone());
        let of_table = |((other, _), _): &(&(Table, Vec<u8>), &Vec<u8>)| *other == table;
        Ok(match direction {
            Direction::Up => entries.range(at..).take_while(of_table).take(limit).map(entry).collect(),
            Direction::Down => {
                entries.range(..=at).rev().take_while(of_table).take(limit).map(entry).collect()
            }
        })
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        let mut entries = self.0.write().map_err(poisoned)?;
        for (table, key, value) in changes.into_items() {
            match value {
                Some(value) => entries.insert((table, key), value),
                None => entries.remove(&(table, key)),
            };
        }
        Ok(())
    }
}

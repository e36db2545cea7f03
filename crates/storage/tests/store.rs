//! Both stores under the same tests.

use ashlar_storage::{Changes, Direction, DiskStore, MemoryStore, Store, StoreError, Table};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CACHE_BYTES: u64 = 1 << 20;

fn disk() -> (tempfile::TempDir, DiskStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = DiskStore::open(folder.path(), CACHE_BYTES).unwrap();
    (folder, store)
}

fn on_both(test: impl Fn(&dyn Store)) {
    test(&MemoryStore::default());
    let (_folder, store) = disk();
    test(&store);
}

fn put(table: Table, entries: &[(&str, &str)]) -> Changes {
    let mut changes = Changes::default();
    for (key, value) in entries {
        changes.put(table, *key, *value);
    }
    changes
}

#[test]
fn what_is_written_is_read_and_what_is_removed_is_not() {
    on_both(|store| {
        assert_eq!(store.get(Table::Meta, b"a").unwrap(), None);
        store.write(put(Table::Meta, &[("a", "1"), ("b", ""), ("a", "2")])).unwrap();
        assert_eq!(store.get(Table::Meta, b"a").unwrap().unwrap(), b"2", "the last change counts");
        assert_eq!(store.get(Table::Meta, b"b").unwrap().unwrap(), b"");
        assert_eq!(store.get(Table::Nodes, b"a").unwrap(), None, "tables are apart");
        let mut changes = Changes::default();
        changes.remove(Table::Meta, "a");
        changes.remove(Table::Meta, "never there");
        store.write(changes).unwrap();
        assert_eq!(store.get(Table::Meta, b"a").unwrap(), None);
    });
}

#[test]
fn scans_go_both_ways_and_stay_in_their_table() {
    on_both(|store| {
        store.write(put(Table::Blocks, &[("b", "2"), ("a", "1"), ("c", "3")])).unwrap();
        store.write(put(Table::Codes, &[("a", "x")])).unwrap();
        store.write(put(Table::Receipts, &[("a", "y")])).unwrap();
        let keys = |from: &str, direction, limit| {
            let entries = store.scan(Table::Blocks, from.as_bytes(), direction, limit).unwrap();
            entries.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect::<String>()
        };
        assert_eq!(keys("", Direction::Up, 10), "abc");
        assert_eq!(keys("b", Direction::Up, 10), "bc");
        assert_eq!(keys("bb", Direction::Up, 1), "c");
        assert_eq!(keys("z", Direction::Down, 10), "cba");
        assert_eq!(keys("b", Direction::Down, 10), "ba");
        assert_eq!(keys("", Direction::Down, 10), "");
        assert_eq!(keys("", Direction::Up, 0), "");
    });
}

#[test]
fn a_folder_is_opened_once_at_a_time_and_keeps_what_it_has() {
    let (folder, store) = disk();
    store.write(put(Table::Meta, &[("a", "1")])).unwrap();
    let again = DiskStore::open(folder.path(), CACHE_BYTES).err().unwrap();
    assert!(matches!(again, StoreError::InUse(_)), "{again}");
    assert!(again.to_string().contains("another process"), "{again}");
    drop(store);
    let store = DiskStore::open(folder.path(), CACHE_BYTES).unwrap();
    assert_eq!(store.get(Table::Meta, b"a").unwrap().unwrap(), b"1");
}

#[test]
fn a_file_is_no_database() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = DiskStore::open(file.path(), CACHE_BYTES).err().unwrap();
    assert!(matches!(error, StoreError::Open { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn random_batches_leave_both_stores_alike(
        batches in prop::collection::vec(
            prop::collection::vec((0usize..3, 0u8..20, prop::option::of(any::<[u8; 3]>())), 0..30),
            1..6,
        ),
    ) {
        let (_folder, disk) = disk();
        let memory = MemoryStore::default();
        let mut model = BTreeMap::new();
        for batch in batches {
            let mut changes = Changes::default();
            for (table, key, value) in batch {
                let (table, key) = (Table::ALL[table], vec![key]);
                match value {
                    Some(value) => {
                        changes.put(table, key.clone(), value);
                        model.insert((table, key), value.to_vec());
                    }
                    None => {
                        changes.remove(table, key.clone());
                        model.remove(&(table, key));
                    }
                }
            }
            disk.write(changes.clone()).unwrap();
            memory.write(changes).unwrap();
        }
        for table in Table::ALL {
            let expected: Vec<_> = model
                .iter()
                .filter(|((of, _), _)| *of == table)
                .map(|((_, key), value)| (key.clone(), value.clone()))
                .collect();
            prop_assert_eq!(&disk.scan(table, &[], Direction::Up, 100).unwrap(), &expected);
            prop_assert_eq!(&memory.scan(table, &[], Direction::Up, 100).unwrap(), &expected);
        }
    }
}

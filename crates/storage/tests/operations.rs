//! Priority operations are read as they were written, and damage has a name.

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_primitives::rollup::Operation;
use ashlar_storage::{
    Changes, MemoryStore, OperationRecord, OperationRecords, OperationsError, Store, Table,
};

fn record(id: u64) -> OperationRecord {
    let operation = Operation {
        chain_id: 7,
        id,
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        value: U256::from(5),
        mint: U256::from(1_000_005),
        gas_limit: 100_000,
        gas_price: 10,
        refund_recipient: Address::repeat_byte(3),
        data: Bytes::from_static(b"data"),
    };
    OperationRecord {
        operation,
        deadline: 1_000 + id,
        l1_block: 50 + id / 3,
        l1_block_hash: B256::repeat_byte(4),
        l1_transaction: B256::repeat_byte(5),
    }
}

/// A store with this many operations.
fn store(count: u64) -> MemoryStore {
    let store = MemoryStore::default();
    let mut changes = Changes::default();
    (0..count).for_each(|id| record(id).put(&mut changes));
    store.write(changes).unwrap();
    store
}

fn overwrite(store: &MemoryStore, key: &[u8], value: &[u8]) {
    let mut changes = Changes::default();
    changes.put(Table::Operations, key, value);
    store.write(changes).unwrap();
}

#[test]
fn operations_are_found_by_id_and_by_range() {
    let store = store(600);
    assert_eq!(store.operations_count().unwrap(), 600);
    assert_eq!(store.operation(0).unwrap(), Some(record(0)));
    assert_eq!(store.operation(599).unwrap(), Some(record(599)));
    assert_eq!(store.operation(600).unwrap(), None);
    // Longer than a page, on both sides of its border, and of nothing.
    for ids in [0..600, 1..257, 255..256, 256..257, 3..3] {
        let expected: Vec<_> = ids.clone().map(record).collect();
        assert_eq!(store.operations(ids).unwrap(), expected);
    }
}

#[test]
fn an_empty_store_has_no_operations() {
    let store = MemoryStore::default();
    assert_eq!(store.operations_count().unwrap(), 0);
    assert!(store.operations(0..0).unwrap().is_empty());
    assert!(matches!(store.operations(0..1), Err(OperationsError::Missing(0))));
}

#[test]
fn operations_that_ethereum_took_back_are_gone() {
    let store = store(5);
    let mut changes = Changes::default();
    OperationRecord::remove(4, &mut changes);
    OperationRecord::remove(3, &mut changes);
    store.write(changes).unwrap();
    assert_eq!(store.operations_count().unwrap(), 3);
    assert!(matches!(store.operations(0..4), Err(OperationsError::Missing(3))));
}

#[test]
fn a_gap_is_an_error_and_no_shorter_range() {
    let store = store(5);
    let mut changes = Changes::default();
    OperationRecord::remove(2, &mut changes);
    store.write(changes).unwrap();
    assert!(matches!(store.operations(0..5), Err(OperationsError::Missing(2))));
    assert!(matches!(store.operations(2..5), Err(OperationsError::Missing(2))));
    assert_eq!(store.operations(3..5).unwrap().len(), 2);
}

#[test]
fn damage_has_a_name() {
    let store = store(3);
    let key = 1u64.to_be_bytes();
    let good = store.get(Table::Operations, &key).unwrap().unwrap();
    let of_another = store.get(Table::Operations, &2u64.to_be_bytes()).unwrap().unwrap();
    let longer = [&good[..], &[0]].concat();
    // An operation whose own bytes are cut.
    let mut cut = good.clone();
    let position = cut.windows(4).position(|bytes| bytes == b"data").unwrap();
    cut[position - 1] ^= 1;
    for damaged in [&good[..good.len() - 1], &longer, &of_another, &cut, b"", b"\xc0"] {
        overwrite(&store, &key, damaged);
        let error = store.operation(1).unwrap_err().to_string();
        assert!(error.contains("priority operation 1") && error.contains("damaged"), "{error}");
        assert!(matches!(store.operations(0..3), Err(OperationsError::Damaged(_))));
    }
    overwrite(&store, &key, &good);
    overwrite(&store, b"key", b"1");
    assert!(store.operations_count().is_err());
}

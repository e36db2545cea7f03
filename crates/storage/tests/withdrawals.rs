//! Who has withdrawn in which blocks.

use alloy_primitives::Address;
use ashlar_storage::{
    ChainError, Changes, MemoryStore, Store, Table, blocks_of_withdrawals, put_withdrawals,
};

const ONE: Address = Address::repeat_byte(1);
const TWO: Address = Address::repeat_byte(2);
const NOBODY: Address = Address::repeat_byte(3);

fn store() -> MemoryStore {
    let store = MemoryStore::default();
    let mut changes = Changes::default();
    put_withdrawals(&mut changes, 0, [TWO]);
    put_withdrawals(&mut changes, 1, [ONE, ONE]);
    put_withdrawals(&mut changes, 256, [ONE, TWO]);
    put_withdrawals(&mut changes, 300, [ONE]);
    store.write(changes).unwrap();
    store
}

#[test]
fn the_last_blocks_come_first_and_are_those_of_the_address() {
    let store = store();
    let blocks = |address, range, limit| blocks_of_withdrawals(&store, &address, &range, limit).unwrap();
    assert_eq!(blocks(ONE, 0..=u64::MAX, 9), [300, 256, 1]);
    assert_eq!(blocks(TWO, 0..=u64::MAX, 9), [256, 0]);
    assert_eq!(blocks(NOBODY, 0..=u64::MAX, 9), [0u64; 0]);
    assert_eq!(blocks(ONE, 0..=u64::MAX, 2), [300, 256]);
    assert_eq!(blocks(ONE, 2..=299, 9), [256]);
    assert_eq!(blocks(ONE, 256..=300, 9), [300, 256], "both ends belong to the range");
    assert_eq!(blocks(TWO, 1..=255, 9), [0u64; 0]);
}

#[test]
fn a_damaged_entry_has_a_name() {
    let store = store();
    let mut changes = Changes::default();
    changes.put(Table::Withdrawals, [ONE.as_slice(), &[0, 0]].concat(), []);
    store.write(changes).unwrap();
    let error = blocks_of_withdrawals(&store, &ONE, &(0..=u64::MAX), 9).unwrap_err();
    assert!(matches!(error, ChainError::Damaged(_)), "{error}");
}

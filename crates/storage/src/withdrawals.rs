//! Who has withdrawn in which blocks.

use crate::{
    chain::ChainError,
    record::Damaged,
    store::{Changes, Direction, Store, Table},
};
use alloy_primitives::Address;
use std::ops::RangeInclusive;

/// Adds to changes that these addresses have withdrawn in the block with this number.
pub fn put_withdrawals(changes: &mut Changes, block: u64, senders: impl IntoIterator<Item = Address>) {
    for sender in senders {
        changes.put(Table::Withdrawals, key(&sender, block), []);
    }
}

/// Numbers of the blocks of a range in which an address has withdrawn: the last ones, so many at most, from the last one down.
pub fn blocks_of_withdrawals<S: Store>(
    store: &S,
    sender: &Address,
    blocks: &RangeInclusive<u64>,
    limit: usize,
) -> Result<Vec<u64>, ChainError> {
    let found = store.scan(Table::Withdrawals, &key(sender, *blocks.end()), Direction::Down, limit)?;
    let own = found.iter().map_while(|(key, _)| key.strip_prefix(sender.as_slice()));
    let numbers = own.map(|block| <[u8; 8]>::try_from(block).map(u64::from_be_bytes));
    let numbers =
        numbers.take_while(|number| number.is_err() || number.is_ok_and(|it| it >= *blocks.start()));
    let damaged = |_| Damaged::new(Table::Withdrawals, format!("the withdrawals of {sender}")).into();
    numbers.collect::<Result<_, _>>().map_err(damaged)
}

fn key(sender: &Address, block: u64) -> Vec<u8> {
    [sender.as_slice(), &block.to_be_bytes()].concat()
}

//! What the blocks of an open batch publish at most. They often change the same accounts and slots, of which a batch publishes only
//! the last values: the sum of what its transactions could publish would end it far too early.

use alloy_primitives::{Address, B256};
use ashlar_storage::{AccountFootprint, Footprint};
use std::collections::HashMap;

/// The accounts and slots that blocks changed, and the most bytes that any of these blocks may publish of each.
#[derive(Debug, Default)]
pub(crate) struct OpenPubdata(HashMap<Address, OpenAccount>);

#[derive(Debug, Default)]
struct OpenAccount {
    record: u64,
    code: u64,
    slots: HashMap<B256, u64>,
}

impl OpenPubdata {
    /// Bytes that another block adds.
    pub(crate) fn growth(&self, block: &Footprint) -> u64 {
        let of_account = |change: &AccountFootprint| match self.0.get(&change.address) {
            Some(known) => known.growth(change),
            None => OpenAccount::default().growth(change),
        };
        block.accounts.iter().map(of_account).fold(block.logs, u64::saturating_add)
    }

    /// Adds a block.
    pub(crate) fn add(&mut self, block: &Footprint) {
        for change in &block.accounts {
            let account = self.0.entry(change.address).or_default();
            account.record = account.record.max(change.record);
            account.code = account.code.max(change.code);
            for slot in &change.slots {
                let bytes = account.slots.entry(slot.key).or_default();
                *bytes = slot.bytes.max(*bytes);
            }
        }
    }
}

impl OpenAccount {
    fn growth(&self, change: &AccountFootprint) -> u64 {
        let record = change.record.saturating_sub(self.record);
        let code = change.code.saturating_sub(self.code);
        let slots = change
            .slots
            .iter()
            .map(|slot| slot.bytes.saturating_sub(self.slots.get(&slot.key).copied().unwrap_or(0)));
        slots.fold(record.saturating_add(code), u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_storage::SlotFootprint;

    fn block(logs: u64, account: u8, sizes: [u64; 2], slots: &[(u8, u64)]) -> Footprint {
        let slot = |&(key, bytes): &(u8, u64)| SlotFootprint { key: B256::repeat_byte(key), bytes };
        let account = AccountFootprint {
            address: Address::repeat_byte(account),
            record: sizes[0],
            code: sizes[1],
            slots: slots.iter().map(slot).collect(),
        };
        Footprint { logs, accounts: vec![account] }
    }

    #[test]
    fn what_is_published_once_is_counted_once() {
        let mut open = OpenPubdata::default();
        let cases = [
            (block(5, 1, [30, 0], &[(1, 40), (2, 50)]), 125),
            // The same again: its logs.
            (block(7, 1, [30, 0], &[(1, 40), (2, 50)]), 7),
            // Shorter values, which may be the last or not; one that is longer.
            (block(0, 1, [29, 0], &[(1, 30), (2, 51)]), 1),
            (block(0, 1, [35, 100], &[(3, 10)]), 115),
            // Another account's.
            (block(0, 2, [30, 0], &[(1, 40)]), 70),
        ];
        for (block, growth) in cases {
            assert_eq!(open.growth(&block), growth);
            assert_eq!(open.growth(&block), growth, "asking adds nothing");
            open.add(&block);
        }
    }

    #[test]
    fn what_cannot_be_counted_is_the_most() {
        let open = OpenPubdata::default();
        assert_eq!(open.growth(&block(1, 1, [u64::MAX, u64::MAX], &[(1, u64::MAX)])), u64::MAX);
    }
}

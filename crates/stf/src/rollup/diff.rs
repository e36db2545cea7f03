//! What a batch changes of the state, over all its blocks.

use super::state::HISTORY_WINDOW;
use crate::state::AccountChange;
use alloc::{collections::BTreeMap, vec::Vec};
use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use ashlar_pubdata::{AccountRef, Change};
use ashlar_trie::Account;

/// Accounts that blocks changed, by address: how they were before the first of these blocks, and are after the last.
#[derive(Debug, Default)]
pub(super) struct StateDiff(BTreeMap<Address, Difference>);

#[derive(Debug)]
struct Difference {
    before: Option<Account>,
    after: Option<Account>,
    code: Option<Bytes>,
    /// Values before and after.
    slots: BTreeMap<U256, (U256, U256)>,
}

/// One account's difference, ready to be published.
pub(super) struct Published {
    address: Address,
    nonce: Option<u64>,
    balance: Option<Change>,
    code: Option<(B256, Bytes)>,
    slots: Vec<(U256, Change)>,
}

impl StateDiff {
    /// Adds what the next block changed.
    pub(super) fn add(&mut self, changes: Vec<AccountChange>) {
        for AccountChange { address, before, record, code, slots } in changes {
            let difference = self.0.entry(address).or_insert_with(|| Difference {
                before,
                after: None,
                code: None,
                slots: BTreeMap::new(),
            });
            difference.after = record;
            if code.is_some() {
                difference.code = code;
            }
            for slot in slots {
                difference.slots.entry(slot.key).or_insert((slot.before, slot.after)).1 = slot.after;
            }
        }
    }

    /// What differs, by ascending address, without the slots of the history that the system writes for these blocks
    /// (`specs/018-pubdata.md`).
    pub(super) fn published(self, history: Option<&HistorySlots>) -> Vec<Published> {
        let differences = self.0.into_iter();
        differences.filter_map(|(address, difference)| publish(address, difference, history)).collect()
    }
}

/// The slots of the history that blocks write.
#[derive(Clone, Copy, Debug)]
pub(super) struct HistorySlots {
    /// Number of the first block.
    pub(super) first: u64,
    /// Number of the last block.
    pub(super) last: u64,
}

impl HistorySlots {
    fn contain(&self, address: &Address, key: &U256) -> bool {
        let (Some(newest), Ok(key)) = (self.last.checked_sub(1), u64::try_from(*key)) else { return false };
        // How many blocks before the newest the slot was written, if it was.
        let newest_slot = newest % HISTORY_WINDOW;
        let behind = newest_slot
            .checked_sub(key)
            .or_else(|| newest_slot.saturating_add(HISTORY_WINDOW).checked_sub(key));
        *address == HISTORY_STORAGE_ADDRESS
            && key < HISTORY_WINDOW
            && behind.is_some_and(|behind| behind <= self.last.saturating_sub(self.first))
    }
}

fn publish(address: Address, difference: Difference, history: Option<&HistorySlots>) -> Option<Published> {
    let Difference { before, after, code, slots } = difference;
    let (nonce_before, balance_before, code_before) = fields(before.as_ref());
    let (nonce_after, balance_after, code_after) = fields(after.as_ref());
    let published = Published {
        address,
        nonce: (nonce_before != nonce_after).then_some(nonce_after),
        balance: Change::between(&balance_before, &balance_after),
        code: (code_before != code_after).then(|| (code_after, code.unwrap_or_default())),
        slots: slots
            .into_iter()
            .filter(|(key, _)| history.is_none_or(|history| !history.contain(&address, key)))
            .filter_map(|(key, (before, after))| Some((key, Change::between(&before, &after)?)))
            .collect(),
    };
    let changes = published.nonce.is_some()
        || published.balance.is_some()
        || published.code.is_some()
        || !published.slots.is_empty();
    changes.then_some(published)
}

fn fields(account: Option<&Account>) -> (u64, U256, B256) {
    account.map_or((0, U256::ZERO, KECCAK256_EMPTY), |account| {
        (account.nonce, account.balance, account.code_hash)
    })
}

impl Published {
    pub(super) fn as_ref(&self) -> AccountRef<'_> {
        AccountRef {
            address: &self.address,
            nonce: self.nonce,
            balance: self.balance,
            code: self.code.as_ref().map(|(hash, bytes)| (hash, bytes.as_ref())),
            slots: &self.slots,
        }
    }
}

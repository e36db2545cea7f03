//! What was signed, by nonce.

use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use ashlar_storage::{Changes, Direction, Store, Table};

use crate::{
    fees::Fees,
    records::{self, RecordError},
};

/// How many transactions that are done are kept, for the case that Ethereum takes them back.
const DONE_MAX: usize = 4;

/// A nonce, and the transactions that were signed with it. All of them have one effect.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct Entry {
    /// Who signed.
    pub(super) from: Address,
    /// The intent's key.
    pub(super) key: Bytes,
    /// The transaction that was signed last, as it is sent. The others differ in their fees alone.
    pub(super) raw: Bytes,
    /// All that were signed, in order.
    pub(super) variants: Vec<Variant>,
    /// Whether nothing more is to be done.
    pub(super) done: bool,
}

/// A signed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct Variant {
    pub(super) hash: B256,
    /// Wei per gas.
    max: u128,
    tip: u128,
    blob: u128,
    /// When it was signed, milliseconds since 1970.
    pub(super) signed_at_ms: u64,
}

impl Variant {
    pub(super) fn new(hash: B256, fees: Fees, signed_at_ms: u64) -> Self {
        Self { hash, max: fees.max, tip: fees.tip, blob: fees.blob, signed_at_ms }
    }

    pub(super) fn fees(&self) -> Fees {
        Fees { max: self.max, tip: self.tip, blob: self.blob }
    }
}

/// The table of signed transactions.
pub(super) struct Outbox<S>(pub(super) S);

impl<S: Store> Outbox<S> {
    /// All entries, by ascending nonce: some that are done, at most one that is not.
    pub(super) fn entries(&self) -> Result<Vec<(u64, Entry)>, RecordError> {
        let entries = self.0.scan(Table::Outbox, &[], Direction::Up, 2 * DONE_MAX)?;
        entries
            .iter()
            .map(|(key, value)| {
                let nonce = records::number(Table::Outbox, key, key)?;
                Ok((nonce, records::decode(Table::Outbox, key, value)?))
            })
            .collect()
    }

    /// The entry that is not done.
    pub(super) fn in_flight(&self) -> Result<Option<(u64, Entry)>, RecordError> {
        Ok(self.entries()?.into_iter().find(|(_, entry)| !entry.done))
    }

    pub(super) fn put(&self, nonce: u64, entry: &Entry) -> Result<(), RecordError> {
        let mut changes = Changes::default();
        changes.put(Table::Outbox, nonce.to_be_bytes(), alloy_rlp::encode(entry));
        Ok(self.0.write(changes)?)
    }

    pub(super) fn remove(&self, nonces: impl IntoIterator<Item = u64>) -> Result<(), RecordError> {
        let mut changes = Changes::default();
        for nonce in nonces {
            changes.remove(Table::Outbox, nonce.to_be_bytes());
        }
        Ok(self.0.write(changes)?)
    }

    /// Notes that nothing more is to be done, and forgets what was done long ago.
    pub(super) fn finish(&self, nonce: u64, mut entry: Entry) -> Result<(), RecordError> {
        entry.done = true;
        let done: Vec<u64> = self.entries()?.iter().map(|(other, _)| *other).filter(|other| *other != nonce).collect();
        let mut changes = Changes::default();
        for old in done.iter().take(done.len().saturating_sub(DONE_MAX - 1)) {
            changes.remove(Table::Outbox, old.to_be_bytes());
        }
        changes.put(Table::Outbox, nonce.to_be_bytes(), alloy_rlp::encode(&entry));
        Ok(self.0.write(changes)?)
    }
}

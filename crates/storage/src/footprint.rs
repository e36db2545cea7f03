//! What blocks may publish, so that a batch can be filled before it is made.

use crate::{
    chain::ChainError,
    record::{self, Damaged},
    store::{Changes, Store, Table},
};
use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_primitives::{Address, B256, U256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use ashlar_stf::{
    AccountChange, SealedHeader, SlotChange,
    rollup::{Role, RollupBlock},
};

/// Most bytes of an account beside its nonce, balance, code and slots: address, flags, number of slots.
const ACCOUNT: u64 = 20 + 1 + 4;

/// Most bytes of a slot beside its value: what the key shares with the one before it, key.
const SLOT: u64 = 1 + 32;

/// Most bytes of a code beside itself and its length, and of the place of one that stands before.
const CODE: u64 = 3;

/// Bytes of a status log: transaction, kind, status, hash of the operation.
const STATUS: u64 = 2 + 1 + 1 + 32;

/// Bytes of a message beside its data and their length: transaction, kind, sender.
const MESSAGE: u64 = 2 + 1 + 20;

/// What of a block may stand in its batch's pubdata, with the bytes that it takes there at most (`specs/018-pubdata.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Footprint {
    /// Bytes of its L2->L1 logs.
    pub logs: u64,
    /// The accounts that it changed; each once.
    pub accounts: Vec<AccountFootprint>,
}

/// What of an account a block changed.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct AccountFootprint {
    /// Its address.
    pub address: Address,
    /// Bytes of all but code and slots.
    pub record: u64,
    /// Bytes of its code, if that changed.
    pub code: u64,
    /// The slots; each once.
    pub slots: Vec<SlotFootprint>,
}

/// A storage slot that a block changed.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct SlotFootprint {
    /// Its key.
    pub key: B256,
    /// Bytes that it takes.
    pub bytes: u64,
}

impl Footprint {
    /// Of a block that was executed.
    pub fn of(block: &RollupBlock) -> Self {
        let results = block.transactions.iter();
        let messages = results.clone().flat_map(|result| &result.messages);
        let messages = messages.map(|message| {
            let length = message.data.len() as u64;
            MESSAGE + varint(length) + length
        });
        let statuses = results.filter(|result| matches!(result.role, Role::Operation { .. })).map(|_| STATUS);
        Self {
            logs: messages.chain(statuses).sum(),
            accounts: block
                .changes
                .iter()
                .map(|change| AccountFootprint::of(change, &block.header))
                .collect(),
        }
    }

    /// Adds the record of the block with this number to changes.
    pub fn put(&self, block: u64, changes: &mut Changes) {
        changes.put(Table::Footprints, block.to_be_bytes(), alloy_rlp::encode(self));
    }

    /// Has changes remove what there is of a block.
    pub fn remove(block: u64, changes: &mut Changes) {
        changes.remove(Table::Footprints, block.to_be_bytes());
    }

    /// Of the block with this number, if it is kept.
    pub fn read<S: Store>(store: &S, block: u64) -> Result<Option<Self>, ChainError> {
        let Some(bytes) = store.get(Table::Footprints, &block.to_be_bytes())? else { return Ok(None) };
        let damaged = || Damaged::new(Table::Footprints, format!("what block {block} publishes")).into();
        record::decode(&bytes).map(Some).ok_or_else(damaged)
    }
}

impl AccountFootprint {
    /// A batch writes each value in the shortest way, so in no more bytes than the value after its last block takes.
    fn of(change: &AccountChange, block: &SealedHeader) -> Self {
        let (nonce, balance) =
            change.record.as_ref().map_or((0, U256::ZERO), |account| (account.nonce, account.balance));
        // The parent's hash in the history follows from the hashes of blocks.
        let parent = U256::from_be_bytes(block.header.parent_hash.0);
        let is_published =
            |slot: &&SlotChange| change.address != HISTORY_STORAGE_ADDRESS || slot.after != parent;
        // What is gone has lost its code too, if it had one.
        let code =
            change.code.as_ref().map(|code| code.len() as u64).or(change.record.is_none().then_some(0));
        Self {
            address: change.address,
            record: ACCOUNT + varint(nonce) + value(&balance),
            code: code.map_or(0, |length| CODE + varint(length) + length),
            slots: change.slots.iter().filter(is_published).map(SlotFootprint::of).collect(),
        }
    }
}

impl SlotFootprint {
    fn of(slot: &SlotChange) -> Self {
        Self { key: slot.key.into(), bytes: SLOT + value(&slot.after) }
    }
}

/// Bytes of a value that is written as it is: its head, and itself without leading zeros.
fn value(value: &U256) -> u64 {
    1 + value.byte_len() as u64
}

/// Bytes of a LEB128.
fn varint(number: u64) -> u64 {
    u64::from(64 - (number | 1).leading_zeros()).div_ceil(7)
}

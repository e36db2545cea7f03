//! What is kept in the store.

use alloy_primitives::{B256, Bytes};
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use ashlar_storage::{Store, StoreError, Table};
use thiserror::Error;

/// Key in [`Table::Meta`]: the id of the next priority operation that no L2 block has, 8 bytes, big-endian; absent before the
/// first. Whoever makes blocks writes it together with the block.
pub const OPERATIONS_INCLUDED: &[u8] = b"operations_included";

/// Why a record is not there to be used.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its bytes are not those of a record.
    #[error("the record {key} in the table {} is damaged: {reason}", .table.name())]
    Damaged {
        /// The table.
        table: Table,
        /// The key, in hexadecimal or as text.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// A priority operation, as Ethereum has it: a value of [`Table::Operations`], by its id.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct OperationRecord {
    /// The bytes that stand in a block.
    pub encoded: Bytes,
    /// Until when it has to be executed: Ethereum's time, seconds.
    pub deadline: u64,
    /// The block of Ethereum that it was asked for in.
    pub l1_block: u64,
    /// Hash of that block.
    pub l1_block_hash: B256,
    /// The transaction of Ethereum that asked.
    pub l1_transaction: B256,
}

impl OperationRecord {
    /// The operation with this id, if Ethereum has it.
    pub fn load(store: &impl Store, id: u64) -> Result<Option<Self>, RecordError> {
        load(store, Table::Operations, &id.to_be_bytes())
    }

    /// Up to `limit` operations from this id on, with their ids.
    pub fn load_from(store: &impl Store, id: u64, limit: usize) -> Result<Vec<(u64, Self)>, RecordError> {
        let entries =
            store.scan(Table::Operations, &id.to_be_bytes(), ashlar_storage::Direction::Up, limit)?;
        entries
            .iter()
            .map(|(key, value)| {
                Ok((number(Table::Operations, key, key)?, decode(Table::Operations, key, value)?))
            })
            .collect()
    }
}

/// The id of the next operation that no L2 block has.
pub fn operations_included(store: &impl Store) -> Result<u64, RecordError> {
    match store.get(Table::Meta, OPERATIONS_INCLUDED)? {
        Some(value) => number(Table::Meta, OPERATIONS_INCLUDED, &value),
        None => Ok(0),
    }
}

pub(crate) fn load<T: Decodable>(
    store: &impl Store,
    table: Table,
    key: &[u8],
) -> Result<Option<T>, RecordError> {
    store.get(table, key)?.map(|value| decode(table, key, &value)).transpose()
}

pub(crate) fn decode<T: Decodable>(table: Table, key: &[u8], value: &[u8]) -> Result<T, RecordError> {
    alloy_rlp::decode_exact(value).map_err(|error| damaged(table, key, error.to_string()))
}

pub(crate) fn number(table: Table, key: &[u8], value: &[u8]) -> Result<u64, RecordError> {
    let bytes = value.try_into();
    bytes.map(u64::from_be_bytes).map_err(|_| damaged(table, key, format!("it has {} bytes", value.len())))
}

fn damaged(table: Table, key: &[u8], reason: String) -> RecordError {
    let text = std::str::from_utf8(key).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
    let key = text.map_or_else(|| alloy_primitives::hex::encode(key), str::to_owned);
    RecordError::Damaged { table, key, reason }
}

//! Records of this crate in the store.

use alloy_rlp::Decodable;
use ashlar_storage::{Store, StoreError, Table};
use thiserror::Error;

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

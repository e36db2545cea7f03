//! Records in RLP.

use crate::store::Table;
use alloy_rlp::Decodable;
use thiserror::Error;

/// A record of the store does not decode.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the database is damaged: {record} in the table {table} does not decode; restore the folder from a copy, or begin a new one"
)]
pub struct Damaged {
    table: &'static str,
    record: String,
}

impl Damaged {
    /// This record of this table does not decode.
    pub fn new(table: Table, record: impl Into<String>) -> Self {
        Self { table: table.name(), record: record.into() }
    }
}

/// A value whose RLP are all these bytes.
pub(crate) fn decode<T: Decodable>(mut bytes: &[u8]) -> Option<T> {
    let value = T::decode(&mut bytes).ok()?;
    bytes.is_empty().then_some(value)
}

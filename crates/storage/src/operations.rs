//! Priority operations in a store, as Ethereum has them.

use crate::{
    record::{self, Damaged},
    store::{Changes, Direction, Store, StoreError, Table},
};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use ashlar_primitives::rollup::Operation;
use std::ops::Range;
use thiserror::Error;

/// Records that are read of the store at once.
const PAGE: usize = 256;

/// Why operations are not read.
#[derive(Debug, Error)]
pub enum OperationsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record does not decode.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The store lacks an operation, though the range has it.
    #[error("priority operation {0} is not in the database")]
    Missing(u64),
}

/// A priority operation, and where Ethereum has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationRecord {
    /// The operation.
    pub operation: Operation,
    /// Until when it has to be executed: Ethereum's time, seconds since the Unix epoch.
    pub deadline: u64,
    /// Number of the block of Ethereum that has it.
    pub l1_block: u64,
    /// Hash of that block.
    pub l1_block_hash: B256,
    /// Hash of the transaction of Ethereum that asked for it.
    pub l1_transaction: B256,
}

#[derive(RlpEncodable, RlpDecodable)]
struct OperationRlp {
    operation: Bytes,
    deadline: u64,
    l1_block: u64,
    l1_block_hash: B256,
    l1_transaction: B256,
}

impl OperationRecord {
    /// Adds the record to changes, under the operation's id.
    pub fn put(&self, changes: &mut Changes) {
        let record = OperationRlp {
            operation: self.operation.encode().into(),
            deadline: self.deadline,
            l1_block: self.l1_block,
            l1_block_hash: self.l1_block_hash,
            l1_transaction: self.l1_transaction,
        };
        changes.put(Table::Operations, self.operation.id.to_be_bytes(), alloy_rlp::encode(record));
    }

    /// Removes the record of an operation, which Ethereum took back.
    pub fn remove(id: u64, changes: &mut Changes) {
        changes.remove(Table::Operations, id.to_be_bytes());
    }

    fn decode(id: u64, bytes: &[u8]) -> Result<Self, Damaged> {
        let damaged = || Damaged::new(Table::Operations, format!("priority operation {id}"));
        let record: OperationRlp = record::decode(bytes).ok_or_else(damaged)?;
        let operation = Operation::decode(&record.operation).map_err(|_| damaged())?;
        if operation.id != id {
            return Err(damaged());
        }
        Ok(Self {
            operation,
            deadline: record.deadline,
            l1_block: record.l1_block,
            l1_block_hash: record.l1_block_hash,
            l1_transaction: record.l1_transaction,
        })
    }
}

/// What a store has of the queue of priority operations: those with the ids from 0 on, without a gap.
pub trait OperationRecords: Store {
    /// The operation with this id.
    fn operation(&self, id: u64) -> Result<Option<OperationRecord>, OperationsError> {
        let Some(bytes) = self.get(Table::Operations, &id.to_be_bytes())? else { return Ok(None) };
        Ok(Some(OperationRecord::decode(id, &bytes)?))
    }

    /// Number of operations, which is the id of the next one.
    fn operations_count(&self) -> Result<u64, OperationsError> {
        let last = self.scan(Table::Operations, &u64::MAX.to_be_bytes(), Direction::Down, 1)?;
        last.first().map_or(Ok(0), |(key, _)| Ok(id_of(key)?.saturating_add(1)))
    }

    /// The operations with these ids, in order. All of them have to be there.
    fn operations(&self, ids: Range<u64>) -> Result<Vec<OperationRecord>, OperationsError> {
        let mut records = Vec::new();
        let mut next = ids.start;
        while next < ids.end {
            let left = usize::try_from(ids.end - next).unwrap_or(usize::MAX);
            let page = self.scan(Table::Operations, &next.to_be_bytes(), Direction::Up, left.min(PAGE))?;
            if page.is_empty() {
                return Err(OperationsError::Missing(next));
            }
            for (key, bytes) in page {
                if id_of(&key)? != next {
                    return Err(OperationsError::Missing(next));
                }
                records.push(OperationRecord::decode(next, &bytes)?);
                next += 1;
            }
        }
        Ok(records)
    }
}

fn id_of(key: &[u8]) -> Result<u64, Damaged> {
    let id = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
    id.map_err(|_| Damaged::new(Table::Operations, "a key"))
}

impl<S: Store + ?Sized> OperationRecords for S {}

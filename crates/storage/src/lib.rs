#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod chain;
mod disk;
mod footprint;
mod memory;
mod operations;
mod proof;
mod record;
mod source;
mod state;
mod store;
mod withdrawals;

pub use chain::{BatchRecord, BlockRecord, ChainError, ChainRecords, ResultRecord, TransactionPlace};
pub use disk::DiskStore;
pub use footprint::{AccountFootprint, Footprint, SlotFootprint};
pub use memory::MemoryStore;
pub use operations::{OperationRecord, OperationRecords, OperationsError, put_operations_included};
pub use proof::TrieProof;
pub use record::Damaged;
pub use source::StoreSource;
pub use state::{InitialAccount, StateDb, StateDbError, read_account, read_code};
pub use store::{Changes, Direction, Entry, Store, StoreError, Table};
pub use withdrawals::{blocks_of_withdrawals, put_withdrawals};

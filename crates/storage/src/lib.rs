#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod disk;
mod memory;
mod source;
mod state;
mod store;

pub use disk::DiskStore;
pub use memory::MemoryStore;
pub use source::StoreSource;
pub use state::{InitialAccount, StateDb, StateDbError};
pub use store::{Changes, Direction, Entry, Store, StoreError, Table};

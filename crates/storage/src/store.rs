//! Tables of bytes.

use std::path::PathBuf;
use thiserror::Error;

/// A table of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Single values by name.
    Meta,
    /// Account records by address.
    Accounts,
    /// Values of storage slots by address and key.
    Slots,
    /// Codes by their Keccak-256.
    Codes,
    /// Trie nodes by their Keccak-256.
    Nodes,
    /// Blocks by number, big-endian.
    Blocks,
    /// Numbers of blocks by hash.
    BlockNumbers,
    /// Receipts by block number and index.
    Receipts,
    /// Places of transactions by hash.
    Transactions,
    /// Batches by number.
    Batches,
    /// Proofs of batches by number.
    Proofs,
    /// Transactions that wait for a block, by hash.
    Pool,
    /// Priority operations by id, as Ethereum has them.
    Operations,
    /// Transactions to Ethereum by nonce.
    Outbox,
    /// Who proves which batch, by number of the batch and protocol version.
    Jobs,
    /// What blocks that are in no batch may publish, by number of the block.
    Footprints,
    /// Blocks with withdrawals, by who has sent these and the number of the block.
    Withdrawals,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 17] = [
        Self::Meta,
        Self::Accounts,
        Self::Slots,
        Self::Codes,
        Self::Nodes,
        Self::Blocks,
        Self::BlockNumbers,
        Self::Receipts,
        Self::Transactions,
        Self::Batches,
        Self::Proofs,
        Self::Pool,
        Self::Operations,
        Self::Outbox,
        Self::Jobs,
        Self::Footprints,
        Self::Withdrawals,
    ];

    /// Its name on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Accounts => "accounts",
            Self::Slots => "slots",
            Self::Codes => "codes",
            Self::Nodes => "nodes",
            Self::Blocks => "blocks",
            Self::BlockNumbers => "block-numbers",
            Self::Receipts => "receipts",
            Self::Transactions => "transactions",
            Self::Batches => "batches",
            Self::Proofs => "proofs",
            Self::Pool => "pool",
            Self::Operations => "operations",
            Self::Outbox => "outbox",
            Self::Jobs => "jobs",
            Self::Footprints => "footprints",
            Self::Withdrawals => "withdrawals",
        }
    }
}

/// Why a store does not do what it is asked for.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The folder cannot be opened as a database.
    #[error("opening the database in {folder}: {reason}")]
    Open {
        /// The folder.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another process has the database open.
    #[error("the database in {0} is in use by another process: stop it first")]
    InUse(PathBuf),
    /// Reading failed.
    #[error("reading the table {table}: {reason}")]
    Read {
        /// Of which table.
        table: &'static str,
        /// Why.
        reason: String,
    },
    /// Writing failed. Nothing of the batch is written, or all of it.
    #[error("writing to the database: {0}")]
    Write(String),
    /// A thread died while it had the store.
    #[error("a thread failed while it wrote to the store")]
    Poisoned,
}

/// Where a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Ascending keys.
    Up,
    /// Descending keys.
    Down,
}

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// Changes that are written together.
#[derive(Clone, Debug, Default)]
pub struct Changes(Vec<(Table, Vec<u8>, Option<Vec<u8>>)>);

impl Changes {
    /// Sets a value. Of several changes of one key the last one counts.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0.push((table, key.into(), Some(value.into())));
    }

    /// Removes a value, if there is one.
    pub fn remove(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.0.push((table, key.into(), None));
    }

    /// Appends other changes.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_items(self) -> impl Iterator<Item = (Table, Vec<u8>, Option<Vec<u8>>)> {
        self.0.into_iter()
    }
}

/// Tables of bytes by bytes.
pub trait Store: Send + Sync {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Up to `limit` entries, from this key on, itself included, in this direction.
    fn scan(
        &self,
        table: Table,
        from: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Writes all changes or none. When it returns they survive a crash and a loss of power.
    fn write(&self, changes: Changes) -> Result<(), StoreError>;
}

impl<S: Store + ?Sized> Store for std::sync::Arc<S> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        (**self).scan(table, from, direction, limit)
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        (**self).write(changes)
    }
}

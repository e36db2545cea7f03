//! Pubdata as values (`specs/018-pubdata.md`).

use crate::change::Change;
use crate::header::LastHeader;
use crate::stream::{BLOBS_MAX, LENGTH_BYTES, STREAM_BYTES_PER_BLOB};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

/// Most bytes of pubdata: what six blobs hold behind the length.
pub const PUBDATA_BYTES_MAX: usize = BLOBS_MAX * STREAM_BYTES_PER_BLOB - LENGTH_BYTES;

/// Largest index of a transaction in a batch, which has at most 65,535 (`specs/015-rollup-blocks.md`).
pub const TRANSACTION_INDEX_MAX: u16 = u16::MAX - 1;

/// Most blocks of a batch: each has a transaction.
pub const BLOCKS_MAX: usize = 65_535;

/// Most logs of a batch: the leaves of its tree (`specs/017-messages.md`).
pub const LOGS_MAX: usize = 1 << 14;

/// What a batch publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pubdata {
    /// The fields of the batch's last header that cannot be derived.
    pub header: LastHeader,
    /// Hashes of the batch's blocks but the last, in order.
    pub hashes: Vec<B256>,
    /// L2->L1 logs, in order.
    pub logs: Vec<PublishedLog>,
    /// Changed accounts, by ascending address.
    pub accounts: Vec<AccountDiff>,
}

/// An L2->L1 log, with the whole message where it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedLog {
    /// The transaction's index in the batch, at most [`TRANSACTION_INDEX_MAX`].
    pub transaction: u16,
    /// What it says.
    pub body: LogBody,
}

/// What a log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogBody {
    /// What became of a priority operation. The last log of its transaction.
    Status {
        /// Whether it succeeded.
        success: bool,
        /// The operation's hash.
        operation: B256,
    },
    /// A message to Ethereum.
    Message {
        /// Who sent it.
        sender: Address,
        /// The message itself, not its hash.
        message: Bytes,
    },
}

/// What a batch changed of an account. At least one field says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDiff {
    /// The account.
    pub address: Address,
    /// Its nonce after the batch, where that changed.
    pub nonce: Option<u64>,
    /// How its balance changed, in wei.
    pub balance: Option<Change>,
    /// Its code after the batch, where that changed; empty where a delegation was removed (EIP-7702).
    pub code: Option<Code>,
    /// Keys of changed slots, ascending, and how their values changed.
    pub slots: Vec<(U256, Change)>,
}

/// A code with its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    hash: B256,
    bytes: Bytes,
}

impl Code {
    /// Hashes the code.
    pub fn new(bytes: Bytes) -> Self {
        Self { hash: keccak256(&bytes), bytes }
    }

    /// Keccak-256 of the code.
    pub const fn hash(&self) -> &B256 {
        &self.hash
    }

    /// The code.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

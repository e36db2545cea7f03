//! What the server answers from, and what the node implements for it.

use crate::heads::Heads;
use alloy_primitives::{Address, B256, Bytes};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_storage::Store;
use std::sync::Arc;

/// The parts of a node that requests are answered from.
#[derive(Clone)]
pub struct Node {
    /// Blocks and states. There is a genesis block in it.
    pub store: Arc<dyn Store>,
    /// Rules of the chain.
    pub config: RollupConfig,
    /// Transactions that wait.
    pub pool: Arc<dyn Pool>,
    /// How far Ethereum has the chain.
    pub settlement: Arc<dyn Settlement>,
    /// Announces blocks and transactions.
    pub heads: Heads,
    /// Answer of `web3_clientVersion`: name/version.
    pub client_version: String,
}

/// Transactions that wait for a block.
pub trait Pool: Send + Sync {
    /// Takes a transaction (EIP-2718); its hash. It is announced by whoever implements this.
    fn add(&self, bytes: Bytes) -> Result<B256, Refused>;

    /// The transaction with this hash.
    fn get(&self, hash: &B256) -> Option<PooledTransaction>;

    /// Nonce of the account after all its transactions that can be executed one after the other; `None` if it has none.
    fn pending_nonce(&self, address: &Address) -> Option<u64>;

    /// How many transactions there are.
    fn status(&self) -> PoolStatus;

    /// Transactions of this sender or, without one, of all; at most `limit`.
    fn content(&self, sender: Option<&Address>, limit: usize) -> PoolContent;
}

/// Why a pool does not take a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Error code of JSON-RPC; -32000 for what Ethereum's clients have no code of their own.
    pub code: i32,
    /// Ethereum's text for it, such as "nonce too low".
    pub message: String,
}

/// A transaction that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PooledTransaction {
    /// Its bytes (EIP-2718).
    pub bytes: Bytes,
    /// Who signed it.
    pub sender: Address,
}

/// Numbers of transactions that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Those that can be executed now.
    pub pending: u64,
    /// Those that wait for others of their senders.
    pub queued: u64,
}

/// Transactions that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolContent {
    /// Those that can be executed now.
    pub pending: Vec<PooledTransaction>,
    /// Those that wait for others of their senders.
    pub queued: Vec<PooledTransaction>,
}

/// How far Ethereum has the chain.
pub trait Settlement: Send + Sync {
    /// The last block that a batch on Ethereum has: the tag `safe`.
    fn committed_block(&self) -> u64;

    /// The last block of a batch that is proven in a finalized block of Ethereum: the tag `finalized`.
    fn finalized_block(&self) -> u64;
}

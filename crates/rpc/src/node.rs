//! What the server answers from, and what the node implements for it.

use crate::heads::Heads;
use alloy_primitives::{Address, B256, Bytes};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_storage::Store;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The parts of a node that requests are answered from.
#[derive(Clone)]
pub struct Node {
    /// Blocks and states. There is a genesis block in it.
    pub store: Arc<dyn Store>,
    /// Rules of the chain.
    pub config: RollupConfig,
    /// What the chain is beside its rules.
    pub details: ChainDetails,
    /// Transactions that wait.
    pub pool: Arc<dyn Pool>,
    /// How far Ethereum has the chain.
    pub settlement: Arc<dyn Settlement>,
    /// Announces blocks and transactions.
    pub heads: Heads,
    /// Answer of `web3_clientVersion`: name/version.
    pub client_version: String,
}

/// What a chain is beside its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainDetails {
    /// EIP-155 id of the Ethereum chain.
    pub l1_chain_id: u64,
    /// Its contracts on Ethereum.
    pub contracts: L1Contracts,
    /// Key of the program that is proven.
    pub program_key: B256,
}

/// A chain's contracts on Ethereum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct L1Contracts {
    /// The registry of chains.
    pub bridgehub: Address,
    /// The bridge.
    pub asset_router: Address,
    /// What holds the assets.
    pub vault: Address,
    /// Roots of executed batches.
    pub message_root: Address,
    /// What chains can run.
    pub protocol_versions: Address,
    /// The chain's own contract.
    pub chain: Address,
}

/// Transactions that wait for a block.
pub trait Pool: Send + Sync {
    /// Takes a transaction (EIP-2718); its hash. It is announced by whoever implements this.
    fn add(&self, bytes: Bytes) -> Result<B256, Refused>;

    /// The transaction with this hash.
    fn get(&self, hash: &B256) -> Option<PooledTransaction>;

    /// What is known of the transaction with this hash.
    fn state(&self, hash: &B256) -> PoolState;

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

/// What a pool knows of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolState {
    /// It can be executed now.
    Pending,
    /// It waits for others of its sender.
    Queued,
    /// It was refused, or taken and dropped.
    Rejected {
        /// Why.
        reason: String,
    },
    /// The pool does not have it, or not any more.
    Unknown,
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

/// How far Ethereum has the chain, and what is on the way.
pub trait Settlement: Send + Sync {
    /// The last block that a batch on Ethereum has: the tag `safe`.
    fn committed_block(&self) -> u64;

    /// The last block of a batch that is proven in a finalized block of Ethereum: the tag `finalized`.
    fn finalized_block(&self) -> u64;

    /// Batches, and Ethereum.
    fn progress(&self) -> SettlementProgress;

    /// The proof that is being made; `None` if this node makes none.
    fn proving(&self) -> Option<Proving>;

    /// The batches whose proofs somebody is at, or was without one.
    fn jobs(&self) -> Vec<ProvingJob>;

    /// How long it takes, about, until Ethereum has executed a sealed batch; `None` if that is not known.
    fn time_left(&self, batch: u64) -> Option<Duration>;
}

/// How far batches are, by number from 1 on, and what the node sees of Ethereum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettlementProgress {
    /// The last batch up to which all have a proof; 0 if the first has none.
    pub proven: u64,
    /// The chain's contract; `None` before Ethereum has told of it.
    pub contract: Option<ContractProgress>,
    /// Number of Ethereum's newest block.
    pub l1_head: Option<u64>,
    /// When Ethereum answered last.
    pub l1_seen: Option<SystemTime>,
    /// Why it does not answer.
    pub l1_error: Option<String>,
    /// What keeps a proven batch from being settled.
    pub l1_held: Option<String>,
}

/// How far a chain's contract on Ethereum is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContractProgress {
    /// The last committed batch; 0 if there is none.
    pub committed: u64,
    /// The last executed batch; 0 if there is none.
    pub executed: u64,
    /// The last batch that is executed in a final block; `None` if that is not known.
    pub finalized: Option<u64>,
    /// Number of priority operations that were ever asked for.
    pub operations: u64,
}

/// How it is with the proof of a batch that somebody has been at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvingJob {
    /// The batch.
    pub batch: u64,
    /// Who is at it now.
    pub worker: Option<String>,
    /// How often workers failed at it.
    pub failures: u64,
}

/// A proof that is being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proving {
    /// Of which batch.
    pub batch: u64,
    /// What is being done, in a few words.
    pub phase: String,
    /// How much is done, in units that take about the same time each.
    pub done: u64,
    /// How much there is to do; 0 while that is not known.
    pub total: u64,
    /// Estimate of the time left.
    pub left: Option<Duration>,
}

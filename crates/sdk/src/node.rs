//! The namespace `ashlar` of a rollup's node, as it answers.
//!
//! These are the node's words. Whoever decides on money by them uses [`crate::Chain`], which asks Ethereum what it can tell.

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use ashlar_ethereum::{Client, ClientError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Code of JSON-RPC: there is no such method.
pub(crate) const METHOD_NOT_FOUND: i64 = -32_601;

/// A rollup's node.
#[derive(Clone, Debug)]
pub struct Node(Client);

/// What a chain is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainFacts {
    /// EIP-155 id.
    pub chain_id: U64,
    /// Hash of the configuration (`specs/014-rollup-config.md`).
    pub config_hash: B256,
    /// The configuration, field by field.
    #[serde(default)]
    pub config: Value,
    /// EIP-155 id of the Ethereum chain.
    pub l1_chain_id: U64,
    /// Hash of the genesis block.
    pub genesis_hash: B256,
    /// Contracts on Ethereum.
    pub contracts: Contracts,
    /// Contracts on the chain.
    pub predeploys: Predeploys,
    /// Asset id of the base token.
    pub base_asset_id: B256,
}

/// A chain's contracts on Ethereum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contracts {
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

/// A chain's own contracts that are there from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Predeploys {
    /// Sends messages.
    pub messenger: Address,
    /// The bridge.
    pub asset_router: Address,
    /// Makes bridged tokens.
    pub vault: Address,
    /// The base token as an ERC-20.
    pub wrapped_base_token: Address,
}

/// The chain at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Number of the last block.
    pub head: U64,
    /// The last sealed batch; batches are counted from 1, and `None` or 0 is none.
    pub sealed_batch: Option<U64>,
    /// The last batch that has a proof.
    pub proven_batch: Option<U64>,
    /// The last batch that is committed on Ethereum.
    pub committed_batch: Option<U64>,
    /// The last batch that is executed on Ethereum.
    pub executed_batch: Option<U64>,
    /// The last batch that is executed in a finalized block of Ethereum.
    pub finalized_batch: Option<U64>,
    /// Priority operations that are in blocks.
    pub operations_included: U64,
    /// Priority operations that Ethereum has.
    pub operations_known: U64,
    /// Ethereum, as the node sees it.
    pub l1: L1,
    /// What the node itself is proving; `None` if nothing.
    pub prover: Option<Proving>,
    /// The batches whose proofs somebody is at, or was without one; the node itself is one of these.
    #[serde(default)]
    pub jobs: Vec<ProvingJob>,
}

/// How it is with the proof of a batch that somebody has been at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvingJob {
    /// The batch.
    pub batch: U64,
    /// Who is at it now.
    pub worker: Option<String>,
    /// How often workers failed at it.
    pub failures: U64,
}

/// Ethereum, as a node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct L1 {
    /// Number of the last block that the node knows of.
    pub head: Option<U64>,
    /// When Ethereum answered last, seconds since 1970.
    pub last_seen: Option<U64>,
    /// Why it does not answer.
    pub error: Option<String>,
    /// What keeps a proven batch from being settled; `None` if nothing does.
    #[serde(default)]
    pub held: Option<String>,
}

/// A proof that is being made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proving {
    /// Of which batch.
    pub batch: U64,
    /// What is being done.
    pub phase: String,
    /// Parts of the work that are done.
    pub done: U64,
    /// All parts.
    pub total: U64,
    /// Estimate of the time left.
    pub seconds_left: Option<U64>,
}

/// How far something is, in the node's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeStage {
    /// In a block, or not even that.
    Pending,
    /// In a batch.
    Sealed,
    /// The batch has a proof.
    Proven,
    /// The batch is committed on Ethereum.
    Committed,
    /// The batch is executed on Ethereum.
    Executed,
    /// The batch is executed in a finalized block of Ethereum.
    Finalized,
}

/// A batch, as far as it is used here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchFacts {
    /// Its number.
    pub number: U64,
    /// How far it is.
    pub status: NodeStage,
    /// Number of its first block.
    pub first_block: U64,
    /// Number of its last block.
    pub last_block: U64,
    /// Root of its messages.
    pub batch_root: B256,
}

/// A message to Ethereum, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageAnswer {
    /// Who sent it.
    pub sender: Address,
    /// The message.
    pub message: Bytes,
    /// Where it is; without a batch there is nothing to show yet.
    #[serde(flatten)]
    pub log: LogAnswer,
}

/// Where a log is in its batch, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogAnswer {
    /// Index of the transaction in the batch.
    pub transaction_index: Option<U64>,
    /// How far the batch is.
    pub status: NodeStage,
    /// The batch.
    pub batch: Option<U64>,
    /// Index in the batch's tree of logs.
    pub log_index: Option<U64>,
    /// From the leaf to the batch's root.
    pub siblings: Option<Vec<B256>>,
}

/// A priority operation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationAnswer {
    /// Position in the chain's queue, from 0.
    pub id: U64,
    /// Its hash.
    pub hash: B256,
    /// Until when it has to be executed: Ethereum's time, seconds.
    pub deadline: U64,
    /// Ethereum's block that it is in.
    pub l1_block: Option<U64>,
    /// Ethereum's transaction that asked for it.
    pub l1_transaction: Option<B256>,
    /// Where it is on the chain; `None` if it is in no block.
    pub included: Option<Included>,
    /// What shows its status; `None` while its batch is not sealed.
    pub status_proof: Option<LogAnswer>,
}

/// A priority operation in a block.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Included {
    /// Number of the block.
    pub block: U64,
    /// Its hash, as that of a transaction.
    pub transaction_hash: B256,
    /// Whether it succeeded.
    pub success: bool,
    /// The limit that it passed, if that is why it failed.
    pub over_limit: Option<OverLimit>,
}

/// A limit of the chain, and what passed it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OverLimit {
    /// Of what: `provingCost`, `pubdata` or `logs`.
    pub resource: String,
    /// What was used.
    pub used: U64,
    /// What may be used.
    pub limit: U64,
}

/// A withdrawal that an address sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WithdrawalAnswer {
    /// The transaction on the chain.
    pub transaction_hash: B256,
    /// Index of the message among those of the transaction.
    pub index: U64,
    /// Number of the block.
    pub block: U64,
    /// What is withdrawn.
    pub asset_id: B256,
    /// How much, in smallest units.
    pub amount: U256,
    /// Who receives it on Ethereum.
    pub receiver: Address,
    /// Estimate of the time until it can be claimed.
    pub seconds_left: Option<U64>,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionAnswer {
    /// Where it is.
    pub status: TransactionPlace,
    /// Why it is rejected.
    pub reason: Option<String>,
    /// Number of its block.
    pub block: Option<U64>,
    /// Its batch.
    pub batch: Option<U64>,
}

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TransactionPlace {
    /// The node does not know it.
    Unknown,
    /// It waits for others of its sender.
    Queued,
    /// It waits for a block.
    Pending,
    /// It is in a block.
    Included,
    /// It will be in none.
    Rejected,
}

/// Blocks, first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

impl Node {
    /// A client of the node at this address.
    pub fn new(url: &str) -> Self {
        Self(Client::new(url))
    }

    /// For the methods that every Ethereum node has.
    pub const fn client(&self) -> &Client {
        &self.0
    }

    /// What the chain is.
    pub fn chain(&self) -> Result<ChainFacts, ClientError> {
        self.0.call("ashlar_chain", json!([]))
    }

    /// The chain at a glance.
    pub fn status(&self) -> Result<Status, ClientError> {
        self.0.call("ashlar_status", json!([]))
    }

    /// A batch; `None` if there is none of this number.
    pub fn batch(&self, number: u64) -> Result<Option<BatchFacts>, ClientError> {
        self.0.call_optional("ashlar_batch", json!([U64::from(number)]))
    }

    /// The batch that has a block; `None` if that is not sealed.
    pub fn batch_of_block(&self, number: u64) -> Result<Option<BatchFacts>, ClientError> {
        self.0.call_optional("ashlar_batchOfBlock", json!([U64::from(number)]))
    }

    /// A message of a transaction; `None` if there is none.
    pub fn message(&self, transaction: B256, index: u64) -> Result<Option<MessageAnswer>, ClientError> {
        self.0.call_optional("ashlar_messageProof", json!([transaction, U64::from(index)]))
    }

    /// A priority operation; `None` if the node does not know it.
    pub fn operation(&self, hash: B256) -> Result<Option<OperationAnswer>, ClientError> {
        self.0.call_optional("ashlar_operation", json!([hash]))
    }

    /// What an address has withdrawn, in these blocks or in all; newest first, at most 1,000.
    pub fn withdrawals(
        &self,
        address: Address,
        blocks: Option<Blocks>,
    ) -> Result<Vec<WithdrawalAnswer>, ClientError> {
        let parameters = match blocks {
            Some(Blocks { from, to }) => {
                json!([address, {"fromBlock": U64::from(from), "toBlock": U64::from(to)}])
            }
            None => json!([address]),
        };
        self.0.call("ashlar_withdrawals", parameters)
    }

    /// What became of a transaction.
    pub fn transaction(&self, hash: B256) -> Result<TransactionAnswer, ClientError> {
        self.0.call("ashlar_transactionStatus", json!([hash]))
    }

    /// The bytes of a transaction; `None` if the node does not have it.
    pub(crate) fn raw_transaction(&self, hash: B256) -> Result<Option<Bytes>, ClientError> {
        self.0.call_optional("eth_getRawTransactionByHash", json!([hash]))
    }
}

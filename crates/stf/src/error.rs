//! Why a batch is refused.

use crate::rollup::{MessageLayout, OverLimit};
use alloc::string::String;
use alloy_primitives::{Address, B256};
use ashlar_primitives::{
    ConfigError, InputError,
    rollup::{OperationError, RollupConfigError},
};
use ashlar_pubdata::{AvailabilityError, EncodeError};
use ashlar_trie::TrieError;
use thiserror::Error;

/// Why a batch is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The bytes are not a batch input.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The chain configuration is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The rollup configuration is refused.
    #[error(transparent)]
    RollupConfig(#[from] RollupConfigError),
    /// A rollup's batch has more transactions than it may have.
    #[error("the batch has more than 65,535 transactions")]
    Transactions,
    /// A limit of a rollup's batches is passed.
    #[error("the batch: {0}")]
    OverLimit(#[from] OverLimit),
    /// What the batch changed cannot be published.
    #[error(transparent)]
    Pubdata(#[from] EncodeError),
    /// The versioned hashes do not belong to the pubdata.
    #[error(transparent)]
    Availability(#[from] AvailabilityError),
    /// The batch has no block.
    #[error("the batch has no block")]
    NoBlock,
    /// The header of the first block's parent is not in the input.
    #[error("the header of the first block's parent is not in the input")]
    NoParent,
    /// An ancestor is not the parent of the one before it.
    #[error("ancestor {0} is not the parent of the one before it")]
    AncestorLink(usize),
    /// More ancestors than `BLOCKHASH` can reach.
    #[error("{0} ancestors are more than the input may have")]
    Ancestors(usize),
    /// An ancestor's header does not decode.
    #[error("ancestor {0} is not a canonical RLP header")]
    AncestorRlp(usize),
    /// A block is refused.
    #[error("block {number}: {reason}")]
    Block {
        /// Number in the block's own header, or 0 where that does not decode.
        number: u64,
        /// What is wrong with it.
        reason: BlockError,
    },
}

/// A header field with a value that execution or the parent determines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Hash of the parent.
    ParentHash,
    /// Mix hash.
    MixHash,
    /// Ommers hash.
    OmmersHash,
    /// Difficulty.
    Difficulty,
    /// Nonce.
    Nonce,
    /// Number.
    Number,
    /// Timestamp.
    Timestamp,
    /// Gas limit.
    GasLimit,
    /// Gas used.
    GasUsed,
    /// Extra data.
    ExtraData,
    /// Base fee.
    BaseFee,
    /// Blob gas used.
    BlobGasUsed,
    /// Excess blob gas.
    ExcessBlobGas,
    /// Parent beacon block root.
    ParentBeaconRoot,
    /// Transactions root.
    TransactionsRoot,
    /// Withdrawals root.
    WithdrawalsRoot,
    /// Receipts root.
    ReceiptsRoot,
    /// Logs bloom.
    LogsBloom,
    /// Requests hash.
    RequestsHash,
    /// State root.
    StateRoot,
    /// A field of a later fork.
    LaterFork,
}

/// Why a block is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BlockError {
    /// The header is not canonical RLP.
    #[error("the header is not canonical RLP")]
    HeaderRlp,
    /// The block is older than the first fork or blob schedule entry of the configuration.
    #[error("timestamp {0} is before the first fork of the chain configuration")]
    BeforeFirstFork(u64),
    /// A header field has another value than the parent, the body or execution gives.
    #[error("header field {0:?} is wrong")]
    Field(Field),
    /// A field that the fork requires is absent.
    #[error("header field {0:?} is absent")]
    Absent(Field),
    /// A withdrawal is not canonical RLP.
    #[error("withdrawal {0} is not canonical RLP")]
    WithdrawalRlp(usize),
    /// The block's RLP exceeds EIP-7934's limit.
    #[error("the block has {0} bytes of RLP, over the limit of EIP-7934")]
    Size(usize),
    /// A transaction is refused.
    #[error("transaction {index}: {reason}")]
    Transaction {
        /// Position in the block.
        index: usize,
        /// What is wrong with it.
        reason: TransactionError,
    },
    /// A withdrawal would take a balance past 256 bits, which no reachable state has.
    #[error("a withdrawal overflows the balance of {0}")]
    BalanceOverflow(Address),
    /// A deposit contract's log does not have the layout of EIP-6110.
    #[error("a deposit log does not have the layout of EIP-6110")]
    DepositLayout,
    /// A contract whose system call makes requests has no code.
    #[error("system contract {0} has no code")]
    SystemContractAbsent(Address),
    /// A system call that makes requests failed.
    #[error("system call to {0} failed")]
    SystemCall(Address),
    /// State could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// A priority operation does not have the id after the one before it in the batch.
    #[error("priority operation {0} does not follow the one before it")]
    OperationOrder(u64),
    /// A rollup's block has no transaction.
    #[error("the block has no transaction")]
    Empty,
    /// An upgrade failed, leads to another version than the configuration's, or is not the first transaction of its batch.
    #[error(
        "the upgrade failed, leads to another protocol version, or is not the first transaction of its batch"
    )]
    Upgrade,
    /// The messenger emitted what is no message.
    #[error(transparent)]
    Message(#[from] MessageLayout),
    /// The EVM stopped for a reason that no valid block has.
    #[error("execution stopped: {0}")]
    Evm(String),
}

/// Why a transaction is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransactionError {
    /// Not a canonical EIP-2718 encoding of a known type.
    #[error("not a canonical EIP-2718 encoding of a known type")]
    Encoding,
    /// s is above n/2.
    #[error("the signature's s is above n/2 (EIP-2)")]
    HighS,
    /// No public key matches the signature.
    #[error("no sender can be recovered from the signature")]
    Signature,
    /// The gas limit exceeds what is left of the block's.
    #[error("gas limit {limit} exceeds the {left} left in the block")]
    GasLeft {
        /// The transaction's gas limit.
        limit: u64,
        /// Gas left in the block.
        left: u64,
    },
    /// Invalid at its place in the block.
    #[error("{0}")]
    Invalid(String),
    /// Blobs, which a rollup does not have.
    #[error("blob transactions (type 3) are not accepted on a rollup")]
    Blobs,
    /// A priority operation or an upgrade is malformed.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// A priority operation or an upgrade is for another chain.
    #[error("it is for the chain with id {0}")]
    ChainId(u64),
    /// A limit of a rollup's transactions is passed.
    #[error(transparent)]
    OverLimit(OverLimit),
}

/// Why state could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StateError {
    /// A trie lacks a node, or has a malformed one.
    #[error(transparent)]
    Trie(#[from] TrieError),
    /// An account's record is not canonical.
    #[error("the record of account {0} is not canonical RLP")]
    AccountRlp(Address),
    /// A storage slot's value is not canonical.
    #[error("a storage value of account {0} is not canonical RLP")]
    SlotRlp(Address),
    /// The witness lacks a code.
    #[error("code {0} is not in the witness")]
    MissingCode(B256),
    /// The witness lacks an ancestor that `BLOCKHASH` asks for.
    #[error("the header of block {0} is not in the witness")]
    MissingAncestor(u64),
    /// A contract was created over existing storage.
    #[error("account {0} was created over existing storage")]
    CreatedOverStorage(Address),
    /// The database that has the state failed; it knows more of that.
    #[error("the database of the state failed")]
    Database,
    /// Execution changed an account that it never loaded.
    #[error("account {0} was changed without being loaded")]
    NotLoaded(Address),
}

impl revm::database_interface::DBErrorMarker for StateError {}

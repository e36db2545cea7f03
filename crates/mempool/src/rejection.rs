//! Why a transaction is refused or dropped. The texts begin as geth's do, because wallets and libraries look for them.

use crate::journal::JournalError;
use alloy_primitives::{Address, B256, U256};
use ashlar_stf::TransactionError;
use ashlar_storage::StateDbError;
use std::sync::Arc;
use thiserror::Error;

/// Why a transaction is refused.
#[derive(Clone, Debug, Error)]
pub enum Rejection {
    /// It waits already.
    #[error("already known")]
    AlreadyKnown,
    /// The bytes are no transaction.
    #[error("rlp: {0}")]
    Encoding(TransactionError),
    /// A type that users cannot send: blobs, priority operations, upgrades, and those that do not exist.
    #[error("transaction type not supported: {0:#04x}")]
    Type(u8),
    /// More bytes than a transaction may have.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized {
        /// Bytes of its encoding.
        size: usize,
        /// Most bytes.
        limit: usize,
    },
    /// No sender can be recovered.
    #[error("invalid sender: {0}")]
    Sender(TransactionError),
    /// Signed for another chain.
    #[error("invalid sender: invalid chain id for signer: have {have} want {want}")]
    ChainId {
        /// Chain id that was signed.
        have: u64,
        /// The chain's.
        want: u64,
    },
    /// Signed for no chain (before EIP-155).
    #[error("only replay-protected (EIP-155) transactions allowed over RPC")]
    Unprotected,
    /// More init code than EIP-3860 allows.
    #[error("max initcode size exceeded: code size {size}, limit {limit}")]
    InitCode {
        /// Bytes of init code.
        size: usize,
        /// Most bytes.
        limit: usize,
    },
    /// A gas limit that no block has.
    #[error("exceeds block gas limit: tx gas limit {limit}, block gas limit {most}")]
    BlockGas {
        /// Its gas limit.
        limit: u64,
        /// A block's.
        most: u64,
    },
    /// A gas limit above that of transactions.
    #[error("transaction gas limit too high (cap: {most}, tx: {limit})")]
    Gas {
        /// Its gas limit.
        limit: u64,
        /// The most that it may be.
        most: u64,
    },
    /// The tip is above the fee that it is part of.
    #[error(
        "max priority fee per gas higher than max fee per gas (tip higher than fee cap): tip {tip}, fee cap {fee}"
    )]
    TipAboveFee {
        /// Wei per gas.
        tip: u128,
        /// Wei per gas.
        fee: u128,
    },
    /// The tip is below what the pool takes.
    #[error("transaction underpriced: gas tip cap {tip}, minimum needed {least}")]
    TipTooLow {
        /// Wei per gas.
        tip: u128,
        /// Wei per gas.
        least: u128,
    },
    /// The nonce that no transaction may have (EIP-2681).
    #[error("nonce has max value")]
    NonceMax,
    /// The gas limit is below what the transaction uses before it does anything.
    #[error("intrinsic gas too low: gas {limit}, minimum needed {least}")]
    IntrinsicGas {
        /// Its gas limit.
        limit: u64,
        /// Gas that it needs.
        least: u64,
    },
    /// The gas limit is below the floor of EIP-7623.
    #[error("insufficient gas for floor data gas cost: gas {limit}, minimum needed {least}")]
    FloorGas {
        /// Its gas limit.
        limit: u64,
        /// Gas that it needs.
        least: u64,
    },
    /// An EIP-7702 transaction without authorizations.
    #[error("set code tx must have at least one authorization tuple")]
    NoAuthorizations,
    /// More authorizations than the pool takes.
    #[error("too many authorization tuples: {have}, limit {limit}")]
    Authorizations {
        /// Authorizations of the transaction.
        have: usize,
        /// Most.
        limit: usize,
    },
    /// The sender is a contract (EIP-3607).
    #[error("sender not an eoa: address {0} has code")]
    SenderNotEoa(Address),
    /// A block has a transaction with this nonce, or a later one.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The account's nonce.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// The nonce is too far from the account's.
    #[error(
        "nonce too high: next nonce {next}, tx nonce {nonce}; the pool takes {most} nonces from the next on"
    )]
    NonceTooHigh {
        /// The account's nonce.
        next: u64,
        /// The transaction's.
        nonce: u64,
        /// How many nonces a sender may use.
        most: u64,
    },
    /// The sender cannot pay for it beside its other transactions.
    #[error(
        "insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, tx cost {cost}"
    )]
    InsufficientFunds {
        /// Wei of the sender.
        balance: U256,
        /// Most wei that its other transactions can take.
        queued: U256,
        /// Most wei that this one can take.
        cost: U256,
    },
    /// The nonce is taken by a transaction whose fees this one does not pass by enough.
    #[error(
        "replacement transaction underpriced: both fees must be {percent} % above those of {of}, whose nonce it has"
    )]
    ReplacementUnderpriced {
        /// The transaction with this nonce.
        of: B256,
        /// By how much.
        percent: u64,
    },
    /// A transaction of an account with a delegation, which is not its next one.
    #[error("gapped-nonce tx from delegated accounts")]
    GappedDelegated,
    /// A second transaction of an account with a delegation, or with one that waits.
    #[error("in-flight transaction limit reached for delegated accounts")]
    InFlight,
    /// An authorization of an account that has transactions which it would make invalid.
    #[error("authority already reserved: {0} has more than one transaction in the pool")]
    AuthorityReserved(Address),
    /// The pool is full of transactions that pay at least as much.
    #[error("transaction underpriced: the pool is full, effective tip {tip}, more than {least} needed")]
    Underpriced {
        /// Least tip of the transaction and those before it, wei per gas; negative below the base fee.
        tip: i128,
        /// What it would have to pass.
        least: i128,
    },
    /// The pool is full, and there is nothing in it that the transaction can push out.
    #[error("txpool is full")]
    Full,
    /// The state of the sender's account cannot be read.
    #[error("reading the sender's account: {0}")]
    State(Arc<StateDbError>),
    /// The transaction cannot be kept. Whether it is must be found out with its hash after a restart.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Rejection {
    /// Whether the node is at fault, not the transaction.
    pub const fn is_internal(&self) -> bool {
        matches!(self, Self::State(_) | Self::Journal(_))
    }
}

/// Why a transaction that was accepted is dropped.
#[derive(Clone, Debug, Error)]
pub(crate) enum Reason {
    /// Another one has its nonce.
    #[error("replaced by {0}")]
    Replaced(B256),
    /// The pool was full.
    #[error("evicted: the pool was full and {0} pays more")]
    Evicted(B256),
    /// It cannot be executed any more.
    #[error(transparent)]
    Invalid(#[from] Rejection),
    /// Whoever makes blocks refused it.
    #[error("{0}")]
    Refused(String),
}

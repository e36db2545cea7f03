//! Transactions of rollup blocks (`specs/015-rollup-blocks.md`, "Transactions").

use crate::{
    error::TransactionError,
    transaction::{self, Transaction},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, keccak256};
use ashlar_primitives::rollup::{OPERATION_TYPE, Operation, UPGRADE_TYPE, Upgrade};

/// A transaction of a rollup block, decoded, with its sender.
#[derive(Clone, Debug)]
pub struct RollupTransaction {
    /// Keccak-256 of its bytes.
    pub hash: B256,
    /// Number of its bytes.
    pub bytes: usize,
    /// What it is.
    pub kind: RollupTransactionKind,
}

/// What a transaction of a rollup block is.
#[derive(Clone, Debug)]
pub enum RollupTransactionKind {
    /// One of Ethereum's types, and who signed it.
    Signed {
        /// The transaction.
        transaction: Transaction,
        /// Its sender.
        sender: Address,
    },
    /// A priority operation.
    Operation(Operation),
    /// An upgrade.
    Upgrade(Upgrade),
}

impl RollupTransaction {
    /// Decodes canonical bytes and recovers the sender.
    pub fn decode(bytes: &[u8]) -> Result<Self, TransactionError> {
        let kind = match bytes.first() {
            Some(&OPERATION_TYPE) => RollupTransactionKind::Operation(Operation::decode(bytes)?),
            Some(&UPGRADE_TYPE) => RollupTransactionKind::Upgrade(Upgrade::decode(bytes)?),
            _ => signed(bytes)?,
        };
        Ok(Self { hash: keccak256(bytes), bytes: bytes.len(), kind })
    }

    /// Type byte (EIP-2718); 0 for legacy transactions.
    pub fn type_byte(&self) -> u8 {
        match &self.kind {
            RollupTransactionKind::Signed { transaction, .. } => transaction.tx_type().into(),
            RollupTransactionKind::Operation(_) => OPERATION_TYPE,
            RollupTransactionKind::Upgrade(_) => UPGRADE_TYPE,
        }
    }

    /// Gas limit.
    pub fn gas_limit(&self) -> u64 {
        match &self.kind {
            RollupTransactionKind::Signed { transaction, .. } => transaction.gas_limit(),
            RollupTransactionKind::Operation(operation) => operation.gas_limit,
            RollupTransactionKind::Upgrade(upgrade) => upgrade.gas_limit,
        }
    }
}

fn signed(bytes: &[u8]) -> Result<RollupTransactionKind, TransactionError> {
    let transaction = transaction::decode(bytes)?;
    if transaction.is_eip4844() {
        return Err(TransactionError::Blobs);
    }
    let sender = transaction::sender(&transaction)?;
    Ok(RollupTransactionKind::Signed { transaction, sender })
}

//! A block's lists, tied to the header (B1, B2, B5, B6).

use crate::{
    error::{BlockError, Field, TransactionError},
    transaction::{self, Transaction},
};
use alloc::vec::Vec;
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::Address;
use alloy_rlp::{Decodable, Encodable, length_of_length};
use ashlar_primitives::{BlockInput, Fork};
use ashlar_trie::ordered_root;

/// EIP-7934: `MAX_BLOCK_SIZE - SAFETY_MARGIN`.
const BLOCK_RLP_BYTES_MAX: usize = 8_388_608;

/// Decoded lists of a block, with the senders recovered from the signatures.
#[derive(Clone, Debug)]
pub struct Body {
    pub(crate) transactions: Vec<(Transaction, Address)>,
    pub(crate) withdrawals: Vec<Withdrawal>,
}

impl Body {
    /// Decodes the lists and recovers all senders.
    pub fn decode(transactions: &[&[u8]], withdrawals: &[&[u8]]) -> Result<Self, BlockError> {
        Ok(Self {
            transactions: transactions
                .iter()
                .enumerate()
                .map(|(index, bytes)| {
                    recovered(bytes).map_err(|reason| BlockError::Transaction { index, reason })
                })
                .collect::<Result<_, _>>()?,
            withdrawals: withdrawals
                .iter()
                .enumerate()
                .map(|(index, rlp)| withdrawal(rlp).ok_or(BlockError::WithdrawalRlp(index)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Blob gas of all transactions, in the order of magnitude of what `max` blobs take.
    pub(crate) fn blob_gas(&self) -> u64 {
        self.transactions
            .iter()
            .map(|(transaction, _)| transaction.blob_gas_used().unwrap_or(0))
            .fold(0, u64::saturating_add)
    }
}

fn recovered(bytes: &[u8]) -> Result<(Transaction, Address), TransactionError> {
    let transaction = transaction::decode(bytes)?;
    let sender = transaction::sender(&transaction)?;
    Ok((transaction, sender))
}

fn withdrawal(rlp: &[u8]) -> Option<Withdrawal> {
    let mut rest = rlp;
    let withdrawal = Withdrawal::decode(&mut rest).ok()?;
    let mut again = Vec::with_capacity(rlp.len());
    withdrawal.encode(&mut again);
    (rest.is_empty() && again == rlp).then_some(withdrawal)
}

/// Ties the raw lists to the header's roots, and the block's size to its limit.
pub(crate) fn check(
    header: &Header,
    block: &BlockInput<'_>,
    body: &Body,
    fork: Fork,
) -> Result<(), BlockError> {
    if ordered_root(&block.transactions) != header.transactions_root {
        return Err(BlockError::Field(Field::TransactionsRoot));
    }
    if Some(ordered_root(&block.withdrawals)) != header.withdrawals_root {
        return Err(BlockError::Field(Field::WithdrawalsRoot));
    }
    if Some(body.blob_gas()) != header.blob_gas_used {
        return Err(BlockError::Field(Field::BlobGasUsed));
    }
    let size = block_rlp_bytes(block);
    if fork >= Fork::Osaka && size > BLOCK_RLP_BYTES_MAX {
        return Err(BlockError::Size(size));
    }
    Ok(())
}

/// Bytes of the block's RLP: header, transactions, ommers (none), withdrawals.
pub(crate) fn block_rlp_bytes(block: &BlockInput<'_>) -> usize {
    let transactions = block
        .transactions
        .iter()
        // A legacy transaction, which is a list (EIP-2718), stands there as it is, a typed one as a byte string.
        .map(|bytes| match bytes.first() {
            Some(0xc0..) => bytes.len(),
            _ => with_header(bytes.len()),
        })
        .fold(0, usize::saturating_add);
    let withdrawals = block.withdrawals.iter().map(|rlp| rlp.len()).fold(0, usize::saturating_add);
    let payload = [block.header.len(), with_header(transactions), 1, with_header(withdrawals)];
    with_header(payload.into_iter().fold(0, usize::saturating_add))
}

fn with_header(payload: usize) -> usize {
    payload.saturating_add(length_of_length(payload))
}

//! Receipts of rollup blocks.

use alloc::vec::Vec;
use alloy_consensus::{Eip658Value, Receipt, ReceiptWithBloom, RlpEncodableReceipt};
use alloy_primitives::{Bloom, Log};

/// The receipt of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupReceipt {
    /// Type byte of the transaction; 0 for legacy ones.
    pub type_byte: u8,
    /// The rest, as in Ethereum.
    pub receipt: ReceiptWithBloom<Receipt>,
}

impl RollupReceipt {
    pub(super) fn new(type_byte: u8, success: bool, cumulative_gas_used: u64, logs: Vec<Log>) -> Self {
        let status = Eip658Value::Eip658(success);
        Self { type_byte, receipt: Receipt { status, cumulative_gas_used, logs }.with_bloom() }
    }

    /// Whether the transaction succeeded.
    pub fn is_success(&self) -> bool {
        self.receipt.receipt.status.coerce_status()
    }

    /// Logs of the transaction.
    pub fn logs(&self) -> &[Log] {
        &self.receipt.receipt.logs
    }

    /// Bloom filter over the logs.
    pub const fn bloom(&self) -> Bloom {
        self.receipt.logs_bloom
    }

    /// The bytes in the receipts' trie (EIP-2718): those of a legacy transaction have no type.
    pub fn encode_2718(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.type_byte != 0 {
            out.push(self.type_byte);
        }
        self.receipt.receipt.rlp_encode_with_bloom(&self.receipt.logs_bloom, &mut out);
        out
    }
}

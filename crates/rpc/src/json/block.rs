//! Blocks.

use super::{extend, fields, quantity, transaction};
use crate::{blocks::Block, error::RpcError};
use alloy_consensus::Header;
use alloy_primitives::Bytes;
use alloy_rlp::Encodable;
use ashlar_stf::SealedHeader;
use serde_json::{Value, json};

/// Bytes of the RLP of a block's two empty lists: ommers and withdrawals.
const EMPTY_LISTS_BYTES: usize = 2;

/// A header.
pub(crate) fn header(header: &SealedHeader) -> Result<Value, RpcError> {
    let mut all = fields(&header.header)?;
    extend(&mut all, json!({ "hash": header.hash }));
    Ok(Value::Object(all))
}

/// A block, with its transactions or their hashes.
pub(crate) fn full_block(block: &Block, has_transactions: bool) -> Result<Value, RpcError> {
    let Value::Object(mut all) = header(&block.record.header)? else { return Err(RpcError::Internal) };
    let transactions: Vec<_> = if has_transactions {
        block.transactions().map(|placed| transaction(&placed?)).collect::<Result<_, _>>()?
    } else {
        block.record.results.iter().map(|result| json!(result.hash)).collect()
    };
    let size = bytes(&block.record.header.header, &block.record.transactions);
    extend(&mut all, body(size, transactions));
    Ok(Value::Object(all))
}

/// The block that is not made yet: nobody knows what will be in it.
pub(crate) fn pending_block(header: &Header) -> Result<Value, RpcError> {
    let mut all = fields(header)?;
    extend(&mut all, body(bytes(header, &[]), Vec::new()));
    extend(&mut all, json!({ "hash": null, "nonce": null, "miner": null }));
    Ok(Value::Object(all))
}

fn body(size: usize, transactions: Vec<Value>) -> Value {
    json!({
        "size": quantity(size),
        "totalDifficulty": quantity(0),
        "transactions": transactions,
        "uncles": [],
        "withdrawals": [],
    })
}

/// Bytes of a block's RLP.
fn bytes(header: &Header, transactions: &[Bytes]) -> usize {
    let lengths = transactions.iter().map(|bytes| match bytes.first() {
        // A legacy transaction is a list itself, others are strings.
        Some(0xc0..) => bytes.len(),
        _ => bytes.length(),
    });
    let transactions = lengths.sum();
    let payload = header.length() + with_list_header(transactions) + EMPTY_LISTS_BYTES;
    with_list_header(payload)
}

fn with_list_header(payload_length: usize) -> usize {
    payload_length + alloy_rlp::length_of_length(payload_length)
}

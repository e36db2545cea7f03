//! Reading of vectors.

#![allow(dead_code, reason = "each test file uses a part")]

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_pubdata::LastHeader;
use serde_json::Value;

pub(crate) fn pubdata_vectors() -> Value {
    serde_json::from_str(include_str!("../../../../specs/vectors/pubdata.json")).unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub(crate) fn bytes(value: &Value) -> Bytes {
    hex::decode(&text(value)[2..]).unwrap().into()
}

pub(crate) fn hash(value: &Value) -> B256 {
    B256::from_slice(&bytes(value))
}

pub(crate) fn address(value: &Value) -> Address {
    Address::from_slice(&bytes(value))
}

pub(crate) fn number(value: &Value) -> U256 {
    text(value).parse().unwrap()
}

pub(crate) fn u64(value: &Value) -> u64 {
    text(value).parse().unwrap()
}

pub(crate) fn header(value: &Value) -> LastHeader {
    LastHeader {
        number: u64(&value["number"]),
        timestamp: u64(&value["timestamp"]),
        gas_used: u64(&value["gasUsed"]),
        excess_gas: u64(&value["excessGas"]),
        beneficiary: address(&value["beneficiary"]),
        parent_hash: hash(&value["parentHash"]),
        transactions_root: hash(&value["transactionsRoot"]),
        receipts_root: hash(&value["receiptsRoot"]),
        state_root: hash(&value["stateRoot"]),
        logs_bloom: <[u8; 256]>::try_from(&bytes(&value["bloom"])[..]).unwrap().into(),
    }
}

/// A header of which nothing matters but number and parent.
pub(crate) fn plain_header(number: u64, parent_hash: B256) -> LastHeader {
    LastHeader {
        number,
        timestamp: 1,
        gas_used: 2,
        excess_gas: 3,
        beneficiary: Address::repeat_byte(4),
        parent_hash,
        transactions_root: B256::repeat_byte(5),
        receipts_root: B256::repeat_byte(6),
        state_root: B256::repeat_byte(7),
        logs_bloom: Default::default(),
    }
}

//! JSON of answers, as Ethereum's execution-apis describe it.

mod block;
mod receipt;
mod transaction;

pub(crate) use block::{full_block, header, pending_block};
pub(crate) use receipt::{log, receipt};
pub(crate) use transaction::{pooled_transaction, transaction};

use crate::error::RpcError;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::LowerHex;

/// A quantity: hexadecimal digits without leading zeros.
pub(crate) fn quantity(number: impl LowerHex) -> Value {
    Value::String(format!("{number:#x}"))
}

/// The fields of a value that is an object.
pub(crate) fn fields(value: &impl Serialize) -> Result<Map<String, Value>, RpcError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(RpcError::Internal),
    }
}

/// An object's fields after those of another; of two with one name the second counts.
fn extend(fields: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        fields.extend(more);
    }
}

//! JSON of answers.

use serde_json::Value;
use std::fmt::LowerHex;

/// A quantity: hexadecimal digits without leading zeros.
pub(crate) fn quantity(number: impl LowerHex) -> Value {
    Value::String(format!("{number:#x}"))
}

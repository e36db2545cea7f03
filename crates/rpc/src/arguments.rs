//! Arguments of a request.

use crate::error::RpcError;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Arguments of a request, taken one after the other.
#[derive(Debug)]
pub(crate) struct Arguments {
    values: std::vec::IntoIter<Box<RawValue>>,
    taken: usize,
}

impl Arguments {
    /// Of the JSON of a request's `params`.
    pub(crate) fn parse(json: Option<&str>) -> Result<Self, RpcError> {
        let values: Vec<_> = match json {
            None => Vec::new(),
            Some(json) => serde_json::from_str(json).map_err(|_| RpcError::NotAList)?,
        };
        Ok(Self { values: values.into_iter(), taken: 0 })
    }

    /// The next argument.
    pub(crate) fn required<T: DeserializeOwned>(&mut self) -> Result<T, RpcError> {
        let index = self.taken;
        self.optional()?.ok_or(RpcError::MissingArgument(index))
    }

    /// The next argument, which may be absent or null.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self) -> Result<Option<T>, RpcError> {
        let index = self.taken;
        self.taken += 1;
        let Some(value) = self.values.next() else { return Ok(None) };
        let invalid = |error: serde_json::Error| RpcError::Argument { index, reason: error.to_string() };
        serde_json::from_str(value.get()).map_err(invalid)
    }

    /// Refuses arguments that nobody took.
    pub(crate) fn end(mut self) -> Result<(), RpcError> {
        match self.values.next() {
            Some(_) => Err(RpcError::TooManyArguments(self.taken)),
            None => Ok(()),
        }
    }
}

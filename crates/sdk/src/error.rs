//! Why nothing can be read of a chain.

use ashlar_ethereum::{CallError, Class, ClientError};
use thiserror::Error;

/// A node does not answer, or not to the question.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It does not answer, or a contract does not.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What the rollup's node says contradicts itself.
    #[error("the rollup's node is not to be believed: {0}")]
    Contradiction(String),
}

impl From<ClientError> for ReadError {
    fn from(error: ClientError) -> Self {
        Self::Call(error.into())
    }
}

/// Errors that may pass by.
pub(crate) trait MayPass {
    /// Whether trying again later can help.
    fn may_pass(&self) -> bool;
}

impl MayPass for ReadError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Call(error) if error.class() == Class::Temporary)
    }
}

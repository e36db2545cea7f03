//! Errors as clients see them.

use crate::node::Refused;
use alloy_primitives::{B256, Bytes};
use ashlar_stf::{BlockError, StateError, rollup::OverLimit};
use ashlar_storage::{ChainError, OperationsError, StoreError};
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned};
use thiserror::Error;

/// Code of what the server refuses for what Ethereum's clients have no code.
pub(crate) const SERVER: i32 = -32_000;
/// Code of wrong arguments.
pub(crate) const INVALID_PARAMS: i32 = -32_602;
/// Code of what passes a limit (EIP-1474).
pub(crate) const LIMIT: i32 = -32_005;
/// Code of a call that reverted.
pub(crate) const REVERTED: i32 = 3;
/// Code of a transaction that is in no block in time (EIP-7966).
pub(crate) const TIMEOUT: i32 = 4;
/// Code of what is the node's fault.
pub(crate) const INTERNAL: i32 = -32_603;

/// Why a request has no result.
#[derive(Debug, Error)]
pub(crate) enum RpcError {
    #[error("invalid arguments: want a list")]
    NotAList,
    #[error("missing value for required argument {0}")]
    MissingArgument(usize),
    #[error("invalid argument {index}: {reason}")]
    Argument { index: usize, reason: String },
    #[error("too many arguments, want at most {0}")]
    TooManyArguments(usize),
    /// Arguments that contradict each other.
    #[error("{0}")]
    Invalid(String),
    #[error("header not found")]
    UnknownBlock,
    #[error("filter not found")]
    UnknownFilter,
    /// What a transaction or a call is refused for, in Ethereum's words.
    #[error("{0}")]
    Refused(String),
    #[error("{}", .0.message)]
    Pool(Refused),
    #[error("execution reverted{}", reason(.0))]
    Reverted(Bytes),
    #[error("the transaction passes a limit of the chain: {0}; split it into smaller ones")]
    OverLimit(OverLimit),
    #[error("{0}")]
    Limit(String),
    #[error("the server is busy: try again")]
    Busy,
    #[error("the transaction is in no block after {milliseconds} ms; it may come into one later")]
    Timeout { hash: B256, milliseconds: u128 },
    #[error("the database failed: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Operations(#[from] OperationsError),
    #[error("the state cannot be read: {0}")]
    State(#[from] StateError),
    #[error("the block cannot be executed: {0}")]
    Block(#[from] BlockError),
    #[error("executed again, it is not the same; the database is damaged, or of another version: {0}")]
    Replay(String),
    #[error("the request failed inside the server")]
    Internal,
}

impl RpcError {
    /// The code of JSON-RPC.
    fn code(&self) -> i32 {
        match self {
            Self::NotAList
            | Self::MissingArgument(_)
            | Self::Argument { .. }
            | Self::TooManyArguments(_)
            | Self::Invalid(_) => INVALID_PARAMS,
            Self::UnknownBlock | Self::UnknownFilter | Self::Refused(_) | Self::OverLimit(_) => SERVER,
            Self::Pool(refused) => refused.code,
            Self::Reverted(_) => REVERTED,
            Self::Limit(_) | Self::Busy => LIMIT,
            Self::Timeout { .. } => TIMEOUT,
            Self::Store(_)
            | Self::Chain(_)
            | Self::Operations(_)
            | Self::State(_)
            | Self::Block(_)
            | Self::Replay(_)
            | Self::Internal => INTERNAL,
        }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        if code == INTERNAL {
            tracing::error!(%message, "a request failed");
        }
        match error {
            RpcError::Reverted(data) => ErrorObject::owned(code, message, Some(data)),
            RpcError::Timeout { hash, .. } => ErrorObject::owned(code, message, Some(hash)),
            _ => ErrorObject::owned(code, message, None::<()>),
        }
    }
}

/// What follows on "execution reverted": the text of `Error(string)`, or the code of `Panic(uint256)`.
fn reason(data: &Bytes) -> String {
    match solidity_reason(data) {
        Some(reason) => format!(": {reason}"),
        None => String::new(),
    }
}

/// Selector of `Error(string)`.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// Selector of `Panic(uint256)`.
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

fn solidity_reason(data: &[u8]) -> Option<String> {
    match revert_data(data)? {
        RevertData::Text(text) => Some(text),
        RevertData::Panic(code) => Some(format!("panic code {code:#04x}")),
    }
}

/// The reason in traces: the text of `Error(string)`, or what the code of `Panic(uint256)` means.
pub(crate) fn revert_reason(data: &[u8]) -> Option<String> {
    match revert_data(data)? {
        RevertData::Text(text) => Some(text),
        RevertData::Panic(code) => Some(match panic_meaning(code) {
            Some(meaning) => meaning.to_owned(),
            None => format!("unknown panic code: {code:#x}"),
        }),
    }
}

/// What codes of `Panic(uint256)` mean, in geth's words.
const fn panic_meaning(code: usize) -> Option<&'static str> {
    Some(match code {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return None,
    })
}

/// What Solidity reverts with.
enum RevertData {
    Text(String),
    Panic(usize),
}

fn revert_data(data: &[u8]) -> Option<RevertData> {
    let (selector, words) = data.split_first_chunk::<4>()?;
    match *selector {
        ERROR => {
            let offset = small(words)?;
            let rest = words.get(offset..)?;
            let length = small(rest)?;
            let text = rest.get(32..)?.get(..length)?;
            String::from_utf8(text.to_vec()).ok().map(RevertData::Text)
        }
        PANIC => small(words).map(RevertData::Panic),
        _ => None,
    }
}

/// The first word, if it is below 2^32.
fn small(words: &[u8]) -> Option<usize> {
    let (word, _) = words.split_first_chunk::<32>()?;
    let (zeros, number) = word.split_last_chunk::<4>()?;
    let number = usize::try_from(u32::from_be_bytes(*number)).ok()?;
    zeros.iter().all(|byte| *byte == 0).then_some(number)
}

//! What holds between parts of pubdata: one function for encoder and decoder.

use crate::types::{LogBody, PublishedLog, TRANSACTION_INDEX_MAX};

/// Whether a log may follow the one before: transactions in order, of each the messages and then at most one status.
pub(crate) fn log_may_follow(before: Option<&PublishedLog>, log: &PublishedLog) -> bool {
    if log.transaction > TRANSACTION_INDEX_MAX {
        return false;
    }
    before.is_none_or(|before| match before.body {
        LogBody::Status { .. } => before.transaction < log.transaction,
        LogBody::Message { .. } => before.transaction <= log.transaction,
    })
}

/// How many leading bytes a key has in common with the one before, at most 31; `None` if it is not above it. The first
/// key's is compared with zero.
pub(crate) fn shared_bytes(before: Option<&[u8; 32]>, key: &[u8; 32]) -> Option<u8> {
    if before.is_some_and(|before| before >= key) {
        return None;
    }
    let before = before.unwrap_or(&[0; 32]);
    // The last byte stands there in any case: the first key may be zero itself.
    let common = before.iter().zip(key).take(31).take_while(|(a, b)| a == b).count();
    u8::try_from(common).ok()
}

//! Messages to Ethereum (`specs/017-messages.md`).

use alloy_primitives::{Address, B256, Bytes, Log, U256, b256, keccak256};
use ashlar_primitives::rollup::MESSENGER;
use thiserror::Error;

/// First topic of `L1MessageSent(address,bytes32,bytes)`.
const MESSAGE_TOPIC: B256 = b256!("3a36e47291f4201faf137fab081d92295bce2d53be2c6ca68ba82c7faa9ce241");

/// A message that a contract sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub sender: Address,
    /// Keccak-256 of the message.
    pub hash: B256,
    /// The message.
    pub data: Bytes,
}

/// A log of the messenger is none that its code emits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a log of the messenger does not have the layout of a message")]
pub struct MessageLayout;

impl Message {
    /// The message that a log is; `None` if it is none.
    pub(super) fn read(log: &Log) -> Option<Result<Self, MessageLayout>> {
        let is_message = log.address == MESSENGER && log.topics().first() == Some(&MESSAGE_TOPIC);
        is_message.then(|| decode(log).ok_or(MessageLayout))
    }
}

fn decode(log: &Log) -> Option<Message> {
    let [_, sender, hash] = log.topics() else { return None };
    let address = Address::from_word(*sender);
    let (offset, rest) = log.data.data.split_at_checked(32)?;
    let (length, rest) = rest.split_at_checked(32)?;
    let length = usize::try_from(U256::from_be_slice(length)).ok()?;
    let (data, padding) = rest.split_at_checked(length)?;
    let is_canonical = address.into_word() == *sender
        && U256::from_be_slice(offset) == U256::from(32)
        && padding.len() == length.wrapping_neg() % 32
        && padding.iter().all(|byte| *byte == 0);
    let message = Message { sender: address, hash: keccak256(data), data: log.data.data.slice_ref(data) };
    (is_canonical && message.hash == *hash).then_some(message)
}

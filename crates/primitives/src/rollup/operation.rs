//! Priority operations and their queue (`specs/016-priority-operations.md`).

use super::OPERATION_TYPE;
use crate::words::{WordError, WordReader, WordWriter};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U160, U256, keccak256, uint};
use thiserror::Error;

/// Bytes of the words before the data.
const WORDS_BYTES: usize = 320;

/// What is added to the address of a contract on Ethereum.
const ALIAS_OFFSET: U160 = uint!(0x1111000000000000000000000000000000001111_U160);

/// Domain bytes of the queue's tree.
const LEAF: u8 = 0;
const NODE: u8 = 1;

/// A call that Ethereum asks the chain to make.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// EIP-155 id of the chain that it is for.
    pub chain_id: u64,
    /// Position in the chain's queue, from 0.
    pub id: u64,
    /// Who asked, as the chain sees it.
    pub from: Address,
    /// Who is called.
    pub to: Address,
    /// Wei that the call carries.
    pub value: U256,
    /// Wei that are minted.
    pub mint: U256,
    /// Gas limit.
    pub gas_limit: u64,
    /// Gas price, wei.
    pub gas_price: u128,
    /// Who receives what is left.
    pub refund_recipient: Address,
    /// Data of the call.
    pub data: Bytes,
}

/// Why bytes are not a priority operation or an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OperationError {
    /// The first byte is not the type's.
    #[error("the type byte is wrong")]
    Type,
    /// The words are not those of the format.
    #[error(transparent)]
    Words(#[from] WordError),
    /// A deployment's code begins with a byte that no transaction can deploy (EIP-3541).
    #[error("the code for {0} begins with 0xef")]
    ReservedCode(Address),
    /// A deployment is for the contract of the history of block hashes (EIP-2935).
    #[error("the code of the history of block hashes cannot be changed")]
    HistoryCode,
    /// The bytes are fewer or more than the format has.
    #[error("{have} bytes follow where the format has {want}")]
    Length {
        /// Bytes present.
        have: usize,
        /// Bytes of the format.
        want: usize,
    },
    /// More deployments than an upgrade may have, or one whose code is too long.
    #[error("the upgrade has too many deployments, or one with too much code")]
    Deployments,
    /// More gas than an upgrade may have.
    #[error("the upgrade's gas limit {0} is above 2^26")]
    UpgradeGas(u64),
}

impl Operation {
    /// The bytes that stand in a block.
    pub fn encode(&self) -> Vec<u8> {
        let words = WordWriter::with_capacity(10)
            .u64(self.chain_id)
            .u64(self.id)
            .address(&self.from)
            .address(&self.to)
            .u256(&self.value)
            .u256(&self.mint)
            .u64(self.gas_limit)
            .u256(&U256::from(self.gas_price))
            .address(&self.refund_recipient)
            .u64(self.data.len().try_into().unwrap_or(u64::MAX))
            .finish();
        [&[OPERATION_TYPE], words.as_slice(), self.data.as_ref()].concat()
    }

    /// Reads the bytes of [`Operation::encode`], and no others.
    pub fn decode(bytes: &[u8]) -> Result<Self, OperationError> {
        let (words, data) = split(bytes, OPERATION_TYPE, WORDS_BYTES)?;
        let mut words = WordReader::new(words)?;
        let operation = Self {
            chain_id: words.u64()?,
            id: words.u64()?,
            from: words.address()?,
            to: words.address()?,
            value: words.u256()?,
            mint: words.u256()?,
            gas_limit: words.u64()?,
            gas_price: words.u128()?,
            refund_recipient: words.address()?,
            data: Bytes::copy_from_slice(data),
        };
        expect_length(data.len(), words.u32()?)?;
        Ok(operation)
    }

    /// Keccak-256 of the encoding.
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }
}

/// Splits bytes into those of the words and the rest, behind the type's byte.
pub(super) fn split(bytes: &[u8], kind: u8, words_bytes: usize) -> Result<(&[u8], &[u8]), OperationError> {
    let rest = match bytes.split_first() {
        Some((first, rest)) if *first == kind => rest,
        _ => return Err(OperationError::Type),
    };
    rest.split_at_checked(words_bytes).ok_or(OperationError::Length { have: rest.len(), want: words_bytes })
}

pub(super) fn expect_length(have: usize, want: u32) -> Result<(), OperationError> {
    let want = usize::try_from(want).unwrap_or(usize::MAX);
    if have == want { Ok(()) } else { Err(OperationError::Length { have, want }) }
}

/// How the chain sees a contract of Ethereum.
pub fn alias(contract: Address) -> Address {
    Address::from(U160::from_be_bytes(contract.0.0).wrapping_add(ALIAS_OFFSET))
}

/// Hash over the operations of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationsHash(B256);

impl Default for OperationsHash {
    fn default() -> Self {
        Self(keccak256([]))
    }
}

impl OperationsHash {
    /// Appends an operation's hash.
    pub fn push(&mut self, operation: &B256) {
        self.0 = keccak256([self.0.0, operation.0].concat());
    }

    /// The hash so far.
    pub const fn get(&self) -> B256 {
        self.0
    }
}

/// Leaf of the queue's tree: an operation, and until when (Ethereum's time) it has to be executed.
pub fn queue_leaf(operation: &B256, deadline: u64) -> B256 {
    keccak256([&[LEAF], operation.as_slice(), &deadline.to_be_bytes()].concat())
}

/// Node of the queue's tree.
pub fn queue_node(left: &B256, right: &B256) -> B256 {
    keccak256([&[NODE], left.as_slice(), right.as_slice()].concat())
}

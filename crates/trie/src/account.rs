//! What the leaves of the state trie and of storage tries hold.

use alloc::vec::Vec;

use alloy_primitives::{B256, KECCAK256_EMPTY, U256};

use crate::{
    EMPTY_ROOT,
    error::NodeFault,
    rlp::{exact_list, push_list_header, push_string, significant, split_string, string_item_len},
};

/// An account as the state trie holds it (Yellow Paper, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts created by a contract.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// Root of the storage trie: Keccak-256 of the slot to RLP of the value.
    pub storage_root: B256,
    /// Keccak-256 of the code.
    pub code_hash: B256,
}

impl Default for Account {
    /// The account with nothing in it.
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, storage_root: EMPTY_ROOT, code_hash: KECCAK256_EMPTY }
    }
}

/// Why a leaf's value is not an account or a storage value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueFault {
    /// Not RLP, or not in its shortest form, or not of the expected kind.
    #[error(transparent)]
    Rlp(#[from] NodeFault),
    /// An integer with a leading zero byte.
    #[error("integer with a leading zero")]
    LeadingZero,
    /// An integer of more than 8 bytes (nonce) or 32 bytes.
    #[error("integer out of range")]
    OutOfRange,
    /// A hash that does not have 32 bytes.
    #[error("hash of {len} bytes")]
    HashLength {
        /// Its length in bytes.
        len: usize,
    },
    /// A storage trie holds no zeros: writing zero removes the slot.
    #[error("storage value of zero")]
    ZeroStorage,
}

impl Account {
    /// The leaf's value: the RLP list of the four fields, 70 to 110 bytes.
    #[allow(clippy::arithmetic_side_effects, reason = "at most 110")]
    pub fn encode(&self) -> Vec<u8> {
        let nonce = self.nonce.to_be_bytes();
        let balance = self.balance.to_be_bytes::<32>();
        let (nonce, balance) = (significant(&nonce), significant(&balance));
        let payload_len = string_item_len(nonce) + string_item_len(balance) + 66;
        let mut out = Vec::with_capacity(payload_len + 2);
        push_list_header(&mut out, payload_len);
        push_string(&mut out, nonce);
        push_string(&mut out, balance);
        push_string(&mut out, &self.storage_root.0);
        push_string(&mut out, &self.code_hash.0);
        out
    }

    /// The inverse of [`Account::encode`]: accepts what it returns and nothing else.
    ///
    /// # Errors
    ///
    /// [`ValueFault`], except `ZeroStorage`.
    pub fn decode(value: &[u8]) -> Result<Self, ValueFault> {
        let rest = exact_list(value)?;
        let (nonce, rest) = split_string(rest)?;
        let (balance, rest) = split_string(rest)?;
        let (storage_root, rest) = split_string(rest)?;
        let (code_hash, rest) = split_string(rest)?;
        if !rest.is_empty() {
            return Err(NodeFault::TrailingBytes.into());
        }
        Ok(Self {
            nonce: integer(nonce)?.try_into().map_err(|_| ValueFault::OutOfRange)?,
            balance: integer(balance)?,
            storage_root: hash(storage_root)?,
            code_hash: hash(code_hash)?,
        })
    }
}

/// The value of a storage trie's leaf: RLP of the integer. `None` for zero, for which there is no leaf.
pub fn encode_storage_value(value: U256) -> Option<Vec<u8>> {
    let digits = value.to_be_bytes::<32>();
    let digits = significant(&digits);
    if digits.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(string_item_len(digits));
    push_string(&mut out, digits);
    Some(out)
}

/// The inverse of [`encode_storage_value`].
///
/// # Errors
///
/// [`ValueFault`], except `HashLength`.
pub fn decode_storage_value(value: &[u8]) -> Result<U256, ValueFault> {
    let (digits, rest) = split_string(value)?;
    if !rest.is_empty() {
        return Err(NodeFault::TrailingBytes.into());
    }
    if digits.is_empty() {
        return Err(ValueFault::ZeroStorage);
    }
    integer(digits)
}

fn integer(digits: &[u8]) -> Result<U256, ValueFault> {
    if digits.first() == Some(&0) {
        return Err(ValueFault::LeadingZero);
    }
    U256::try_from_be_slice(digits).ok_or(ValueFault::OutOfRange)
}

fn hash(bytes: &[u8]) -> Result<B256, ValueFault> {
    B256::try_from(bytes).map_err(|_| ValueFault::HashLength { len: bytes.len() })
}

//! 32-byte big-endian words: the static part of Solidity's ABI.

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, U256};
use thiserror::Error;

/// Why bytes are not the expected sequence of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WordError {
    /// Fewer words than the format has.
    #[error("{have} words where at least {want} are needed")]
    Short {
        /// Words present.
        have: usize,
        /// Words needed.
        want: usize,
    },
    /// The length is not that of the format.
    #[error("{have} bytes where the format has {want}")]
    Length {
        /// Bytes present.
        have: usize,
        /// Bytes of the format.
        want: usize,
    },
    /// A value does not fit the type of its field.
    #[error("word {index} exceeds its type")]
    Range {
        /// Position of the word.
        index: usize,
    },
}

/// Appends words.
#[derive(Default)]
pub(crate) struct WordWriter(Vec<u8>);

impl WordWriter {
    pub(crate) fn with_capacity(words: usize) -> Self {
        Self(Vec::with_capacity(words.saturating_mul(32)))
    }

    pub(crate) fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&[0; 24]);
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(crate) fn hash(mut self, value: &B256) -> Self {
        self.0.extend_from_slice(value.as_slice());
        self
    }

    pub(crate) fn u256(self, value: &U256) -> Self {
        self.hash(&B256::from(*value))
    }

    pub(crate) fn address(self, value: &Address) -> Self {
        self.hash(&value.into_word())
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads words in order.
pub(crate) struct WordReader<'a> {
    words: &'a [[u8; 32]],
    next: usize,
}

impl<'a> WordReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, WordError> {
        let (words, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(WordError::Length { have: bytes.len(), want: words.len().saturating_mul(32) });
        }
        Ok(Self { words, next: 0 })
    }

    pub(crate) fn hash(&mut self) -> Result<B256, WordError> {
        let want = self.next.saturating_add(1);
        let word = self.words.get(self.next).ok_or(WordError::Short { have: self.words.len(), want })?;
        self.next = want;
        Ok(B256::from(*word))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, WordError> {
        let index = self.next;
        let word = self.hash()?;
        let (high, low) = word.split_at(24);
        if high.iter().any(|byte| *byte != 0) {
            return Err(WordError::Range { index });
        }
        Ok(u64::from_be_bytes(low.try_into().map_err(|_| WordError::Range { index })?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, WordError> {
        let index = self.next;
        self.u64()?.try_into().map_err(|_| WordError::Range { index })
    }

    pub(crate) fn u32(&mut self) -> Result<u32, WordError> {
        let index = self.next;
        self.u64()?.try_into().map_err(|_| WordError::Range { index })
    }

    pub(crate) fn u128(&mut self) -> Result<u128, WordError> {
        let index = self.next;
        self.u256()?.try_into().map_err(|_| WordError::Range { index })
    }

    pub(crate) fn u256(&mut self) -> Result<U256, WordError> {
        self.hash().map(|word| U256::from_be_bytes(word.0))
    }

    pub(crate) fn address(&mut self) -> Result<Address, WordError> {
        let index = self.next;
        let word = self.hash()?;
        let address = Address::from_word(word);
        if address.into_word() == word { Ok(address) } else { Err(WordError::Range { index }) }
    }

    /// Ends reading: nothing may remain.
    pub(crate) fn finish(self) -> Result<(), WordError> {
        if self.next == self.words.len() {
            return Ok(());
        }
        let bytes = |words: usize| words.saturating_mul(32);
        Err(WordError::Length { have: bytes(self.words.len()), want: bytes(self.next) })
    }
}

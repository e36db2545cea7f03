//! Reading untrusted bytes from front to back.

use crate::decode::DecodeError;

/// What is left of the bytes.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, length: bytes.len() }
    }

    /// Position of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or(DecodeError::End { length: self.length })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DecodeError::End { length: self.length })?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// LEB128 of a u64 in the fewest bytes.
    pub(crate) fn varint(&mut self) -> Result<u64, DecodeError> {
        let at = self.at();
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let digit = u64::from(byte & 0x7f);
            // Of the tenth byte one bit is left.
            if shift == 63 && byte > 1 {
                break;
            }
            value |= digit << shift;
            if byte < 0x80 {
                let minimal = byte != 0 || shift == 0;
                return if minimal { Ok(value) } else { Err(DecodeError::Varint { at }) };
            }
        }
        Err(DecodeError::Varint { at })
    }

    /// The number of items of a list, each of at least `item_bytes_min` bytes: what memory is set aside for is there.
    pub(crate) fn count(&mut self, item_bytes_min: usize) -> Result<usize, DecodeError> {
        let at = self.at();
        let count = self.varint()?;
        usize::try_from(count)
            .ok()
            .filter(|items| items.checked_mul(item_bytes_min).is_some_and(|bytes| bytes <= self.rest.len()))
            .ok_or(DecodeError::Count { at, count })
    }

    /// As many bytes as the varint before them says.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.count(1)?;
        self.take(length)
    }
}

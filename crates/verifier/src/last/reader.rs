//! Reads a proof's bytes, once and in order.

use alloc::vec::Vec;

use ashlar_machine::Val;
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use super::error::RefusedFinal;
use super::hash::Node;
use super::shape::DEGREE;
use crate::config::Challenge;

/// The bytes that are still to be read.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, bytes: usize) -> Result<&'a [u8], RefusedFinal> {
        let (bytes, rest) = self.0.split_at_checked(bytes).ok_or(RefusedFinal::Truncated)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn element(&mut self) -> Result<Val, RefusedFinal> {
        elements(self.bytes(4)?)?.first().copied().ok_or(RefusedFinal::Truncated)
    }

    pub(super) fn challenge(&mut self) -> Result<Challenge, RefusedFinal> {
        Ok(self.challenges(1)?.first().copied().unwrap_or_default())
    }

    /// So many elements of the extension field. How many is for the shape to say.
    pub(super) fn challenges(&mut self, count: usize) -> Result<Vec<Challenge>, RefusedFinal> {
        let elements = elements(self.bytes(4 * DEGREE * count)?)?;
        Ok(elements.as_chunks::<DEGREE>().0.iter().map(|element| Challenge::new(*element)).collect())
    }

    pub(super) fn node(&mut self) -> Result<Node, RefusedFinal> {
        self.bytes(size_of::<Node>())?.first_chunk().copied().ok_or(RefusedFinal::Truncated)
    }

    /// Nothing may be left.
    pub(super) const fn finish(self) -> Result<(), RefusedFinal> {
        match self.0.len() {
            0 => Ok(()),
            bytes => Err(RefusedFinal::TrailingBytes { bytes }),
        }
    }
}

/// The elements of the base field in these bytes, each of which is below p.
pub(super) fn elements(bytes: &[u8]) -> Result<Vec<Val>, RefusedFinal> {
    let element = |bytes: &[u8; 4]| {
        let number = u32::from_be_bytes(*bytes);
        if number < Val::ORDER_U32 { Ok(Val::from_u32(number)) } else { Err(RefusedFinal::NotCanonical) }
    };
    bytes.as_chunks::<4>().0.iter().map(element).collect()
}

//! Headers before a block (W2): what `BLOCKHASH` reads.

use crate::{
    error::{Error, StateError},
    header::SealedHeader,
};
use alloc::vec::Vec;
use alloy_primitives::B256;

/// Most blocks that `BLOCKHASH` reaches.
const ANCESTORS_MAX: usize = 256;

/// A chain of headers that ends at the parent of the block to execute.
#[derive(Clone, Debug)]
pub struct Ancestors {
    parent: SealedHeader,
    /// Hashes by descending number; the first is the parent's.
    hashes: Vec<B256>,
}

impl Ancestors {
    /// Links RLP headers, newest first: each must be the parent of the one before.
    pub fn link(headers: &[&[u8]]) -> Result<Self, Error> {
        if headers.len() > ANCESTORS_MAX {
            return Err(Error::Ancestors(headers.len()));
        }
        let (first, rest) = headers.split_first().ok_or(Error::NoParent)?;
        let parent = SealedHeader::decode(first).map_err(|_| Error::AncestorRlp(0))?;
        let mut hashes = Vec::with_capacity(headers.len());
        hashes.push(parent.hash);
        let (mut wanted, mut number) = (parent.header.parent_hash, parent.header.number);
        for (index, rlp) in (1..).zip(rest) {
            let ancestor = SealedHeader::decode(rlp).map_err(|_| Error::AncestorRlp(index))?;
            if ancestor.hash != wanted || ancestor.header.number.checked_add(1) != Some(number) {
                return Err(Error::AncestorLink(index));
            }
            hashes.push(ancestor.hash);
            (wanted, number) = (ancestor.header.parent_hash, ancestor.header.number);
        }
        Ok(Self { parent, hashes })
    }

    /// A chain of one header, the parent's.
    pub fn of(parent: SealedHeader) -> Self {
        Self { hashes: alloc::vec![parent.hash], parent }
    }

    /// The last block so far.
    pub const fn parent(&self) -> &SealedHeader {
        &self.parent
    }

    /// Appends the block that was executed.
    pub(crate) fn push(&mut self, block: SealedHeader) {
        self.hashes.insert(0, block.hash);
        self.hashes.truncate(ANCESTORS_MAX);
        self.parent = block;
    }

    /// Hash of the block with this number, which must be one of the ancestors.
    pub(crate) fn hash(&self, number: u64) -> Result<B256, StateError> {
        let depth = self.parent.header.number.checked_sub(number);
        depth
            .and_then(|depth| self.hashes.get(usize::try_from(depth).ok()?))
            .copied()
            .ok_or(StateError::MissingAncestor(number))
    }
}

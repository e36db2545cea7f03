//! Trie nodes of a store: what an update of a trie has to read.

use crate::store::StoreError;
use alloy_primitives::{B256, keccak256, map::B256Map};
use alloy_rlp::Decodable;
use alloy_trie::{
    Nibbles,
    nodes::{RlpNode, TrieNode},
};
use ashlar_trie::EMPTY_ROOT;

/// Nodes that were read, by hash. An update of tries works on them.
#[derive(Debug, Default)]
pub(crate) struct ReadNodes(B256Map<Vec<u8>>);

impl ReadNodes {
    /// Their bytes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.values().map(Vec::as_slice)
    }

    /// Whether this node was read.
    pub(crate) fn has(&self, hash: &B256) -> bool {
        self.0.contains_key(hash)
    }

    /// Reads a node; false if there is none.
    fn read(
        &mut self,
        get: impl Fn(&B256) -> Result<Option<Vec<u8>>, StoreError>,
        hash: &B256,
    ) -> Result<bool, StoreError> {
        if self.has(hash) {
            return Ok(true);
        }
        let Some(node) = get(hash)? else { return Ok(false) };
        self.0.insert(*hash, node);
        Ok(true)
    }

    /// Reads the nodes on the way to a key, as far as the trie goes; those beside the way too if the key `goes`: a branch
    /// that keeps one child takes its place. What is not there, or is no node, is found out by who uses them.
    pub(crate) fn read_path(
        &mut self,
        get: impl Fn(&B256) -> Result<Option<Vec<u8>>, StoreError> + Copy,
        root: B256,
        key: &[u8],
        goes: bool,
    ) -> Result<(), StoreError> {
        if root == EMPTY_ROOT {
            return Ok(());
        }
        let mut left = Nibbles::unpack(keccak256(key));
        let mut at = RlpNode::word_rlp(&root);
        loop {
            // A node of less than 32 bytes stands in its parent.
            let node = match at.as_hash() {
                Some(hash) if !self.read(get, &hash)? => return Ok(()),
                Some(hash) => self.0.get(&hash).map(Vec::as_slice).unwrap_or_default(),
                None => at.as_ref(),
            };
            let beside = if goes { children(node) } else { Vec::new() };
            let child = child_on_path(node, &mut left);
            for hash in beside {
                self.read(get, &hash)?;
            }
            match child {
                Some(child) => at = child,
                None => return Ok(()),
            }
        }
    }
}

/// Hashes of the children of a branch.
fn children(mut node: &[u8]) -> Vec<B256> {
    match TrieNode::decode(&mut node) {
        Ok(TrieNode::Branch(branch)) => branch.stack.iter().filter_map(RlpNode::as_hash).collect(),
        _ => Vec::new(),
    }
}

/// The child of a node that the rest of a key leads to, which loses the nibbles on the way.
fn child_on_path(mut node: &[u8], left: &mut Nibbles) -> Option<RlpNode> {
    match TrieNode::decode(&mut node).ok()? {
        TrieNode::Branch(branch) => {
            let nibble = left.first()?;
            *left = left.slice(1..);
            let children = branch.as_ref();
            children.children().find(|(index, _)| *index == nibble)?.1.cloned()
        }
        TrieNode::Extension(extension) => {
            if !left.starts_with(&extension.key) {
                return None;
            }
            *left = left.slice(extension.key.len()..);
            Some(extension.child)
        }
        TrieNode::Leaf(_) | TrieNode::EmptyRoot => None,
    }
}

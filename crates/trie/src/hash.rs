//! Encoding changed nodes and hashing them, up to the root.

#![allow(clippy::arithmetic_side_effects, reason = "sums of lengths of slices in memory")]

use alloc::vec::Vec;

use alloy_primitives::{B256, keccak256};

use crate::{
    nibbles::{KEY_NIBBLES, path_item_len, push_path},
    node::{Branch, Child, INLINE_MAX, Node, NodeId, Reference, item_at},
    rlp::{EMPTY_STRING, HASH_HEADER, HASH_ITEM_LEN, push_list_header, push_string, string_item_len},
    trie::{EMPTY_ROOT, Trie},
};

impl<'a> Trie<'a> {
    /// The root. Encodes and hashes the nodes changed since the last call, each once, and no others.
    pub fn root(&mut self) -> B256 {
        if self.root == NodeId::NONE {
            return EMPTY_ROOT;
        }
        self.refresh(self.root, 0);
        match self.reference(self.root) {
            Reference::Hash(hash) => *hash,
            Reference::Item([HASH_HEADER, hash @ ..]) => B256::from_slice(hash),
            // The root has a hash however short it is.
            Reference::Item(rlp) => keccak256(rlp),
            Reference::Inline { len, rlp } => keccak256(rlp.get(..*len).unwrap_or(rlp)),
        }
    }

    /// The RLP of every node in memory that is reached by hash, the root first. Of a trie that was built by insertion
    /// into the empty one, these are all nodes: a complete witness.
    pub fn collect_nodes(&mut self) -> Vec<Vec<u8>> {
        let mut nodes = Vec::new();
        if self.root != NodeId::NONE {
            self.refresh(self.root, 0);
            self.collect_below(self.root, 0, &mut nodes);
        }
        nodes
    }

    fn collect_below(&mut self, id: NodeId, depth: usize, nodes: &mut Vec<Vec<u8>>) {
        if matches!(self.entry(id).node, Node::Hidden) {
            return;
        }
        self.encode(id, depth);
        if depth == 0 || self.scratch.len() > INLINE_MAX {
            nodes.push(self.scratch.clone());
        }
        self.for_each_in_memory(id, depth, |trie, child, depth| trie.collect_below(child, depth, nodes));
    }

    /// Gives node `id` and everything below it a reference. Recursion ends where nothing has changed, 64 nibbles down
    /// at the latest.
    fn refresh(&mut self, id: NodeId, depth: usize) {
        if self.entry(id).reference.is_some() {
            return;
        }
        self.for_each_in_memory(id, depth, |trie, child, depth| trie.refresh(child, depth));
        self.encode(id, depth);
        let reference = match self.scratch.len() {
            len @ ..=INLINE_MAX => {
                let mut rlp = [0; INLINE_MAX];
                for (to, from) in rlp.iter_mut().zip(&self.scratch) {
                    *to = *from;
                }
                Reference::Inline { len, rlp }
            }
            _ => Reference::Hash(keccak256(&self.scratch)),
        };
        self.entry_mut(id).reference = Some(reference);
    }

    /// Calls `visit` with each child that is in memory and its position.
    fn for_each_in_memory(
        &mut self,
        id: NodeId,
        depth: usize,
        mut visit: impl FnMut(&mut Self, NodeId, usize),
    ) {
        match &self.entry(id).node {
            Node::Branch(branch) => {
                let children = branch.children;
                for child in children {
                    if child != NodeId::NONE {
                        visit(self, child, depth + 1);
                    }
                }
            }
            &Node::Extension { end, child, .. } => visit(self, child, end),
            Node::Leaf { .. } | Node::Hidden => {}
        }
    }

    /// Writes the RLP of node `id` to `self.scratch`. The children have their references.
    fn encode(&mut self, id: NodeId, depth: usize) {
        let mut out = core::mem::take(&mut self.scratch);
        out.clear();
        match &self.entry(id).node {
            Node::Branch(branch) => {
                if !self.patch_branch(&mut out, branch) {
                    out.clear();
                    self.encode_branch(&mut out, branch);
                }
            }
            Node::Extension { key, end, child } => {
                let child = self.reference(*child);
                push_list_header(&mut out, path_item_len(end - depth) + child.item_len());
                push_path(&mut out, &key.0, depth, *end, false);
                child.push_item(&mut out);
            }
            Node::Leaf { key, value } => push_leaf(&mut out, &key.0, depth, KEY_NIBBLES, value),
            Node::Hidden => unreachable!("a hidden node has its reference"),
        }
        self.scratch = out;
    }

    /// Copies the branch from the witness and writes the changed children over the old ones. Returns false if one of
    /// them has another length, which moves what follows it.
    fn patch_branch(&self, out: &mut Vec<u8>, branch: &Branch<'a>) -> bool {
        if branch.rlp.is_empty() {
            return false;
        }
        out.extend_from_slice(branch.rlp);
        for nibble in (0..16).filter(|&nibble| branch.has_changed(nibble)) {
            let (offset, old) = item_at(branch.rlp, nibble);
            let Some(place) = out.get_mut(offset..offset + old.len()) else { return false };
            match branch.child(nibble) {
                Child::InMemory(id) => {
                    if !self.reference(id).write_item(place) {
                        return false;
                    }
                }
                Child::Empty | Child::InWitness(_) => {
                    if old != [EMPTY_STRING] {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn encode_branch(&self, out: &mut Vec<u8>, branch: &Branch<'a>) {
        let len = |nibble| match branch.child(nibble) {
            Child::Empty => 1,
            Child::InMemory(id) => self.reference(id).item_len(),
            Child::InWitness(item) => item.len(),
        };
        push_list_header(out, (0..16).map(len).sum::<usize>() + 1);
        for nibble in 0..16 {
            match branch.child(nibble) {
                Child::Empty => out.push(EMPTY_STRING),
                Child::InMemory(id) => self.reference(id).push_item(out),
                Child::InWitness(item) => out.extend_from_slice(item),
            }
        }
        out.push(EMPTY_STRING);
    }

    fn reference(&self, id: NodeId) -> &Reference<'a> {
        match &self.entry(id).reference {
            Some(reference) => reference,
            None => unreachable!("children are refreshed before their parent is encoded"),
        }
    }
}

impl Reference<'_> {
    /// Bytes of the reference in the parent's RLP.
    fn item_len(&self) -> usize {
        match self {
            Self::Item(item) => item.len(),
            Self::Hash(_) => HASH_ITEM_LEN,
            Self::Inline { len, .. } => *len,
        }
    }

    fn push_item(&self, out: &mut Vec<u8>) {
        match self {
            Self::Item(item) => out.extend_from_slice(item),
            Self::Hash(hash) => {
                out.push(HASH_HEADER);
                out.extend_from_slice(&hash.0);
            }
            Self::Inline { len, rlp } => out.extend_from_slice(rlp.get(..*len).unwrap_or(rlp)),
        }
    }

    /// Writes the reference over another one; false if that has another length.
    fn write_item(&self, place: &mut [u8]) -> bool {
        if place.len() != self.item_len() {
            return false;
        }
        match (self, place) {
            (Self::Hash(hash), [header, rest @ ..]) => {
                *header = HASH_HEADER;
                rest.copy_from_slice(&hash.0);
            }
            (Self::Item(item), place) => place.copy_from_slice(item),
            (Self::Inline { len, rlp }, place) => place.copy_from_slice(rlp.get(..*len).unwrap_or(rlp)),
            (Self::Hash(_), []) => return false,
        }
        true
    }
}

/// Appends the RLP of the leaf that holds `value` under nibbles `start..end` of `key`.
pub(crate) fn push_leaf(out: &mut Vec<u8>, key: &[u8], start: usize, end: usize, value: &[u8]) {
    push_list_header(out, path_item_len(end - start) + string_item_len(value));
    push_path(out, key, start, end, true);
    push_string(out, value);
}

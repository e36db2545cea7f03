//! Encoding changed nodes and hashing them, up to the root.

#![allow(clippy::arithmetic_side_effects, reason = "sums of lengths of slices in memory")]
#![allow(
    clippy::indexing_slicing,
    reason = "indexes of nodes come from pushing them, and none is ever removed"
)]

use alloc::{vec, vec::Vec};

use alloy_primitives::{B256, keccak256};

use crate::{
    nibbles::{KEY_NIBBLES, path_item_len, push_path},
    node::{INLINE_MAX, Kind, NodeId, Reference, branch_header_len, item_at},
    rlp::{
        EMPTY_STRING, HASH_HEADER, HASH_ITEM_LEN, LIST_HEADER, push_list_header, push_string, string_item_len,
    },
    trie::{EMPTY_ROOT, Trie},
};

/// Items of a branch.
const BRANCH_ITEMS: u8 = 17;

impl<'a> Trie<'a> {
    /// The root. Encodes and hashes the nodes changed since the last call, each once, and no others.
    pub fn root(&mut self) -> B256 {
        if let Some(hash) = self.root_hash {
            return hash;
        }
        let hash = match self.root {
            NodeId::NONE => EMPTY_ROOT,
            root => match self.refresh(root, 0) {
                Reference::Hash(hash) => hash,
                // However short the root is, it has a hash.
                Reference::Inline { len, rlp } => keccak256(rlp.get(..len).unwrap_or(&rlp)),
                Reference::Item(_) => unreachable!("the root is in memory"),
            },
        };
        self.root_hash = Some(hash);
        hash
    }

    /// The RLP of every node in memory that is reached by hash, the root first. Of a trie that was built by insertion
    /// into the empty one, these are all nodes: a complete witness.
    pub fn collect_nodes(&mut self) -> Vec<Vec<u8>> {
        self.root();
        let mut nodes = Vec::new();
        if self.root != NodeId::NONE {
            self.collect_below(self.root, 0, &mut nodes);
        }
        nodes
    }

    fn collect_below(&mut self, id: NodeId, depth: usize, nodes: &mut Vec<Vec<u8>>) {
        let rlp = match id.kind() {
            Kind::Branch(index) => match &self.branches[index] {
                branch if branch.current.is_empty() => branch.witness.to_vec(),
                branch => branch.current.clone(),
            },
            Kind::Extension(_) | Kind::Leaf(_) => {
                self.refresh(id, depth);
                self.scratch.clone()
            }
            Kind::Hidden(_) => return,
        };
        if depth == 0 || rlp.len() > INLINE_MAX {
            nodes.push(rlp);
        }
        let (children, below) = match id.kind() {
            Kind::Branch(index) => (self.branches[index].children.to_vec(), depth + 1),
            Kind::Extension(index) => (vec![self.extensions[index].child], self.extensions[index].end),
            Kind::Leaf(_) | Kind::Hidden(_) => return,
        };
        for child in children.into_iter().filter(|&child| child != NodeId::NONE) {
            self.collect_below(child, below, nodes);
        }
    }

    /// The reference to node `id`, which begins at position `depth`; brings all encodings below up to date. Recursion
    /// ends where nothing has changed, 64 nibbles down at the latest.
    fn refresh(&mut self, id: NodeId, depth: usize) -> Reference<'a> {
        match id.kind() {
            Kind::Branch(index) => return self.refresh_branch(index, depth),
            Kind::Extension(index) => {
                let extension = &self.extensions[index];
                let child = match extension.item {
                    [] => self.refresh(extension.child, extension.end),
                    item => Reference::Item(item),
                };
                let extension = &self.extensions[index];
                let out = &mut self.scratch;
                out.clear();
                push_list_header(out, path_item_len(extension.end - depth) + child.item_len());
                push_path(out, &extension.key.0, depth, extension.end, false);
                child.push_item(out);
            }
            Kind::Leaf(index) => {
                let leaf = &self.leaves[index];
                self.scratch.clear();
                push_leaf(&mut self.scratch, &leaf.key.0, depth, KEY_NIBBLES, &leaf.value);
            }
            Kind::Hidden(index) => return Reference::Item(self.hidden[index]),
        }
        Reference::to(&self.scratch)
    }

    fn refresh_branch(&mut self, index: usize, depth: usize) -> Reference<'a> {
        let branch = &mut self.branches[index];
        let stale = core::mem::take(&mut branch.stale);
        let mut rlp = core::mem::take(&mut branch.current);
        if rlp.is_empty() {
            match branch.witness {
                // Without a child yet.
                [] => {
                    rlp.push(LIST_HEADER + BRANCH_ITEMS);
                    rlp.resize(1 + usize::from(BRANCH_ITEMS), EMPTY_STRING);
                }
                witness => rlp = witness.to_vec(),
            }
        }
        let len = rlp.len();
        for nibble in (0..16).filter(|nibble| stale >> nibble & 1 == 1) {
            match self.branches[index].children.get(nibble) {
                Some(&id) if id != NodeId::NONE => self.refresh(id, depth + 1).replace_item(&mut rlp, nibble),
                _ => Reference::Item(&[EMPTY_STRING]).replace_item(&mut rlp, nibble),
            }
        }
        if rlp.len() != len {
            let old_header = branch_header_len(&rlp);
            self.scratch.clear();
            push_list_header(&mut self.scratch, rlp.len() - old_header);
            rlp.splice(..old_header, self.scratch.iter().copied());
        }
        let reference = Reference::to(&rlp);
        self.branches[index].current = rlp;
        reference
    }
}

impl Reference<'_> {
    /// The reference to the node `rlp`.
    fn to(rlp: &[u8]) -> Self {
        match rlp.len() {
            len @ ..=INLINE_MAX => {
                let mut inline = [0; INLINE_MAX];
                for (to, from) in inline.iter_mut().zip(rlp) {
                    *to = *from;
                }
                Self::Inline { len, rlp: inline }
            }
            _ => Self::Hash(keccak256(rlp)),
        }
    }

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

    /// Writes the reference over child `nibble` of a branch. If the lengths differ, what follows moves, and the header
    /// is wrong.
    fn replace_item(&self, branch: &mut Vec<u8>, nibble: usize) {
        let (offset, old) = item_at(branch, nibble);
        let end = offset + old.len();
        if let (Self::Hash(hash), HASH_ITEM_LEN) = (self, old.len())
            && let Some([header, place @ ..]) = branch.get_mut(offset..end)
        {
            *header = HASH_HEADER;
            place.copy_from_slice(&hash.0);
            return;
        }
        let mut item = Vec::with_capacity(HASH_ITEM_LEN);
        self.push_item(&mut item);
        branch.splice(offset..end, item);
    }
}

/// Appends the RLP of the leaf that holds `value` under nibbles `start..end` of `key`.
pub(crate) fn push_leaf(out: &mut Vec<u8>, key: &[u8], start: usize, end: usize, value: &[u8]) {
    push_list_header(out, path_item_len(end - start) + string_item_len(value));
    push_path(out, key, start, end, true);
    push_string(out, value);
}

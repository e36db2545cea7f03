//! The root of a list: the trie of its items under the RLP of their indexes.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums of lengths of slices in memory, and nibbles of 9 bytes"
)]

use alloc::vec::Vec;

use alloy_primitives::{B256, keccak256};

use crate::{
    hash::push_leaf,
    nibbles::{first_difference, path_item_len, push_path},
    node::INLINE_MAX,
    rlp::{EMPTY_STRING, HASH_HEADER, push_list_header, significant},
    trie::EMPTY_ROOT,
};

/// Root of the trie that maps RLP(i) to `items[i]`, as in the transactions, receipts and withdrawals roots of a block
/// (Yellow Paper, section 4.3.2). The items are the encodings that the trie holds; none may be empty, which no
/// encoding is. The trie without items has the root [`EMPTY_ROOT`].
pub fn ordered_root<T: AsRef<[u8]>>(items: &[T]) -> B256 {
    if items.is_empty() {
        return EMPTY_ROOT;
    }
    // Ascending keys: an index below 128 is its own RLP, except 0, which is 0x80; all others begin with 0x81 or more.
    let mut entries: Vec<_> =
        items.iter().enumerate().map(|(index, item)| Indexed::new(index, item.as_ref())).collect();
    let small = entries.len().min(128);
    if let Some(small) = entries.get_mut(..small) {
        small.rotate_left(1);
    }
    let mut builder = Builder { items: Vec::new(), node: Vec::new() };
    builder.encode(&entries, 0);
    keccak256(&builder.node)
}

/// An item under its key.
struct Indexed<'a> {
    key: [u8; 9],
    key_len: usize,
    item: &'a [u8],
}

impl<'a> Indexed<'a> {
    fn new(index: usize, item: &'a [u8]) -> Self {
        let digits = index.to_be_bytes();
        let digits = significant(&digits);
        let mut key = [0; 9];
        let (header, rest) = key.split_at_mut(1);
        let key_len = match (digits, header) {
            ([byte @ 1..=0x7f], [first]) => {
                *first = *byte;
                1
            }
            (digits, header) => {
                header.fill(EMPTY_STRING + u8::try_from(digits.len()).unwrap_or(0));
                rest.iter_mut().zip(digits).for_each(|(to, from)| *to = *from);
                1 + digits.len()
            }
        };
        Self { key, key_len, item }
    }

    fn nibble(&self, at: usize) -> u8 {
        let byte = self.key.get(at >> 1).copied().unwrap_or(0);
        if at & 1 == 0 { byte >> 4 } else { byte & 15 }
    }
}

/// Builds nodes from the leaves up.
struct Builder {
    /// References to the finished nodes whose parents are not: a node takes its children's off the end.
    items: Vec<u8>,
    /// RLP of the node finished last.
    node: Vec<u8>,
}

impl Builder {
    /// Writes to `self.node` the RLP of the trie of `entries`, at least one, `depth` nibbles below the root. The
    /// recursion is as deep as a key has nibbles, at most 18.
    fn encode(&mut self, entries: &[Indexed<'_>], depth: usize) {
        let [first, .., last] = entries else {
            self.node.clear();
            if let [only] = entries {
                push_leaf(&mut self.node, &only.key, depth, 2 * only.key_len, only.item);
            }
            return;
        };
        // Sorted, so what the ends share, all share. No key is the beginning of another.
        let fork = first_difference(&first.key, &last.key, depth, 2 * first.key_len);
        let start = self.items.len();
        if fork > depth {
            self.encode(entries, fork);
            self.push_item();
            let item = self.items.get(start..).unwrap_or(&[]);
            self.node.clear();
            push_list_header(&mut self.node, path_item_len(fork - depth) + item.len());
            push_path(&mut self.node, &first.key, depth, fork, false);
        } else {
            let mut rest = entries;
            for nibble in 0..16 {
                let count = rest.iter().take_while(|entry| entry.nibble(depth) == nibble).count();
                let (group, after) = rest.split_at_checked(count).unwrap_or((&[], &[]));
                rest = after;
                if group.is_empty() {
                    self.items.push(EMPTY_STRING);
                } else {
                    self.encode(group, depth + 1);
                    self.push_item();
                }
            }
            self.items.push(EMPTY_STRING);
            self.node.clear();
            push_list_header(&mut self.node, self.items.len() - start);
        }
        self.node.extend_from_slice(self.items.get(start..).unwrap_or(&[]));
        self.items.truncate(start);
    }

    /// Appends the reference to `self.node`.
    fn push_item(&mut self) {
        if self.node.len() <= INLINE_MAX {
            self.items.extend_from_slice(&self.node);
        } else {
            self.items.push(HASH_HEADER);
            self.items.extend_from_slice(&keccak256(&self.node).0);
        }
    }
}

//! Nodes in memory, and decoding them from the witness.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "positions are at most 64, and lengths are of slices in memory"
)]

use alloc::{borrow::Cow, vec::Vec};

use alloy_primitives::B256;

use crate::{
    error::NodeFault,
    nibbles::{KEY_NIBBLES, decode_path},
    rlp::{EMPTY_STRING, HASH_HEADER, HASH_ITEM_LEN, LIST_HEADER, exact_list, split_item, split_string},
};

/// A node of a trie: its kind, and its index among the nodes of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

/// A [`NodeId`] taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Branch(usize),
    Extension(usize),
    Leaf(usize),
    /// Known by its reference only: an index into `Trie::hidden`.
    Hidden(usize),
}

impl NodeId {
    /// No node.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn branch(index: usize) -> Self {
        Self((index << 3) | 1)
    }

    pub(crate) fn extension(index: usize) -> Self {
        Self((index << 3) | 2)
    }

    pub(crate) fn leaf(index: usize) -> Self {
        Self((index << 3) | 3)
    }

    pub(crate) fn hidden(index: usize) -> Self {
        Self((index << 3) | 4)
    }

    /// The kind of a node that there is.
    pub(crate) fn kind(self) -> Kind {
        let index = self.0 >> 3;
        match self.0 & 7 {
            1 => Kind::Branch(index),
            2 => Kind::Extension(index),
            3 => Kind::Leaf(index),
            _ => Kind::Hidden(index),
        }
    }
}

/// Bytes of a node whose reference is itself, at most.
pub(crate) const INLINE_MAX: usize = 31;

/// Bytes of the RLP of a branch with 16 hashed children, and no other branch: each child takes 33, header and value 4.
pub(crate) const FULL_BRANCH_LEN: usize = 532;

/// What a parent holds of a child: the child's RLP if that is shorter than 32 bytes, else its hash.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reference<'a> {
    /// The item as it stands in the parent's RLP in the witness: a hash with its header, or the node.
    Item(&'a [u8]),
    Hash(B256),
    Inline {
        len: usize,
        rlp: [u8; INLINE_MAX],
    },
}

/// Nibbles of `key` from the node's own position to `end`, then `child`, which is a branch.
#[derive(Clone, Debug)]
pub(crate) struct Extension<'a> {
    pub key: B256,
    pub end: usize,
    /// None while the child is only known by `item`.
    pub child: NodeId,
    /// The reference to the child as a branch or extension of the witness has it; empty once the child has changed.
    pub item: &'a [u8],
}

/// A value under its whole key: the part above the node's own position is known from the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Leaf<'a> {
    pub key: B256,
    pub value: Cow<'a, [u8]>,
}

/// A branch as the witness has it, and what was reached or changed since.
#[derive(Clone, Debug)]
pub(crate) struct Branch<'a> {
    /// The validated RLP in the witness; empty if the branch was made here.
    pub witness: &'a [u8],
    /// The RLP with all changes but those of the children in `stale`; empty if that is `witness`.
    pub current: Vec<u8>,
    /// Bit i: where `children` has no child i, there is none, whatever `witness` says.
    pub gone: u16,
    /// Bit i: the reference to child i is to be computed anew.
    pub stale: u16,
    /// Children in memory.
    pub children: [NodeId; 16],
}

/// A child of a branch.
#[derive(Clone, Copy)]
pub(crate) enum Child<'a> {
    Empty,
    InMemory(NodeId),
    /// The item in the branch's RLP in the witness.
    InWitness(&'a [u8]),
}

impl<'a> Branch<'a> {
    /// A branch whose RLP in the witness was validated.
    pub(crate) fn of_witness(witness: &'a [u8]) -> Self {
        Self { witness, current: Vec::new(), gone: 0, stale: 0, children: [NodeId::NONE; 16] }
    }

    /// A branch made here, without children.
    pub(crate) fn new() -> Self {
        Self { gone: u16::MAX, ..Self::of_witness(&[]) }
    }

    pub(crate) fn child(&self, nibble: usize) -> Child<'a> {
        match self.children.get(nibble) {
            Some(&id) if id != NodeId::NONE => Child::InMemory(id),
            _ if self.gone >> nibble & 1 == 1 => Child::Empty,
            _ => match item_at(self.witness, nibble).1 {
                [EMPTY_STRING] => Child::Empty,
                item => Child::InWitness(item),
            },
        }
    }

    /// Makes `id`, which may be none, child `nibble`.
    pub(crate) fn replace(&mut self, nibble: usize, id: NodeId) {
        self.keep(nibble, id);
        self.gone |= 1 << nibble;
        self.stale |= 1 << nibble;
    }

    /// Records where the unchanged child `nibble` is in memory.
    pub(crate) fn keep(&mut self, nibble: usize, id: NodeId) {
        if let Some(child) = self.children.get_mut(nibble) {
            *child = id;
        }
    }

    /// Whether the reference to child `nibble` is the one in `witness`.
    pub(crate) fn is_as_in_witness(&self, nibble: usize) -> bool {
        self.current.is_empty() && (self.stale | self.gone) >> nibble & 1 == 0
    }
}

/// Offset and bytes of child `nibble` in the RLP of a branch, which was validated.
pub(crate) fn item_at(rlp: &[u8], nibble: usize) -> (usize, &[u8]) {
    if rlp.len() == FULL_BRANCH_LEN {
        let offset = 3 + HASH_ITEM_LEN * nibble;
        return (offset, rlp.get(offset..offset + HASH_ITEM_LEN).unwrap_or(&[]));
    }
    let mut offset = branch_header_len(rlp);
    for _ in 0..nibble {
        offset += child_len(rlp.get(offset));
    }
    let len = child_len(rlp.get(offset));
    (offset, rlp.get(offset..offset + len).unwrap_or(&[]))
}

/// Bytes of the header of a branch's RLP.
pub(crate) fn branch_header_len(rlp: &[u8]) -> usize {
    match rlp.first() {
        Some(0..=0xf7) | None => 1,
        Some(0xf8) => 2,
        Some(_) => 3,
    }
}

/// Bytes of the child whose first byte is given, in a branch that was validated.
fn child_len(first: Option<&u8>) -> usize {
    match first {
        Some(&HASH_HEADER) => HASH_ITEM_LEN,
        Some(&byte @ LIST_HEADER..) => usize::from(byte - LIST_HEADER) + 1,
        _ => 1,
    }
}

/// A node as the witness has it.
pub(crate) enum Decoded<'a> {
    Branch,
    Extension { key: B256, end: usize, child: &'a [u8] },
    Leaf { key: B256, value: &'a [u8] },
}

/// Decodes the node `rlp`, `depth` nibbles below the root on the way to `key`, and checks its own shape. Children in
/// place are checked to be lists of at most 31 bytes; what is in them is checked when they are reached.
pub(crate) fn decode<'a>(rlp: &'a [u8], key: &B256, depth: usize) -> Result<Decoded<'a>, NodeFault> {
    if is_hashed_branch(rlp) && depth < KEY_NIBBLES {
        return Ok(Decoded::Branch);
    }
    let payload = exact_list(rlp)?;
    let (_, rest) = split_item(payload)?;
    let (_, rest) = split_item(rest)?;
    if rest.is_empty() {
        return decode_short(payload, key, depth);
    }
    check_branch(payload)?;
    if depth < KEY_NIBBLES { Ok(Decoded::Branch) } else { Err(NodeFault::PathLength) }
}

/// Whether `rlp` is a branch whose children are all hashes, as nearly all branches are: a shortcut past the general
/// way, which would say the same.
fn is_hashed_branch(rlp: &[u8]) -> bool {
    if let Ok(rlp) = <&[u8; FULL_BRANCH_LEN]>::try_from(rlp) {
        let [0xf9, 0x02, 0x11, items @ .., EMPTY_STRING] = rlp else { return false };
        return items.as_chunks::<HASH_ITEM_LEN>().0.iter().all(|[header, ..]| *header == HASH_HEADER);
    }
    let Ok(mut rest) = exact_list(rlp) else { return false };
    for _ in 0..16 {
        rest = match rest {
            [EMPTY_STRING, rest @ ..] => rest,
            [HASH_HEADER, rest @ ..] => rest.get(HASH_ITEM_LEN - 1..).unwrap_or(&[]),
            _ => return false,
        };
    }
    // 17 bytes would be headers alone, one more child adds 32.
    rest == [EMPTY_STRING] && rlp.len() > 2 * HASH_ITEM_LEN
}

fn check_branch(payload: &[u8]) -> Result<(), NodeFault> {
    let mut rest = payload;
    let mut children = 0usize;
    for _ in 0..16 {
        let first = *rest.first().ok_or(NodeFault::ItemCount)?;
        if first == EMPTY_STRING {
            rest = rest.get(1..).unwrap_or(&[]);
            continue;
        }
        children += 1;
        let (_, after) = split_child(rest)?;
        rest = after;
    }
    let (value, rest) = split_item(rest).map_err(|fault| match fault {
        NodeFault::Truncated => NodeFault::ItemCount,
        other => other,
    })?;
    if !rest.is_empty() {
        return Err(NodeFault::ItemCount);
    }
    if value.whole != [EMPTY_STRING] {
        return Err(NodeFault::BranchValue);
    }
    if children < 2 { Err(NodeFault::LonelyBranch) } else { Ok(()) }
}

/// Splits a child that is not empty off `bytes`.
fn split_child(bytes: &[u8]) -> Result<(&[u8], &[u8]), NodeFault> {
    let (item, rest) = split_item(bytes)?;
    match item.whole {
        [HASH_HEADER, ..] => Ok((item.whole, rest)),
        whole if item.list && whole.len() <= INLINE_MAX => Ok((whole, rest)),
        _ if item.list => Err(NodeFault::InlineTooLong),
        _ => Err(NodeFault::ChildKind),
    }
}

fn decode_short<'a>(payload: &'a [u8], key: &B256, depth: usize) -> Result<Decoded<'a>, NodeFault> {
    let (encoded, target) = split_string(payload)?;
    let path = decode_path(encoded, key, depth)?;
    if target == [EMPTY_STRING] {
        return Err(NodeFault::EmptyTarget);
    }
    if path.leaf {
        if path.end != KEY_NIBBLES {
            return Err(NodeFault::PathLength);
        }
        let (value, _) = split_string(target)?;
        return Ok(Decoded::Leaf { key: path.key, value });
    }
    if path.end == depth {
        return Err(NodeFault::EmptyExtension);
    }
    if path.end == KEY_NIBBLES {
        return Err(NodeFault::PathLength);
    }
    let (child, _) = split_child(target)?;
    Ok(Decoded::Extension { key: path.key, end: path.end, child })
}

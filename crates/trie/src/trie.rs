//! The trie: reading and writing keys. Nodes of the witness unfold as they are reached.

#![allow(clippy::arithmetic_side_effects, reason = "positions in a key are at most 64")]

use alloc::{borrow::Cow, vec, vec::Vec};

use alloy_primitives::{B256, b256};

use crate::{
    NodeSet,
    error::{NodeFault, TrieError},
    nibbles::{KEY_NIBBLES, first_difference, nibble},
    node::{Branch, Child, Decoded, Entry, INLINE_MAX, Node, NodeId, Reference, decode},
    rlp::HASH_HEADER,
};

/// Root of the trie without keys: the Keccak-256 hash of the RLP of the empty string.
pub const EMPTY_ROOT: B256 = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// A Merkle Patricia trie with 32-byte keys, of which only the nodes on the way to the keys in use are in memory.
///
/// Keys are the trie's own, so callers hash addresses and storage slots first. Values are the bytes that a leaf holds.
/// All nodes come from a [`NodeSet`], reached by hash from the root given to [`Trie::new`]: a result is what the whole
/// trie with that root would give, or an error.
#[derive(Clone, Debug)]
pub struct Trie<'a> {
    /// Entry 0 stands for no node. Entries are never removed, so every id stays valid.
    pub(crate) arena: Vec<Entry<'a>>,
    pub(crate) root: NodeId,
    /// Branches and extensions above the place where the last descent ended.
    pub(crate) path: Vec<Step>,
    /// Encodings are written here before they are hashed.
    pub(crate) scratch: Vec<u8>,
}

/// A node that a descent passed, at the position of its first nibble.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub id: NodeId,
    pub depth: usize,
}

/// Where a descent ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// The last branch of the path has no child on the way to the key, or the trie is empty.
    Vacant,
    /// The key's leaf.
    Found(NodeId),
    /// A leaf or extension at position `depth` that parts from the key at position `fork`.
    Fork { id: NodeId, depth: usize, fork: usize },
}

impl<'a> Trie<'a> {
    /// The trie with this root; [`EMPTY_ROOT`] for the empty one.
    pub fn new(root: B256) -> Self {
        let none = Entry { reference: None, node: Node::Hidden };
        let mut trie = Self { arena: vec![none], root: NodeId::NONE, path: Vec::new(), scratch: Vec::new() };
        if root != EMPTY_ROOT {
            trie.root = trie.push(Some(Reference::Hash(root)), Node::Hidden);
        }
        trie
    }

    /// The value of `key`.
    ///
    /// # Errors
    ///
    /// [`TrieError::MissingNode`] or [`TrieError::MalformedNode`] on the way to it.
    pub fn get(&mut self, nodes: &mut NodeSet<'a>, key: &B256) -> Result<Option<&[u8]>, TrieError> {
        let End::Found(id) = self.descend(nodes, key)? else { return Ok(None) };
        match &self.entry(id).node {
            Node::Leaf { value, .. } => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    /// Sets the value of `key`. Needs the nodes on the way to it and no others.
    ///
    /// # Errors
    ///
    /// [`TrieError::EmptyValue`] if there are no bytes; [`TrieError::MissingNode`] or [`TrieError::MalformedNode`]
    /// on the way. The trie is then unchanged.
    pub fn insert(
        &mut self,
        nodes: &mut NodeSet<'a>,
        key: &B256,
        value: impl Into<Cow<'a, [u8]>>,
    ) -> Result<(), TrieError> {
        let value = value.into();
        if value.is_empty() {
            return Err(TrieError::EmptyValue);
        }
        match self.descend(nodes, key)? {
            End::Found(id) => {
                let entry = self.entry_mut(id);
                if let Node::Leaf { value: old, .. } = &mut entry.node {
                    // Writing what is there leaves the hashes above valid.
                    if *old == value {
                        return Ok(());
                    }
                    *old = value;
                }
                entry.reference = None;
                self.touch_path(key);
            }
            End::Vacant => {
                let leaf = self.push(None, Node::Leaf { key: *key, value });
                self.touch_path(key);
                self.attach(key, leaf);
            }
            End::Fork { id, depth, fork } => {
                self.split(key, value, id, depth, fork);
                self.touch_path(key);
            }
        }
        Ok(())
    }

    /// Follows `key` from the root, unfolding what is hidden and recording the way in `self.path`.
    pub(crate) fn descend(&mut self, nodes: &mut NodeSet<'a>, key: &B256) -> Result<End, TrieError> {
        self.path.clear();
        let mut id = self.root;
        let mut depth = 0;
        let mut below_extension = false;
        if id == NodeId::NONE {
            return Ok(End::Vacant);
        }
        loop {
            self.unfold(nodes, id, key, depth, below_extension)?;
            match &self.entry(id).node {
                Node::Branch(branch) => {
                    let nibble = nibble(key, depth);
                    let child = branch.child(nibble);
                    self.path.push(Step { id, depth });
                    match child {
                        Child::Empty => return Ok(End::Vacant),
                        Child::InMemory(child) => id = child,
                        Child::InWitness(item) => id = self.adopt(id, nibble, item),
                    }
                    depth += 1;
                    below_extension = false;
                }
                &Node::Extension { key: ref own, end, child } => {
                    let fork = first_difference(&key.0, &own.0, depth, end);
                    if fork < end {
                        return Ok(End::Fork { id, depth, fork });
                    }
                    self.path.push(Step { id, depth });
                    (id, depth) = (child, end);
                    below_extension = true;
                }
                Node::Leaf { key: own, .. } => {
                    let fork = first_difference(&key.0, &own.0, depth, KEY_NIBBLES);
                    return Ok(if fork < KEY_NIBBLES {
                        End::Fork { id, depth, fork }
                    } else {
                        End::Found(id)
                    });
                }
                Node::Hidden => unreachable!("unfolded above"),
            }
        }
    }

    /// Brings a child of branch `parent` into memory, still hidden behind `item`.
    pub(crate) fn adopt(&mut self, parent: NodeId, nibble: usize, item: &'a [u8]) -> NodeId {
        let id = self.push(Some(Reference::Item(item)), Node::Hidden);
        if let Node::Branch(branch) = &mut self.entry_mut(parent).node {
            branch.keep(nibble, id);
        }
        id
    }

    /// Decodes node `id`, `depth` nibbles below the root on the way to `key`, if it is hidden.
    pub(crate) fn unfold(
        &mut self,
        nodes: &mut NodeSet<'a>,
        id: NodeId,
        key: &B256,
        depth: usize,
        below_extension: bool,
    ) -> Result<(), TrieError> {
        let entry = self.entry(id);
        if !matches!(entry.node, Node::Hidden) {
            return Ok(());
        }
        let malformed = |fault| TrieError::MalformedNode { depth, fault };
        let rlp = match &entry.reference {
            Some(Reference::Item([HASH_HEADER, hash @ ..])) => {
                let hash = <&[u8; 32]>::try_from(hash).map_err(|_| malformed(NodeFault::ChildKind))?;
                let rlp = nodes.resolve(hash).ok_or(TrieError::MissingNode { hash: B256::new(*hash) })?;
                if rlp.len() <= INLINE_MAX {
                    return Err(malformed(NodeFault::HashedTooShort));
                }
                rlp
            }
            Some(Reference::Item(rlp)) => rlp,
            // Only the root is hidden behind a hash of its own, and the root has one however short it is.
            Some(Reference::Hash(hash)) => {
                nodes.resolve(&hash.0).ok_or(TrieError::MissingNode { hash: *hash })?
            }
            Some(Reference::Inline { .. }) | None => unreachable!("only made for nodes in memory"),
        };
        let decoded = decode(rlp, key, depth).map_err(malformed)?;
        if below_extension && !matches!(decoded, Decoded::Branch) {
            return Err(malformed(NodeFault::ExtensionChild));
        }
        let node = match decoded {
            Decoded::Branch => Node::Branch(Branch { rlp, changed: 0, children: [NodeId::NONE; 16] }),
            Decoded::Leaf { key, value } => Node::Leaf { key, value: Cow::Borrowed(value) },
            Decoded::Extension { key, end, child } => {
                let child = self.push(Some(Reference::Item(child)), Node::Hidden);
                Node::Extension { key, end, child }
            }
        };
        self.entry_mut(id).node = node;
        Ok(())
    }

    /// Puts a branch at position `fork` into the leaf or extension `id`, which begins at `depth`: one way is the old
    /// node's, the other a new leaf's.
    fn split(&mut self, key: &B256, value: Cow<'a, [u8]>, id: NodeId, depth: usize, fork: usize) {
        let old = core::mem::replace(&mut self.entry_mut(id).node, Node::Hidden);
        let (old_key, old_child) = match old {
            // The branch takes the extension's last nibble, and its child as it is.
            Node::Extension { key, end, child } if end == fork + 1 => (key, child),
            Node::Extension { key, .. } | Node::Leaf { key, .. } => (key, self.push(None, old)),
            Node::Branch(_) | Node::Hidden => unreachable!("a key forks from a path"),
        };
        let mut branch = Branch::new();
        let leaf = self.push(None, Node::Leaf { key: *key, value });
        branch.replace(nibble(&old_key, fork), old_child);
        branch.replace(nibble(key, fork), leaf);
        let branch = Node::Branch(branch);
        let node = if fork == depth {
            branch
        } else {
            Node::Extension { key: *key, end: fork, child: self.push(None, branch) }
        };
        *self.entry_mut(id) = Entry { reference: None, node };
    }

    /// Makes `id` the child of the path's last branch on the way to `key`, or the root.
    pub(crate) fn attach(&mut self, key: &B256, id: NodeId) {
        let Some(&Step { id: parent, depth }) = self.path.last() else {
            self.root = id;
            return;
        };
        if let Node::Branch(branch) = &mut self.entry_mut(parent).node {
            branch.replace(nibble(key, depth), id);
        }
    }

    /// Marks everything on the path to `key` as changed.
    pub(crate) fn touch_path(&mut self, key: &B256) {
        for step in 0..self.path.len() {
            let Some(&Step { id, depth }) = self.path.get(step) else { return };
            let entry = self.entry_mut(id);
            entry.reference = None;
            if let Node::Branch(branch) = &mut entry.node {
                branch.touch(nibble(key, depth));
            }
        }
    }

    pub(crate) fn push(&mut self, reference: Option<Reference<'a>>, node: Node<'a>) -> NodeId {
        let id = NodeId(self.arena.len());
        self.arena.push(Entry { reference, node });
        id
    }

    #[allow(clippy::indexing_slicing, reason = "ids come from `push`, and the arena never shrinks")]
    pub(crate) fn entry(&self, id: NodeId) -> &Entry<'a> {
        &self.arena[id.0]
    }

    #[allow(clippy::indexing_slicing, reason = "ids come from `push`, and the arena never shrinks")]
    pub(crate) fn entry_mut(&mut self, id: NodeId) -> &mut Entry<'a> {
        &mut self.arena[id.0]
    }
}

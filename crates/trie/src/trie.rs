//! The trie: reading and writing keys. Nodes of the witness unfold as they are reached.

#![allow(clippy::arithmetic_side_effects, reason = "positions in a key are at most 64")]
#![allow(
    clippy::indexing_slicing,
    reason = "indexes of nodes come from pushing them, and none is ever removed"
)]

use alloc::{borrow::Cow, vec::Vec};

use alloy_primitives::{B256, b256};

use crate::{
    NodeSet,
    error::{NodeFault, TrieError},
    nibbles::{KEY_NIBBLES, first_difference, nibble},
    node::{Branch, Child, Decoded, Extension, INLINE_MAX, Kind, Leaf, NodeId, decode},
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
    /// None if the trie is empty or only its hash is known.
    pub(crate) root: NodeId,
    /// None while it is to be computed anew.
    pub(crate) root_hash: Option<B256>,
    /// Nodes that left the trie stay in these lists, so that every id stays valid.
    pub(crate) branches: Vec<Branch<'a>>,
    pub(crate) extensions: Vec<Extension<'a>>,
    pub(crate) leaves: Vec<Leaf<'a>>,
    /// References to nodes that an extension in the witness held and a branch made here took over.
    pub(crate) hidden: Vec<&'a [u8]>,
    /// Branches and extensions above the place where the last descent ended.
    pub(crate) path: Vec<Step>,
    /// Leaves and extensions are encoded here.
    pub(crate) scratch: Vec<u8>,
}

/// A branch or extension that a descent passed, at the position of its first nibble.
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
    /// The key's leaf, by its index.
    Found(usize),
    /// A leaf or extension at position `depth` that parts from the key at position `fork`.
    Fork { id: NodeId, depth: usize, fork: usize },
}

impl<'a> Trie<'a> {
    /// The trie with this root; [`EMPTY_ROOT`] for the empty one.
    pub fn new(root: B256) -> Self {
        Self {
            root: NodeId::NONE,
            root_hash: Some(root),
            branches: Vec::new(),
            extensions: Vec::new(),
            leaves: Vec::new(),
            hidden: Vec::new(),
            path: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The value of `key`.
    ///
    /// # Errors
    ///
    /// [`TrieError::MissingNode`] or [`TrieError::MalformedNode`] on the way to it.
    pub fn get(&mut self, nodes: &mut NodeSet<'a>, key: &B256) -> Result<Option<&[u8]>, TrieError> {
        let End::Found(leaf) = self.descend(nodes, key)? else { return Ok(None) };
        Ok(Some(&self.leaves[leaf].value))
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
        self.insert_value(nodes, key, value.into())
    }

    fn insert_value(
        &mut self,
        nodes: &mut NodeSet<'a>,
        key: &B256,
        value: Cow<'a, [u8]>,
    ) -> Result<(), TrieError> {
        if value.is_empty() {
            return Err(TrieError::EmptyValue);
        }
        match self.descend(nodes, key)? {
            End::Found(leaf) => {
                let old = &mut self.leaves[leaf].value;
                // Writing what is there leaves the hashes above valid.
                if *old == value {
                    return Ok(());
                }
                *old = value;
            }
            End::Vacant => {
                let leaf = self.push_leaf(Leaf { key: *key, value });
                self.attach(key, leaf);
            }
            End::Fork { id, depth, fork } => {
                let node = self.split(key, value, id, depth, fork);
                self.attach(key, node);
            }
        }
        self.touch_path(key);
        Ok(())
    }

    /// Follows `key` from the root, unfolding what is hidden and recording the way in `self.path`.
    pub(crate) fn descend(&mut self, nodes: &mut NodeSet<'a>, key: &B256) -> Result<End, TrieError> {
        self.path.clear();
        if self.root == NodeId::NONE && !self.unfold_root(nodes, key)? {
            return Ok(End::Vacant);
        }
        let mut id = self.root;
        let mut depth = 0;
        loop {
            match id.kind() {
                Kind::Branch(index) => {
                    self.path.push(Step { id, depth });
                    let nibble = nibble(key, depth);
                    depth += 1;
                    match self.branches[index].child(nibble) {
                        Child::Empty => return Ok(End::Vacant),
                        Child::InMemory(child) => {
                            id = self.unhide(nodes, child, index, nibble, key, depth)?
                        }
                        Child::InWitness(item) => {
                            id = self.unfold(nodes, item, key, depth, false)?;
                            self.branches[index].keep(nibble, id);
                        }
                    }
                }
                Kind::Extension(index) => {
                    let Extension { key: own, end, child, item } = &self.extensions[index];
                    let (end, child, item) = (*end, *child, *item);
                    let fork = first_difference(&key.0, &own.0, depth, end);
                    if fork < end {
                        return Ok(End::Fork { id, depth, fork });
                    }
                    self.path.push(Step { id, depth });
                    (id, depth) = (child, end);
                    if id == NodeId::NONE {
                        id = self.unfold(nodes, item, key, depth, true)?;
                        self.extensions[index].child = id;
                    }
                }
                Kind::Leaf(index) => {
                    let own = &self.leaves[index].key;
                    if own == key {
                        return Ok(End::Found(index));
                    }
                    let fork = first_difference(&key.0, &own.0, depth, KEY_NIBBLES);
                    return Ok(End::Fork { id, depth, fork });
                }
                Kind::Hidden(_) => unreachable!("unfolded on the way"),
            }
        }
    }

    /// Brings the root into memory. False if the trie is empty.
    fn unfold_root(&mut self, nodes: &mut NodeSet<'a>, key: &B256) -> Result<bool, TrieError> {
        let Some(hash) = self.root_hash.filter(|hash| *hash != EMPTY_ROOT) else { return Ok(false) };
        // However short the root is, it has a hash.
        let rlp = nodes.resolve(&hash.0).ok_or(TrieError::MissingNode { hash })?;
        self.root = self.decode(rlp, key, 0, false)?;
        Ok(true)
    }

    /// Brings the node behind `item`, `depth` nibbles below the root on the way to `key`, into memory.
    pub(crate) fn unfold(
        &mut self,
        nodes: &mut NodeSet<'a>,
        item: &'a [u8],
        key: &B256,
        depth: usize,
        below_extension: bool,
    ) -> Result<NodeId, TrieError> {
        let malformed = |fault| TrieError::MalformedNode { depth, fault };
        let [HASH_HEADER, hash @ ..] = item else { return self.decode(item, key, depth, below_extension) };
        let hash = <&[u8; 32]>::try_from(hash).map_err(|_| malformed(NodeFault::ChildKind))?;
        let rlp = nodes.resolve(hash).ok_or(TrieError::MissingNode { hash: B256::new(*hash) })?;
        if rlp.len() <= INLINE_MAX {
            return Err(malformed(NodeFault::HashedTooShort));
        }
        self.decode(rlp, key, depth, below_extension)
    }

    /// `child`, which is child `nibble` of a branch, brought into memory if it is hidden.
    pub(crate) fn unhide(
        &mut self,
        nodes: &mut NodeSet<'a>,
        child: NodeId,
        branch: usize,
        nibble: usize,
        key: &B256,
        depth: usize,
    ) -> Result<NodeId, TrieError> {
        let Kind::Hidden(index) = child.kind() else { return Ok(child) };
        // It was the child of an extension.
        let id = self.unfold(nodes, self.hidden[index], key, depth, true)?;
        self.branches[branch].keep(nibble, id);
        Ok(id)
    }

    fn decode(
        &mut self,
        rlp: &'a [u8],
        key: &B256,
        depth: usize,
        below_extension: bool,
    ) -> Result<NodeId, TrieError> {
        let decoded = decode(rlp, key, depth).map_err(|fault| TrieError::MalformedNode { depth, fault })?;
        if below_extension && !matches!(decoded, Decoded::Branch) {
            return Err(TrieError::MalformedNode { depth, fault: NodeFault::ExtensionChild });
        }
        Ok(match decoded {
            Decoded::Branch => self.push_branch(Branch::of_witness(rlp)),
            Decoded::Extension { key, end, child: item } => {
                self.push_extension(Extension { key, end, child: NodeId::NONE, item })
            }
            Decoded::Leaf { key, value } => self.push_leaf(Leaf { key, value: Cow::Borrowed(value) }),
        })
    }

    /// Makes a branch at position `fork` of the leaf or extension `id`, which begins at `depth`: one way is the old
    /// node's, the other a new leaf's. Returns the node that takes the old one's place.
    fn split(&mut self, key: &B256, value: Cow<'a, [u8]>, id: NodeId, depth: usize, fork: usize) -> NodeId {
        // The old node keeps its key, so it only begins further down.
        let (old_key, old_child) = match id.kind() {
            Kind::Extension(index) => {
                let Extension { key, end, child, item } = self.extensions[index].clone();
                let child = match child {
                    _ if end > fork + 1 => id,
                    // The branch takes the extension's last nibble, and its child as it is.
                    NodeId::NONE => self.push_hidden(item),
                    child => child,
                };
                (key, child)
            }
            Kind::Leaf(index) => (self.leaves[index].key, id),
            Kind::Branch(_) | Kind::Hidden(_) => unreachable!("a key forks from a path"),
        };
        let mut branch = Branch::new();
        let leaf = self.push_leaf(Leaf { key: *key, value });
        branch.replace(nibble(&old_key, fork), old_child);
        branch.replace(nibble(key, fork), leaf);
        let branch = self.push_branch(branch);
        if fork == depth {
            return branch;
        }
        self.push_extension(Extension { key: *key, end: fork, child: branch, item: &[] })
    }

    /// Makes `id` the child of the path's last branch on the way to `key`, or the root.
    pub(crate) fn attach(&mut self, key: &B256, id: NodeId) {
        match self.path.last() {
            None => self.root = id,
            Some(&Step { id: parent, depth }) => match parent.kind() {
                Kind::Branch(index) => self.branches[index].replace(nibble(key, depth), id),
                _ => unreachable!("only branches stay below extensions"),
            },
        }
    }

    /// Marks everything on the path to `key` as changed.
    pub(crate) fn touch_path(&mut self, key: &B256) {
        self.root_hash = None;
        for &Step { id, depth } in &self.path {
            match id.kind() {
                Kind::Branch(index) => self.branches[index].stale |= 1 << nibble(key, depth),
                Kind::Extension(index) => self.extensions[index].item = &[],
                Kind::Leaf(_) | Kind::Hidden(_) => {}
            }
        }
    }

    fn push_branch(&mut self, branch: Branch<'a>) -> NodeId {
        let id = NodeId::branch(self.branches.len());
        self.branches.push(branch);
        id
    }

    pub(crate) fn push_extension(&mut self, extension: Extension<'a>) -> NodeId {
        let id = NodeId::extension(self.extensions.len());
        self.extensions.push(extension);
        id
    }

    fn push_leaf(&mut self, leaf: Leaf<'a>) -> NodeId {
        let id = NodeId::leaf(self.leaves.len());
        self.leaves.push(leaf);
        id
    }

    fn push_hidden(&mut self, item: &'a [u8]) -> NodeId {
        let id = NodeId::hidden(self.hidden.len());
        self.hidden.push(item);
        id
    }
}

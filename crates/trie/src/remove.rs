//! Removing keys, and joining what is left over.

#![allow(clippy::arithmetic_side_effects, reason = "positions in a key are at most 64")]
#![allow(
    clippy::indexing_slicing,
    reason = "indexes of nodes come from pushing them, and none is ever removed"
)]

use alloc::{borrow::Cow, vec::Vec};

use alloy_primitives::B256;

use crate::{
    NodeSet,
    error::TrieError,
    nibbles::{nibble, set_nibble},
    node::{Branch, Child, Extension, Kind, NodeId, item_at},
    trie::{EMPTY_ROOT, End, Step, Trie},
};

impl<'a> Trie<'a> {
    /// Removes `key`; nothing happens if it is absent.
    ///
    /// Where a branch is left with one child, that child takes the branch's place, so it must be known: besides the
    /// nodes on the way to `key`, this needs the sibling. Do all insertions first (or use [`Trie::update`]): a sibling
    /// that another change adds then makes the join, and the node for it, unnecessary. The witnesses of Ethereum's
    /// clients are made for that order.
    ///
    /// # Errors
    ///
    /// [`TrieError::MissingNode`] or [`TrieError::MalformedNode`] on the way or at the sibling. The trie is then
    /// unchanged.
    pub fn remove(&mut self, nodes: &mut NodeSet<'a>, key: &B256) -> Result<(), TrieError> {
        let End::Found(_) = self.descend(nodes, key)? else { return Ok(()) };
        let Some(&Step { id, depth }) = self.path.last() else {
            (self.root, self.root_hash) = (NodeId::NONE, Some(EMPTY_ROOT));
            return Ok(());
        };
        let Kind::Branch(parent) = id.kind() else { unreachable!("only branches are above leaves") };
        match self.branches[parent].only_child_besides(nibble(key, depth)) {
            None => self.attach(key, NodeId::NONE),
            Some((nibble, child)) => self.join(nodes, key, (parent, depth), nibble, child)?,
        }
        self.touch_path(key);
        Ok(())
    }

    /// Applies `changes`, the insertions (`Some`) before the removals (`None`), whatever their order: the order that
    /// needs the fewest nodes. Keys must be distinct.
    ///
    /// # Errors
    ///
    /// As [`Trie::insert`] and [`Trie::remove`]. The changes before the failing one are then made.
    pub fn update(
        &mut self,
        nodes: &mut NodeSet<'a>,
        changes: impl IntoIterator<Item = (B256, Option<Cow<'a, [u8]>>)>,
    ) -> Result<(), TrieError> {
        let mut removals = Vec::new();
        for (key, value) in changes {
            match value {
                Some(value) => self.insert(nodes, &key, value)?,
                None => removals.push(key),
            }
        }
        removals.iter().try_for_each(|key| self.remove(nodes, key))
    }

    /// Replaces a branch, the last of the path, and the extension above it if there is one, by the branch's last child
    /// joined with them. `parent` is the branch's index and position.
    fn join(
        &mut self,
        nodes: &mut NodeSet<'a>,
        removed: &B256,
        parent: (usize, usize),
        nibble: usize,
        child: Child<'a>,
    ) -> Result<(), TrieError> {
        let (parent, depth) = parent;
        // The way to the child parts from the removed key at the branch.
        let mut key = *removed;
        set_nibble(&mut key, depth, u8::try_from(nibble).unwrap_or(0));
        let child = match child {
            Child::InMemory(id) => self.unhide(nodes, id, parent, nibble, &key, depth + 1)?,
            Child::InWitness(item) => self.unfold(nodes, item, &key, depth + 1, false)?,
            Child::Empty => unreachable!("only children that are there are counted"),
        };

        // From here on nothing fails. The branch leaves the path, and so does an extension above it.
        self.path.pop();
        if let Some(above) = self.path.last()
            && matches!(above.id.kind(), Kind::Extension(_))
        {
            self.path.pop();
        }
        let node = match child.kind() {
            Kind::Branch(_) => {
                let branch = &self.branches[parent];
                let item =
                    if branch.is_as_in_witness(nibble) { item_at(branch.witness, nibble).1 } else { &[] };
                self.push_extension(Extension { key, end: depth + 1, child, item })
            }
            // A leaf or extension has its whole key, so it only begins further up.
            Kind::Leaf(_) | Kind::Extension(_) | Kind::Hidden(_) => child,
        };
        self.attach(removed, node);
        Ok(())
    }
}

impl<'a> Branch<'a> {
    /// The child that is alone once the one at `removed` has gone.
    fn only_child_besides(&self, removed: usize) -> Option<(usize, Child<'a>)> {
        let mut others = (0..16).filter(|&nibble| nibble != removed).filter_map(|nibble| {
            let child = self.child(nibble);
            (!matches!(child, Child::Empty)).then_some((nibble, child))
        });
        let other = others.next();
        if others.next().is_some() { None } else { other }
    }
}

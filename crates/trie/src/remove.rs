//! Removing keys, and joining what is left over.

#![allow(clippy::arithmetic_side_effects, reason = "positions in a key are at most 64")]

use alloc::{borrow::Cow, vec::Vec};

use alloy_primitives::B256;

use crate::{
    NodeSet,
    error::TrieError,
    nibbles::{nibble, set_nibble},
    node::{Child, Entry, Node, NodeId},
    trie::{End, Step, Trie},
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
        let Some(&parent) = self.path.last() else {
            self.root = NodeId::NONE;
            return Ok(());
        };
        match self.only_other_child(parent, nibble(key, parent.depth)) {
            None => self.attach(key, NodeId::NONE),
            Some((nibble, child)) => self.join(nodes, key, parent, nibble, child)?,
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

    /// The child of branch `parent` that would remain alone without the one at `removed`.
    fn only_other_child(&self, parent: Step, removed: usize) -> Option<(usize, Child<'a>)> {
        let Node::Branch(branch) = &self.entry(parent.id).node else {
            unreachable!("a leaf hangs from a branch: nothing makes an extension over a leaf")
        };
        let mut others = (0..16).filter(|&nibble| nibble != removed).filter_map(|nibble| {
            let child = branch.child(nibble);
            (!matches!(child, Child::Empty)).then_some((nibble, child))
        });
        let other = others.next();
        if others.next().is_some() { None } else { other }
    }

    /// Replaces branch `parent`, and the extension above it if there is one, by its last child joined with them.
    fn join(
        &mut self,
        nodes: &mut NodeSet<'a>,
        removed: &B256,
        parent: Step,
        nibble: usize,
        child: Child<'a>,
    ) -> Result<(), TrieError> {
        let child = match child {
            Child::InMemory(id) => id,
            Child::InWitness(item) => self.adopt(parent.id, nibble, item),
            Child::Empty => unreachable!("only children that are there are counted"),
        };
        // The way to the child parts from the removed key at the branch.
        let mut key = *removed;
        set_nibble(&mut key, parent.depth, u8::try_from(nibble).unwrap_or(0));
        self.unfold(nodes, child, &key, parent.depth + 1, false)?;

        // From here on nothing fails. The branch leaves the path, and so does an extension above it.
        self.path.pop();
        let mut target = parent.id;
        if let Some(&above) = self.path.last()
            && matches!(self.entry(above.id).node, Node::Extension { .. })
        {
            target = above.id;
            self.path.pop();
        }
        let node = match &mut self.entry_mut(child).node {
            // A leaf or extension holds its whole key, so it only begins further up.
            node @ (Node::Leaf { .. } | Node::Extension { .. }) => core::mem::replace(node, Node::Hidden),
            Node::Branch(_) => Node::Extension { key, end: parent.depth + 1, child },
            Node::Hidden => unreachable!("unfolded above"),
        };
        *self.entry_mut(target) = Entry { reference: None, node };
        Ok(())
    }
}

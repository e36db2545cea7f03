//! That a statement is under a root.

use alloc::vec::Vec;

use crate::hashes::Hashes;
use crate::join::{STATEMENT_BYTES, Statement};
use crate::keccak::{Node, leaf, node};

/// The tree under Keccak-256 of statements, with all that their paths are made of.
pub struct Paths {
    /// From the leaves to the root. A node without a right neighbour goes up as it is.
    levels: Vec<Vec<Node>>,
}

impl Paths {
    /// Of statements in their order.
    pub fn new<H: Hashes>(statements: &[Statement]) -> Self {
        let mut levels = Vec::new();
        let mut level: Vec<_> = statements.iter().map(|statement| leaf::<H>(&statement.encode())).collect();
        while level.len() > 1 {
            let pairs = level.chunks(2).filter_map(|pair| match pair {
                [left, right] => Some(node::<H>(left, right)),
                rest => rest.first().copied(),
            });
            let above = pairs.collect();
            levels.push(core::mem::replace(&mut level, above));
        }
        levels.push(level);
        Self { levels }
    }

    /// The root. None without statements.
    pub fn root(&self) -> Option<Node> {
        self.levels.last()?.first().copied()
    }

    /// What shows that the statement with this index, counted from 0, is under the root: its siblings, from the leaf up. None
    /// if there is none.
    pub fn path(&self, index: usize) -> Option<Vec<Node>> {
        self.levels.first()?.get(index)?;
        let siblings = self.levels.iter().enumerate();
        Some(siblings.filter_map(|(level, nodes)| nodes.get(index >> level ^ 1).copied()).collect())
    }
}

/// Whether a path shows that the statement with this index is one of `count` under a root.
pub fn is_included<H: Hashes>(
    root: &Node,
    count: u64,
    index: u64,
    statement: &[u8; STATEMENT_BYTES],
    path: &[Node],
) -> bool {
    if index >= count {
        return false;
    }
    // Places of the node and of the last one in its level.
    let (mut place, mut last) = (index, count - 1);
    let mut found = leaf::<H>(statement);
    let mut siblings = path.iter();
    while last > 0 {
        // The last node of a level has no sibling if it is a left one, and is that of the level above.
        if place % 2 == 1 || place < last {
            let Some(sibling) = siblings.next() else { return false };
            found = if place % 2 == 1 { node::<H>(sibling, &found) } else { node::<H>(&found, sibling) };
        }
        (place, last) = (place / 2, last / 2);
    }
    siblings.next().is_none() && found == *root
}

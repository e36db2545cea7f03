//! The tree of priority operations, and ranges of it (`specs/016-priority-operations.md`, "Range").

use crate::abi::chain::RollupChain::OperationRange;
use alloy_primitives::B256;
use ashlar_primitives::rollup::{queue_leaf, queue_node};
use std::ops::Range;
use thiserror::Error;

/// Depth of the tree.
const DEPTH: usize = 32;

/// Why there is no range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QueueError {
    /// The queue has no such operations.
    #[error("operations {from} to {to} are asked for, and the queue has {count}")]
    Absent {
        /// The first that is asked for.
        from: usize,
        /// The one behind the last.
        to: usize,
        /// Operations of the queue.
        count: usize,
    },
}

/// The queue of a chain's priority operations, as its contract has it.
#[derive(Clone, Debug, Default)]
pub struct OperationTree {
    /// Hash and deadline (Ethereum's time, seconds) of each operation.
    operations: Vec<(B256, u64)>,
    /// Nodes by height, leaves first; only those below which there is a leaf.
    levels: Vec<Vec<B256>>,
}

impl OperationTree {
    /// Appends an operation.
    pub fn push(&mut self, hash: B256, deadline: u64) {
        self.operations.push((hash, deadline));
        self.levels.resize(DEPTH + 1, Vec::new());
        let mut place = self.operations.len() - 1;
        let mut node = queue_leaf(&hash, deadline);
        let mut empty = B256::ZERO;
        for level in &mut self.levels {
            match level.get_mut(place) {
                Some(old) => *old = node,
                None => level.push(node),
            }
            node = match place.checked_sub(1).filter(|_| place % 2 == 1).and_then(|left| level.get(left)) {
                Some(left) => queue_node(left, &node),
                None => queue_node(&node, &empty),
            };
            empty = queue_node(&empty, &empty);
            place /= 2;
        }
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Root of the tree.
    pub fn root(&self) -> B256 {
        let empty = (0..DEPTH).fold(B256::ZERO, |below, _| queue_node(&below, &below));
        self.levels.last().and_then(|top| top.first()).copied().unwrap_or(empty)
    }

    /// The range that the executor of these operations shows: they, and the one behind them if there is one. Without
    /// operations it is empty.
    pub fn range(&self, operations: Range<usize>) -> Result<OperationRange, QueueError> {
        let Range { start: from, end: to } = operations;
        let mut range =
            OperationRange { hashes: Vec::new(), deadlines: Vec::new(), left: Vec::new(), right: Vec::new() };
        if from == to {
            return Ok(range);
        }
        let absent = QueueError::Absent { from, to, count: self.len() };
        if from > to || to > self.len() {
            return Err(absent);
        }
        let end = (to + 1).min(self.len());
        let shown = self.operations.get(from..end).ok_or(absent)?;
        (range.hashes, range.deadlines) = shown.iter().copied().unzip();
        let (mut first, mut last) = (from, end - 1);
        for level in self.levels.iter().take(DEPTH) {
            if first % 2 == 1 {
                range.left.extend(level.get(first - 1));
            }
            // Behind the end of the tree there is nothing to show.
            if last % 2 == 0 {
                range.right.extend(level.get(last + 1));
            }
            (first, last) = (first / 2, last / 2);
        }
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Root of a range, by the rule of the specification.
    fn root_of(range: &OperationRange, from: usize) -> B256 {
        let leaves = range.hashes.iter().zip(&range.deadlines);
        let mut nodes: Vec<_> = leaves.map(|(hash, deadline)| queue_leaf(hash, *deadline)).collect();
        let (mut a, mut b) = (from, from + nodes.len() - 1);
        let (mut left, mut right) = (range.left.iter(), range.right.iter());
        let mut empty = B256::ZERO;
        for _ in 0..DEPTH {
            if a % 2 == 1 {
                nodes.insert(0, *left.next().expect("a sibling"));
            }
            if b.is_multiple_of(2) {
                nodes.push(right.next().copied().unwrap_or(empty));
            }
            nodes = nodes.chunks(2).map(|pair| queue_node(&pair[0], &pair[1])).collect();
            empty = queue_node(&empty, &empty);
            (a, b) = (a / 2, b / 2);
        }
        assert!(left.next().is_none() && right.next().is_none());
        nodes[0]
    }

    #[test]
    fn every_range_leads_to_the_root() {
        let mut tree = OperationTree::default();
        for count in 1..20usize {
            tree.push(B256::repeat_byte(count as u8), count as u64 * 7);
            for from in 0..count {
                for to in from + 1..=count {
                    let range = tree.range(from..to).unwrap();
                    assert_eq!(range.hashes.len(), (to + 1).min(count) - from);
                    assert_eq!(root_of(&range, from), tree.root(), "{from}..{to} of {count}");
                }
            }
        }
    }

    #[test]
    fn a_range_that_is_not_there_is_an_error() {
        let mut tree = OperationTree::default();
        assert!(tree.range(0..0).unwrap().hashes.is_empty());
        assert_eq!(tree.range(0..1).unwrap_err(), QueueError::Absent { from: 0, to: 1, count: 0 });
        tree.push(B256::ZERO, 1);
        assert!(tree.range(1..2).is_err());
    }
}

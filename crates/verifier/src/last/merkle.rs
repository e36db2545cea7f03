//! Paths of all queries at once: a node that can be computed is not in the proof, any other one is once.

use alloc::vec::Vec;

use super::error::RefusedFinal;
use super::hash::{Node, node};
use super::reader::Reader;
use super::shape::Tree;

/// Checks that leaves lead to a root. Positions are ascending; equal ones must have equal leaves.
pub(super) fn check_paths(
    reader: &mut Reader<'_>,
    tree: Tree,
    root: &Node,
    log_leaves: usize,
    leaves: impl Iterator<Item = (usize, Node)>,
) -> Result<(), RefusedFinal> {
    let mut level: Vec<(usize, Node)> = Vec::new();
    for (index, leaf) in leaves {
        match level.last() {
            Some((last, other)) if *last == index => {
                if *other != leaf {
                    return Err(RefusedFinal::TwoRows(tree));
                }
            }
            _ => level.push((index, leaf)),
        }
    }
    for _ in 0..log_leaves {
        level = parents(reader, &level)?;
    }
    match level.as_slice() {
        [(0, top)] if top == root => Ok(()),
        _ => Err(RefusedFinal::Root(tree)),
    }
}

/// The level above: siblings are either both known, or the missing one is read.
fn parents(reader: &mut Reader<'_>, level: &[(usize, Node)]) -> Result<Vec<(usize, Node)>, RefusedFinal> {
    let mut parents = Vec::with_capacity(level.len());
    let mut nodes = level.iter().peekable();
    while let Some((index, own)) = nodes.next() {
        let parent = if index % 2 == 1 {
            node(&reader.node()?, own)
        } else if let Some((_, right)) = nodes.next_if(|(right, _)| *right == index + 1) {
            node(own, right)
        } else {
            node(own, &reader.node()?)
        };
        parents.push((index / 2, parent));
    }
    Ok(parents)
}

//! The tree under Keccak-256.

use crate::hashes::Hashes;
use crate::join::STATEMENT_BYTES;

/// A hash of the tree.
pub type Node = [u8; 32];

/// First byte of what a leaf is the hash of. It is never that of a node, so no leaf passes for a node.
const LEAF: u8 = 0;
/// The same of a node.
const NODE: u8 = 1;

/// The leaf of a statement, its bytes.
pub fn leaf<H: Hashes>(statement: &[u8; STATEMENT_BYTES]) -> Node {
    hash::<H>(LEAF, statement)
}

/// The node above two others.
pub fn node<H: Hashes>(left: &Node, right: &Node) -> Node {
    let mut both = [0; 64];
    let (first, second) = both.split_at_mut(32);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    hash::<H>(NODE, &both)
}

fn hash<H: Hashes>(first: u8, rest: &[u8; 64]) -> Node {
    let mut bytes = [first; 65];
    for (byte, value) in bytes.iter_mut().skip(1).zip(rest) {
        *byte = *value;
    }
    H::keccak256(&bytes)
}

use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::{DEPTH, NodeColumns};
use crate::Val;
use crate::hash::{Digest, Hasher};
use crate::poseidon2::Questions;

/// An inner node that lies above a touched page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeEvent {
    /// Distance from the root.
    pub depth: u32,
    /// Position among the nodes of this depth.
    pub index: u32,
    /// Digests of the children before the segment.
    pub old: [Digest; 2],
    /// Digests of the children after it.
    pub new: [Digest; 2],
    /// Which children have events of their own (or are touched pages).
    pub touched: [bool; 2],
}

/// The trace of these nodes: the root first, the others in any order. Panics if they do not fit in `height` rows, or if
/// the first one is not the root.
pub fn generate(events: &[NodeEvent], height: usize, questions: &mut Questions) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height, "{} nodes for {height} rows", events.len());
    assert!(events.first().is_some_and(|root| root.depth == 0 && root.index == 0), "the root comes first");
    let hasher = Hasher::default();
    let mut values = Val::zero_vec(height * NodeColumns::WIDTH);
    for (row, event) in values.chunks_exact_mut(NodeColumns::WIDTH).zip(events) {
        fill(row.borrow_mut(), event, &hasher, questions);
    }
    let root: &mut NodeColumns<Val> = values[..NodeColumns::WIDTH].borrow_mut();
    root.is_root = Val::ONE;
    RowMajorMatrix::new(values, NodeColumns::WIDTH)
}

/// The table's public values: the digests of the root before and after, from the first event.
pub fn public_values(events: &[NodeEvent]) -> Vec<Val> {
    let hasher = Hasher::default();
    let root = &events[0];
    [&root.old, &root.new].into_iter().flat_map(|[left, right]| hasher.compress(left, right)).collect()
}

fn fill(row: &mut NodeColumns<Val>, event: &NodeEvent, hasher: &Hasher, questions: &mut Questions) {
    let NodeEvent { depth, index, old, new, touched } = *event;
    assert!(depth < DEPTH && index >> depth == 0, "no inner node {index} of depth {depth}");
    row.is_real = Val::ONE;
    row.depth = Val::from_u32(depth);
    row.index = Val::from_u32(index);
    row.old_children = old;
    row.new_children = new;
    questions.compress(&old[0], &old[1]);
    row.old = hasher.compress(&old[0], &old[1]);
    questions.compress(&new[0], &new[1]);
    row.new = if new == old { row.old } else { hasher.compress(&new[0], &new[1]) };
    row.touched = touched.map(Val::from_bool);
    if touched[1] {
        let place = row.depth - Val::TWO + (row.index - Val::from_u32(3)) * Val::from_u32(32);
        row.inverse = place.inverse();
    }
}

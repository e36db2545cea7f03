//! Leaves of Merkle trees, as rows of `sponge` or blocks of the narrow table.

use super::{DigestWire, Layout, Source, Wire};

/// A leaf: elements in groups of four, four groups a row, or two groups a block.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) source: Source,
    pub(super) digest: DigestWire,
    pub(super) content: Content,
    /// Of the narrow table: what its last block says of the group that it does not have.
    pub(super) behind: Option<Wire>,
    /// Where its first row is: the table of the two, and the row. Of the narrow table, its first block.
    pub(super) place: (usize, usize),
}

/// What is read of a leaf, beside its digest.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Rows of matrices, combined with a power; on the narrow table it is given with its square, cube and fourth power.
    Rows { powers: Vec<Wire>, groups: Vec<Group> },
    /// Each group is an element of the extension field.
    Elements(Vec<Wire>),
}

/// What the columns of a group say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// It goes on with the matrix of the group before.
    pub(super) continues: bool,
    /// The wire that its sum defines.
    pub(super) sum: Option<Wire>,
}

impl Leaf {
    /// What its data is combined with.
    pub(super) fn powers(&self) -> &[Wire] {
        match &self.content {
            Content::Rows { powers, .. } => powers,
            Content::Elements(_) => &[],
        }
    }

    /// All groups in order.
    pub(super) fn groups(&self) -> Vec<Group> {
        match &self.content {
            Content::Rows { groups, .. } => groups.clone(),
            Content::Elements(wires) => {
                wires.iter().map(|wire| Group { continues: false, sum: Some(*wire) }).collect()
            }
        }
    }

    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        match &self.content {
            Content::Rows { groups, .. } => groups.len(),
            Content::Elements(wires) => wires.len(),
        }
    }

    /// Number of rows or blocks.
    pub(super) fn rows(&self, layout: Layout) -> usize {
        self.len().div_ceil(match layout {
            Layout::Wide => 4,
            Layout::Narrow => 2,
        })
    }
}

use crate::columns::columns;

/// One inner node.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct NodeColumns<T> {
    /// 1 if the row is in use.
    pub is_real: T,
    /// 1 on the first row only.
    pub is_root: T,
    /// Distance from the root.
    pub depth: T,
    /// Position among the nodes of this depth.
    pub index: T,
    /// Digests of the left and the right child before.
    pub old_children: [[T; 8]; 2],
    /// Digests of the children after.
    pub new_children: [[T; 8]; 2],
    /// Digest of the node before.
    pub old: [T; 8],
    /// Digest after.
    pub new: [T; 8],
    /// Whether somebody opens the left, the right child.
    pub touched: [T; 2],
    /// Inverse of (depth - 2) + 32 (index - 3), if the right child is touched.
    pub inverse: T,
}

columns!(NodeColumns);

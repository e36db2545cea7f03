use crate::columns::columns;

/// Accesses per row: a row is so many [`PortColumns`] side by side.
pub const LANES: usize = 2;

/// One access: up to 4 consecutive words at one timestamp.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PortColumns<T> {
    /// A READ message is received.
    pub reads: T,
    /// A WRITE message is received.
    pub writes: T,
    /// Whether words 1, 2 and 3 are in use.
    pub is_used: [T; 3],
    /// Timestamp of the access.
    pub timestamp: T,
    /// Address of word 0.
    pub address: T,
    /// Limbs of each word before, low first.
    pub old: [[T; 2]; 4],
    /// Limbs of each word after.
    pub new: [[T; 2]; 4],
    /// Timestamp of the access to each word before this one.
    pub previous: [T; 4],
    /// High parts of the gaps since then.
    pub gap_high: [T; 4],
}

columns!(PortColumns);

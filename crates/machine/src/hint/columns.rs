use crate::columns::columns;

/// One row: up to 4 words of a call.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct HintColumns<T> {
    /// The row takes a call from the call table.
    pub is_first: T,
    /// Whether each word is in use.
    pub is_used: [T; 4],
    /// Cycle of the call.
    pub clock: T,
    /// Word address of word 0.
    pub address: T,
    /// Words from this row on.
    pub remaining: T,
    /// Limbs of the words, low first.
    pub words: [[T; 2]; 4],
}

columns!(HintColumns);

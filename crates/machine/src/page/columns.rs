use crate::columns::columns;

/// A quarter of a page: 4 words.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PageColumns<T> {
    /// 1 if the row is in use; the same on the 4 rows of a page.
    pub is_real: T,
    /// Index of the page; the same on its 4 rows.
    pub page: T,
    /// Limbs of the words before the segment, low first.
    pub old: [T; 8],
    /// Limbs of the words after it.
    pub new: [T; 8],
    /// When each word was accessed last; 0 if never.
    pub timestamps: [T; 4],
    /// Digest of the words of earlier rows, before.
    pub old_in: [T; 8],
    /// The same with this row's words.
    pub old_out: [T; 8],
    /// Digest of the words of earlier rows, after.
    pub new_in: [T; 8],
    /// The same with this row's words.
    pub new_out: [T; 8],
}

columns!(PageColumns);

use crate::columns::columns;

/// One call.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CommitColumns<T> {
    /// 1 if the row is in use; the rows in use come first.
    pub is_real: T,
    /// Clock of the call.
    pub clock: T,
    /// Address of the first word.
    pub address: T,
    /// Limbs of the 8 words, low first.
    pub limbs: [T; 16],
    /// The running digest before.
    pub before: [T; 8],
    /// The digest with the first 4 words.
    pub middle: [T; 8],
    /// The digest with all words.
    pub after: [T; 8],
    /// Next clock - clock - 1: low 16 bits, high 8 bits.
    pub gap: [T; 2],
}

columns!(CommitColumns);

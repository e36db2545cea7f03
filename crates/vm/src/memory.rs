//! The flat memory of the machine.

use ashlar_abi::memory::{DATA_START, MEMORY_BYTES, PAGE_BYTES, PAGE_WORDS};

/// 32-bit words of the address space.
pub const MEMORY_WORDS: usize = (MEMORY_BYTES / 4) as usize;

/// Pages of the address space.
pub const PAGES: usize = (MEMORY_BYTES / PAGE_BYTES) as usize;

const DATA_START_WORD: u32 = DATA_START / 4;

/// All 2^28 words, in a mapping of its own: a fresh one costs nothing, and dropping it is the way to reset it.
#[repr(transparent)]
pub struct Memory {
    words: [u32; MEMORY_WORDS],
}

// SAFETY: an array of `u32`, for which all bits zero is a value.
unsafe impl bytemuck::Zeroable for Memory {}

impl Memory {
    /// The word of this index (byte address / 4), if there is one.
    pub fn word(&self, index: usize) -> Option<u32> {
        self.words.get(index).copied()
    }

    /// The page of this index (byte address / 64), if there is one.
    pub fn page(&self, index: u32) -> Option<&[u32; PAGE_WORDS]> {
        self.words.as_chunks::<PAGE_WORDS>().0.get(index as usize)
    }

    /// The words at a 4-aligned byte address, or none if any of them is not 4-aligned or outside.
    pub fn words(&self, address: u32, count: usize) -> Option<&[u32]> {
        let first = address.rotate_right(2) as usize;
        self.words.get(first..first.checked_add(count)?)
    }

    /// `count` bytes from any byte address, without those that are outside.
    pub(crate) fn bytes(&self, address: u32, count: u32) -> Vec<u8> {
        let end = address.saturating_add(count).min(MEMORY_BYTES);
        (address..end).map(|at| (self.words[at as usize / 4] >> (8 * (at % 4))) as u8).collect()
    }

    /// Overwrites words at a 4-aligned byte address, read-only or not: the loader's way in. What lies outside is
    /// ignored.
    pub(crate) fn load(&mut self, address: u32, words: &[u32]) {
        let first = address.rotate_right(2) as usize;
        if let Some(target) = first.checked_add(words.len()).and_then(|end| self.words.get_mut(first..end)) {
            target.copy_from_slice(words);
        }
    }

    /// Index of the word at this address; none if misaligned or outside. Rotating puts the two low bits on top, so
    /// that one comparison decides both.
    #[inline(always)]
    pub(crate) const fn aligned_index(address: u32) -> Option<usize> {
        let index = address.rotate_right(2) as usize;
        if index < MEMORY_WORDS { Some(index) } else { None }
    }

    /// Index of the word that holds the aligned halfword at this address; none if misaligned or outside.
    #[inline(always)]
    pub(crate) const fn half_index(address: u32) -> Option<usize> {
        let index = (address.rotate_right(1) >> 1) as usize;
        if address & 1 == 0 && index < MEMORY_WORDS { Some(index) } else { None }
    }

    /// Index of the word that holds the byte at this address; none if outside.
    #[inline(always)]
    pub(crate) const fn byte_index(address: u32) -> Option<usize> {
        let index = (address >> 2) as usize;
        if index < MEMORY_WORDS { Some(index) } else { None }
    }

    /// Whether the guest may store to the word of this index.
    #[inline(always)]
    pub(crate) const fn is_writable(index: usize) -> bool {
        index >= DATA_START_WORD as usize
    }

    /// Reads a word whose index one of the functions above returned.
    #[inline(always)]
    pub(crate) const fn get(&self, index: usize) -> u32 {
        self.words[index]
    }

    /// Writes a word whose index one of the functions above returned.
    #[inline(always)]
    pub(crate) const fn set(&mut self, index: usize, word: u32) {
        self.words[index] = word;
    }
}

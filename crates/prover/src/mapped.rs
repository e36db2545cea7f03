//! A large array of zeros that costs what is touched of it.

use std::io;

use memmap2::{MmapMut, MmapOptions};

/// `u32`s, all 0 at first, in a mapping of their own: 1 GiB of them costs nothing until it is written.
pub(crate) struct MappedWords(MmapMut);

impl MappedWords {
    /// Maps this many.
    pub(crate) fn zeroed(words: usize) -> io::Result<Self> {
        MmapOptions::new().len(words * 4).no_reserve_swap().map_anon().map(Self)
    }

    /// The word at this position, which is replaced.
    #[inline]
    pub(crate) fn replace(&mut self, position: usize, word: u32) -> u32 {
        let bytes = &mut self.0.as_chunks_mut::<4>().0[position];
        u32::from_ne_bytes(core::mem::replace(bytes, word.to_ne_bytes()))
    }

    /// The word at this position.
    #[inline]
    pub(crate) fn get(&self, position: usize) -> u32 {
        u32::from_ne_bytes(self.0.as_chunks::<4>().0[position])
    }
}

//! Large arrays of zeros that cost what is touched of them.

use std::alloc::{Layout, handle_alloc_error};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Zeroable;
use memmap2::{MmapMut, MmapOptions};

/// A value that starts as zeros and lies in a mapping of its own.
///
/// Not in a `Box`: allocators are free to write the zeros, and with 1 GiB some do, which takes longer than most runs.
pub(crate) struct Mapped<T> {
    map: MmapMut,
    value: PhantomData<T>,
}

impl<T: Zeroable> Mapped<T> {
    /// Maps a new one. Aborts, as every allocation does, if there is no address space left.
    pub(crate) fn zeroed() -> Self {
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= 4096) };
        let map = MmapOptions::new().len(size_of::<T>()).no_reserve_swap().map_anon();
        let map = map.unwrap_or_else(|_| handle_alloc_error(Layout::new::<T>()));
        Self { map, value: PhantomData }
    }
}

impl<T> Deref for Mapped<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: `zeroed` mapped size_of::<T>() bytes, aligned to a page and so for T, that nothing else refers to.
        // They were zeros, a value of T, and changed only through `deref_mut`.
        unsafe { &*self.map.as_ptr().cast() }
    }
}

impl<T> DerefMut for Mapped<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`.
        unsafe { &mut *self.map.as_mut_ptr().cast() }
    }
}

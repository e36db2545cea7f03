//! The heap: lists of free blocks, one for each size, over a pointer that only moves up into fresh memory.
//!
//! A block has one of 120 sizes: multiples of 8 up to 256, then four between a power of two and the next. Freed blocks
//! go to the list of their size and are handed out again before fresh memory is, so that few pages are ever touched.
//! The block that ends at the pointer is grown and shrunk in place.
//!
//! Blocks are not joined again: a run is short, and the sizes that a program asks for are few.

use core::alloc::Layout;
use core::{mem, ptr};

/// Every block starts at a multiple of this.
const ALIGN: usize = 8;
/// Sizes up to this are multiples of [`ALIGN`]; above, four to a doubling.
const SMALL_MAX: usize = 256;
const SMALL_CLASSES: usize = SMALL_MAX / ALIGN;
/// No request above this is granted: it is the size of the machine's memory.
const SIZE_MAX: usize = 1 << 30;
const CLASSES: usize = SMALL_CLASSES + 4 * (SIZE_MAX.ilog2() - SMALL_MAX.ilog2()) as usize;

/// A size of blocks, and the place of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class {
    index: usize,
    size: usize,
}

impl Class {
    /// The smallest class that holds `size` bytes, 0 < size. `None` above [`SIZE_MAX`].
    #[inline(always)]
    fn of(size: usize) -> Option<Self> {
        if size <= SMALL_MAX {
            let units = size.div_ceil(ALIGN);
            Some(Self { index: units - 1, size: units * ALIGN })
        } else {
            Self::of_large(size)
        }
    }

    fn of_large(size: usize) -> Option<Self> {
        if size > SIZE_MAX {
            return None;
        }
        let doubling = (size - 1).ilog2(); // 2^doubling < size <= 2^(doubling + 1)
        let step = doubling - 2;
        let quarters = (size - 1) >> step; // 4..=7
        let index = SMALL_CLASSES + 4 * (doubling - SMALL_MAX.ilog2()) as usize + (quarters - 4);
        Some(Self { index, size: (quarters + 1) << step })
    }

    /// The largest class that fits into `size` bytes, a positive multiple of [`ALIGN`] up to [`SIZE_MAX`].
    fn within(size: usize) -> Option<Self> {
        if size <= SMALL_MAX {
            return Self::of(size);
        }
        let step = size.ilog2() - 2;
        Self::of(size >> step << step)
    }
}

/// An allocator over one range of memory. Its methods keep the contract of [`core::alloc::GlobalAlloc`].
pub(crate) struct Heap {
    /// First byte that no block holds; all from here to `end` is free.
    next: *mut u8,
    end: *mut u8,
    /// Nothing from the larger of this and `next` on was ever handed out: it is zero.
    used_end: *mut u8,
    free: [*mut u8; CLASSES],
}

impl Heap {
    /// A heap over `start..end`; `start` is a multiple of 8.
    ///
    /// # Safety
    ///
    /// The range is valid, zero, and used by nothing else as long as the heap or a block of it lives.
    pub(crate) const unsafe fn new(start: *mut u8, end: *mut u8) -> Self {
        Self { next: start, end, used_end: start, free: [ptr::null_mut(); CLASSES] }
    }

    /// See [`core::alloc::GlobalAlloc::alloc`].
    ///
    /// # Safety
    ///
    /// The layout's size is not 0.
    #[inline]
    pub(crate) unsafe fn alloc(&mut self, layout: Layout) -> *mut u8 {
        let Some(class) = Class::of(layout.size()) else { return ptr::null_mut() };
        if layout.align() > ALIGN {
            return self.take_aligned(class, layout.align());
        }
        let block = self.free[class.index];
        if block.is_null() {
            return self.take_fresh(class);
        }
        // SAFETY: a block in a list holds the next one in its first bytes; blocks are 8-aligned and at least that long.
        self.free[class.index] = unsafe { block.cast::<*mut u8>().read() };
        block
    }

    /// See [`core::alloc::GlobalAlloc::alloc_zeroed`].
    ///
    /// # Safety
    ///
    /// The layout's size is not 0.
    pub(crate) unsafe fn alloc_zeroed(&mut self, layout: Layout) -> *mut u8 {
        let fresh = self.next.max(self.used_end);
        // SAFETY: the caller's promise is the same.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // What was never handed out is zero.
            let used = (fresh.addr().saturating_sub(block.addr())).min(layout.size());
            // SAFETY: `used` bytes lie in the block.
            unsafe { block.write_bytes(0, used) };
        }
        block
    }

    /// See [`core::alloc::GlobalAlloc::dealloc`].
    ///
    /// # Safety
    ///
    /// The block is live and was allocated here with this layout.
    #[inline]
    pub(crate) unsafe fn dealloc(&mut self, block: *mut u8, layout: Layout) {
        let Some(class) = Class::of(layout.size()) else { return };
        if block.addr() + class.size == self.next.addr() {
            self.move_next(block);
        } else {
            // SAFETY: the block is free from here on, and as long as its class.
            unsafe { self.push(block, class) };
        }
    }

    /// See [`core::alloc::GlobalAlloc::realloc`].
    ///
    /// # Safety
    ///
    /// The block is live and was allocated here with this layout; `new_size` is not 0.
    pub(crate) unsafe fn realloc(&mut self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let (Some(old), Some(new)) = (Class::of(layout.size()), Class::of(new_size)) else {
            return ptr::null_mut();
        };
        if new.size == old.size {
            return block;
        }
        if block.addr() + old.size == self.next.addr() {
            if new.size > self.end.addr() - block.addr() {
                return ptr::null_mut();
            }
            // SAFETY: in range, as just checked.
            self.move_next(unsafe { block.add(new.size) });
            return block;
        }
        if new.size < old.size {
            // SAFETY: the tail lies in the block and is given up by the caller.
            unsafe { self.release(block.add(new.size), old.size - new.size) };
            return block;
        }
        // SAFETY: align is a power of two, and the size is at most `SIZE_MAX`, far from overflow when rounded up.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: the size is not 0; both blocks are live, distinct, and longer than the old size; the old one is not
        // used after this.
        unsafe {
            let target = self.alloc(new_layout);
            if !target.is_null() {
                ptr::copy_nonoverlapping(block, target, layout.size());
                self.push(block, old);
            }
            target
        }
    }

    #[inline]
    fn take_fresh(&mut self, class: Class) -> *mut u8 {
        let block = self.next;
        if class.size > self.end.addr() - block.addr() {
            return ptr::null_mut();
        }
        // SAFETY: in range, as just checked.
        self.next = unsafe { block.add(class.size) };
        block
    }

    /// A fresh block at a multiple of `align`. The lists hold blocks of any place, so they do not serve here; freed, it
    /// goes to the list of its size.
    fn take_aligned(&mut self, class: Class, align: usize) -> *mut u8 {
        let gap = self.next.addr().wrapping_neg() & (align - 1);
        let room = self.end.addr() - self.next.addr();
        if gap > room || class.size > room - gap {
            return ptr::null_mut();
        }
        let skipped = self.next;
        // SAFETY: in range, as just checked.
        self.next = unsafe { skipped.add(gap) };
        // SAFETY: the gap was free, and lies below `next` now.
        unsafe { self.release(skipped, gap) };
        self.take_fresh(class)
    }

    /// Moves `next`, remembering up to where memory may have been written.
    #[inline]
    fn move_next(&mut self, to: *mut u8) {
        self.used_end = self.used_end.max(self.next);
        self.next = to;
    }

    /// # Safety
    ///
    /// The block is free, below `next`, in no list, 8-aligned, and as long as the class says.
    #[inline]
    unsafe fn push(&mut self, block: *mut u8, class: Class) {
        // SAFETY: aligned and at least 8 bytes long, so a pointer fits.
        unsafe { block.cast::<*mut u8>().write(self.free[class.index]) };
        self.free[class.index] = block;
    }

    /// Puts `size` bytes into the lists, in as few blocks as their sizes allow.
    ///
    /// # Safety
    ///
    /// The bytes are free, below `next` and in no list; both numbers are multiples of 8.
    unsafe fn release(&mut self, mut start: *mut u8, mut size: usize) {
        while size > 0 {
            let Some(class) = Class::within(size) else { return };
            // SAFETY: the class fits into the remaining bytes.
            unsafe {
                self.push(start, class);
                start = start.add(class.size);
            }
            size -= class.size;
        }
    }
}

const _: () = assert!(mem::size_of::<*mut u8>() <= ALIGN);

#[cfg(test)]
mod tests;

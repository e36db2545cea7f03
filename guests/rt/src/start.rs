//! The first instructions of a run, and the global allocator.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;

use ashlar_abi::call;

use crate::heap::Heap;

/// Names the function of type `fn()` that the run starts in. Exactly once per guest.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn ashlar_guest_main() {
            const MAIN: fn() = $main;
            MAIN()
        }
    };
}

// Registers are 0 at start except `sp`, so nothing has to be set up; `gp` stays 0 and unused. The machine reads memory
// that the image does not fill as 0, so `.bss` needs no clearing.
core::arch::global_asm!(
    ".section .text.start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "call ashlar_guest_main",
    "li a0, 0",
    "li a7, {halt}",
    "ecall",
    "unimp",
    ".size _start, . - _start",
    halt = const call::HALT,
);

unsafe extern "C" {
    /// First byte after `.bss`, from the linker script.
    #[link_name = "HEAP_START"]
    static mut HEAP_START: u8;
    /// One past the last byte of memory, from the linker script.
    #[link_name = "HEAP_END"]
    static mut HEAP_END: u8;
}

struct SingleThreaded(UnsafeCell<Heap>);

// SAFETY: the machine has one thread and no interrupts, so there is never a second access.
unsafe impl Sync for SingleThreaded {}

#[global_allocator]
static HEAP: SingleThreaded = SingleThreaded(UnsafeCell::new(
    // SAFETY: the linker script gives this range to nothing else, and the machine starts it as zeros.
    unsafe { Heap::new(&raw mut HEAP_START, &raw mut HEAP_END) },
));

// SAFETY: `Heap` keeps the contract of `GlobalAlloc`; its methods do not re-enter the allocator, so the exclusive
// references made here do not overlap.
unsafe impl GlobalAlloc for SingleThreaded {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: exclusive, see above; the caller upholds the contract.
        unsafe { (*self.0.get()).alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: exclusive, see above; the caller upholds the contract.
        unsafe { (*self.0.get()).dealloc(ptr, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: exclusive, see above; the caller upholds the contract.
        unsafe { (*self.0.get()).alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: exclusive, see above; the caller upholds the contract.
        unsafe { (*self.0.get()).realloc(ptr, layout, new_size) }
    }
}

//! The allocator, and how it treats what is freed.

use libmimalloc_sys::mi_option_set;

/// Proving lives on huge pages: this allocator asks the system for them (on Linux by `madvise`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 3; -1 is never.
const PURGE_DELAY: i32 = 15;
/// `mi_option_arena_reserve` of mimalloc 3, in KiB.
const ARENA_RESERVE: i32 = 23;

/// Keeps freed memory for the next allocation instead of giving it back to the system.
///
/// Every segment allocates the same gigabytes as the one before it. Given back, they would have to be cleared and mapped
/// anew by the kernel, which took a third of a prover's time.
pub(crate) fn keep_memory() {
    set(PURGE_DELAY, -1);
    set(ARENA_RESERVE, 4 << 20);
}

/// Gives freed memory back to the system at once, so that what the process has is what it needs: for measuring that.
pub(crate) fn return_memory() {
    set(PURGE_DELAY, 0);
}

fn set(option: i32, value: i64) {
    // SAFETY: sets a number; the options exist in the version of mimalloc that is linked, and a wrong number would only be
    // ignored by it.
    unsafe { mi_option_set(option, value) }
}

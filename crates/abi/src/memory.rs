//! The memory map. All addresses and sizes are in bytes.

/// Size of the address space; every address is below it.
pub const MEMORY_BYTES: u32 = 1 << 30;

/// First writable address: the image (text and read-only data) lies below.
pub const DATA_START: u32 = 0x0100_0000;

/// Initial stack pointer. The stack grows down to [`DATA_START`].
pub const STACK_TOP: u32 = 0x0200_0000;

/// Bytes of a page, the unit of the memory tree.
pub const PAGE_BYTES: u32 = 64;

/// 32-bit words of a page.
pub const PAGE_WORDS: usize = 16;

/// Depth of the memory tree: `MEMORY_BYTES / PAGE_BYTES` leaves.
pub const TREE_DEPTH: u32 = 24;

const _: () = assert!(PAGE_BYTES << TREE_DEPTH == MEMORY_BYTES);

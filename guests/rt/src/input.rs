//! The hint stream as one byte string (`specs/002-batch-input.md`, "Into memory").

use alloc::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use core::slice;

use ashlar_abi::call::HINT_WORDS_MAX;

use crate::ecall::hint;

/// Reads the next byte string of the hint stream: a word with its length in bytes, then its words. The result starts at
/// a multiple of 4 and is never freed.
///
/// The bytes come from the host and are untrusted. The run traps if the stream is shorter than it says, and panics if
/// the heap cannot hold it.
pub fn read_input() -> &'static [u8] {
    let mut len = [0u32; 1];
    hint(&mut len);
    let len = len[0] as usize;
    if len == 0 {
        return &[];
    }
    let words = word_buffer(len.div_ceil(4));
    read_words(words);
    // SAFETY: the buffer holds at least `len` bytes, is initialised, is never freed and never written again.
    unsafe { slice::from_raw_parts(words.as_ptr().cast(), len) }
}

/// Fills `words` with the next words of the hint stream, any words. The run traps if fewer remain.
pub fn read_words(words: &mut [u32]) {
    for chunk in words.chunks_mut(HINT_WORDS_MAX as usize) {
        hint(chunk);
    }
}

/// `count` words of heap, count > 0. Clearing them is free where the heap knows that they were never used.
fn word_buffer(count: usize) -> &'static mut [u32] {
    // A count that is no layout cannot be allocated either; the message is the same.
    let Ok(layout) = Layout::array::<u32>(count) else {
        panic!("input of {count} words does not fit into memory")
    };
    // SAFETY: the layout has a size above 0.
    let start = unsafe { alloc_zeroed(layout) }.cast::<u32>();
    if start.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: a live allocation of `count` initialised words, exclusive and never freed.
    unsafe { slice::from_raw_parts_mut(start, count) }
}

#![doc = include_str!("../README.md")]
// The names that the module exports; no memory is touched but by safe code.
#![deny(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod input;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use input::{Refusal, check_final, check_joined, check_shape};

/// Most bytes of an input. A proof has less than 2^17.
pub const INPUT_BYTES_MAX: usize = 1 << 20;

/// What lies in the module's memory between two calls.
static STATE: Mutex<State> = Mutex::new(State { input: Vec::new(), reason: String::new() });

struct State {
    input: Vec<u8>,
    reason: String,
}

fn state() -> MutexGuard<'static, State> {
    // A module has one thread, and ends where it panics.
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check(check: fn(&[u8]) -> Result<(), Refusal>) -> u32 {
    let mut state = state();
    let refusal = check(&state.input).err();
    state.reason = refusal.as_ref().map(|refusal| refusal.reason().to_owned()).unwrap_or_default();
    refusal.map_or(0, |refusal| refusal.status())
}

/// Makes room for so many bytes of input and returns where; null if they are too many.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn ashlar_input(bytes: usize) -> *mut u8 {
    if bytes > INPUT_BYTES_MAX {
        return core::ptr::null_mut();
    }
    let input = &mut state().input;
    input.clear();
    input.resize(bytes, 0);
    input.as_mut_ptr()
}

/// Checks a final proof; see the README.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn ashlar_verify_final() -> u32 {
    check(check_final)
}

/// Checks a final proof of a tree of statements; see the README.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn ashlar_verify_joined() -> u32 {
    check(check_joined)
}

/// Checks a proof of any shape, as [`check_shape`] reads it.
#[cfg(feature = "shapes")]
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn ashlar_verify_shape() -> u32 {
    check(check_shape)
}

/// Where the last refusal's reason is.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn ashlar_reason() -> *const u8 {
    state().reason.as_ptr()
}

/// Bytes of the last refusal's reason.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn ashlar_reason_bytes() -> usize {
    state().reason.len()
}

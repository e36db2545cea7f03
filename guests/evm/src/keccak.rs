//! Keccak-256 for `alloy-primitives`, which calls this symbol with its feature `native-keccak`.

use core::slice;

use ashlar_guest_rt::Ecalls;

/// Writes the Keccak-256 of `len` bytes at `bytes` to the 32 bytes at `output`.
///
/// # Safety
///
/// `bytes` is valid for `len` bytes of reading and `output` for 32 bytes of writing.
#[unsafe(no_mangle)]
unsafe extern "C" fn native_keccak256(bytes: *const u8, len: usize, output: *mut u8) {
    // SAFETY: the caller vouches for the range.
    let bytes = unsafe { slice::from_raw_parts(bytes, len) };
    let hash = ashlar_crypto::keccak256::<Ecalls>(bytes);
    // SAFETY: the caller vouches for 32 bytes of room; the source is a local.
    unsafe { output.copy_from_nonoverlapping(hash.as_ptr(), hash.len()) };
}

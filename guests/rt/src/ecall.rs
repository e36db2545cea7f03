//! The calls of the machine (`specs/001-machine.md`, "Calls") as functions.
//!
//! A call changes no register and only the memory that its entry in the table names. Every block below is an `asm!`
//! without `nomem`, so the compiler assumes that memory is read and written.

use core::mem::MaybeUninit;

use ashlar_abi::{Accelerators, call};

/// The accelerators as calls of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Ecalls;

impl Accelerators for Ecalls {
    #[inline(always)]
    fn keccak_f(state: &mut [u32; 50]) {
        // SAFETY: the call reads and writes the 200 bytes of the state and nothing else.
        unsafe { ecall1(call::KECCAK_F, state.as_mut_ptr()) }
    }

    #[inline(always)]
    fn modmul256(a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) -> [u32; 8] {
        let mut result = MaybeUninit::<[u32; 8]>::uninit();
        // SAFETY: the call reads 8 words at each operand and writes all 8 words of the result.
        unsafe {
            ecall4(call::MODMUL256, result.as_mut_ptr().cast(), a.as_ptr(), b.as_ptr(), m.as_ptr());
            result.assume_init()
        }
    }

    #[inline(always)]
    fn modmul256_into(result: &mut [u32; 8], a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) {
        // SAFETY: the call reads 8 words at each operand and writes 8 words at `result`.
        unsafe { ecall4(call::MODMUL256, result.as_mut_ptr(), a.as_ptr(), b.as_ptr(), m.as_ptr()) }
    }

    #[inline(always)]
    fn modmul256_assign(a: &mut [u32; 8], b: &[u32; 8], m: &[u32; 8]) {
        let a = a.as_mut_ptr();
        // SAFETY: the call reads 8 words at each operand before it writes 8 words at `a`.
        unsafe { ecall4(call::MODMUL256, a, a, b.as_ptr(), m.as_ptr()) }
    }

    #[inline(always)]
    fn modsquare256_assign(a: &mut [u32; 8], m: &[u32; 8]) {
        let a = a.as_mut_ptr();
        // SAFETY: the call reads 8 words at each operand before it writes 8 words at `a`.
        unsafe { ecall4(call::MODMUL256, a, a, a, m.as_ptr()) }
    }

    #[inline(always)]
    fn modmul384(a: &[u32; 12], b: &[u32; 12], m: &[u32; 12]) -> [u32; 12] {
        let mut result = MaybeUninit::<[u32; 12]>::uninit();
        // SAFETY: the call reads 12 words at each operand and writes all 12 words of the result.
        unsafe {
            ecall4(call::MODMUL384, result.as_mut_ptr().cast(), a.as_ptr(), b.as_ptr(), m.as_ptr());
            result.assume_init()
        }
    }

    #[inline(always)]
    fn modmul384_into(result: &mut [u32; 12], a: &[u32; 12], b: &[u32; 12], m: &[u32; 12]) {
        // SAFETY: the call reads 12 words at each operand and writes 12 words at `result`.
        unsafe { ecall4(call::MODMUL384, result.as_mut_ptr(), a.as_ptr(), b.as_ptr(), m.as_ptr()) }
    }

    #[inline(always)]
    fn modmul384_assign(a: &mut [u32; 12], b: &[u32; 12], m: &[u32; 12]) {
        let a = a.as_mut_ptr();
        // SAFETY: the call reads 12 words at each operand before it writes 12 words at `a`.
        unsafe { ecall4(call::MODMUL384, a, a, b.as_ptr(), m.as_ptr()) }
    }

    #[inline(always)]
    fn modsquare384_assign(a: &mut [u32; 12], m: &[u32; 12]) {
        let a = a.as_mut_ptr();
        // SAFETY: the call reads 12 words at each operand before it writes 12 words at `a`.
        unsafe { ecall4(call::MODMUL384, a, a, a, m.as_ptr()) }
    }

    #[inline(always)]
    fn secp256k1_add(p: &mut [u32; 16], q: &[u32; 16]) {
        // SAFETY: the call reads 16 words at each point and writes 16 words at `p`.
        unsafe { ecall2(call::SECP256K1_ADD, p.as_mut_ptr(), q.as_ptr()) }
    }

    #[inline(always)]
    fn secp256k1_double(p: &mut [u32; 16]) {
        // SAFETY: the call reads and writes the 16 words of the point and nothing else.
        unsafe { ecall1(call::SECP256K1_DOUBLE, p.as_mut_ptr()) }
    }
}

/// Poseidon2 over KoalaBear, width 16, in place. Traps if a word is not below the field's modulus.
#[inline(always)]
pub fn poseidon2(state: &mut [u32; call::POSEIDON2_WORDS]) {
    // SAFETY: the call reads and writes the 16 words of the state and nothing else.
    unsafe { ecall1(call::POSEIDON2, state.as_mut_ptr()) }
}

/// Absorbs 32 bytes into the digest of the run's output.
pub fn commit(digest: &[u8; 32]) {
    let words = as_words(digest);
    // SAFETY: the call reads 8 words and writes no memory.
    unsafe { ecall1(call::COMMIT, words.as_ptr().cast_mut()) }
}

/// Shows text on the host; it is not part of what is proven. Cut to the call's limit of 64 KiB.
pub fn log(text: &[u8]) {
    let text = &text[..text.len().min(call::LOG_BYTES_MAX as usize)];
    // SAFETY: the call reads the text, at any alignment, and writes no memory.
    unsafe { ecall_log(text) }
}

/// Ends the run. The proof binds the exit code.
pub fn halt(code: u32) -> ! {
    // SAFETY: the call does not return, and touches no memory.
    unsafe { ecall_halt(code) }
}

/// Fills `words` from the hint stream, 1 to 256 words. Traps if fewer remain.
pub(crate) fn hint(words: &mut [u32]) {
    debug_assert!((1..=call::HINT_WORDS_MAX as usize).contains(&words.len()));
    // SAFETY: the call writes exactly the words of the slice.
    unsafe { ecall_hint(words) }
}

/// The same bytes at a multiple of 4.
fn as_words(bytes: &[u8; 32]) -> [u32; call::COMMIT_WORDS] {
    let mut words = [0; call::COMMIT_WORDS];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*chunk);
    }
    words
}

#[cfg(target_arch = "riscv32")]
mod machine {
    use core::arch::asm;

    use ashlar_abi::call;

    #[inline(always)]
    pub(super) unsafe fn ecall1(number: u32, a0: *mut u32) {
        // SAFETY: the caller vouches for the memory that this call touches.
        unsafe { asm!("ecall", in("a7") number, in("a0") a0, options(nostack, preserves_flags)) }
    }

    #[inline(always)]
    pub(super) unsafe fn ecall2(number: u32, a0: *mut u32, a1: *const u32) {
        // SAFETY: the caller vouches for the memory that this call touches.
        unsafe { asm!("ecall", in("a7") number, in("a0") a0, in("a1") a1, options(nostack, preserves_flags)) }
    }

    #[inline(always)]
    pub(super) unsafe fn ecall4(number: u32, a0: *mut u32, a1: *const u32, a2: *const u32, a3: *const u32) {
        // SAFETY: the caller vouches for the memory that this call touches.
        unsafe {
            asm!(
                "ecall",
                in("a7") number, in("a0") a0, in("a1") a1, in("a2") a2, in("a3") a3,
                options(nostack, preserves_flags),
            )
        }
    }

    pub(super) unsafe fn ecall_log(text: &[u8]) {
        // SAFETY: the caller vouches for the memory that this call touches.
        unsafe {
            asm!(
                "ecall",
                in("a7") call::LOG, in("a0") text.as_ptr(), in("a1") text.len(),
                options(nostack, preserves_flags, readonly),
            )
        }
    }

    pub(super) unsafe fn ecall_hint(words: &mut [u32]) {
        // SAFETY: the caller vouches for the memory that this call touches.
        unsafe {
            asm!(
                "ecall",
                in("a7") call::HINT, in("a0") words.as_mut_ptr(), in("a1") words.len(),
                options(nostack, preserves_flags),
            )
        }
    }

    pub(super) unsafe fn ecall_halt(code: u32) -> ! {
        // SAFETY: HALT does not return, and `unimp` would trap if it did.
        unsafe { asm!("ecall", "unimp", in("a7") call::HALT, in("a0") code, options(noreturn, nostack)) }
    }
}

/// Without the machine there is nothing to call: host builds exist for the unit tests, which do not come here.
#[cfg(not(target_arch = "riscv32"))]
mod machine {
    pub(super) unsafe fn ecall1(_: u32, _: *mut u32) {
        unreachable!("a call of the machine on the host")
    }
    pub(super) unsafe fn ecall2(_: u32, _: *mut u32, _: *const u32) {
        unreachable!("a call of the machine on the host")
    }
    pub(super) unsafe fn ecall4(_: u32, _: *mut u32, _: *const u32, _: *const u32, _: *const u32) {
        unreachable!("a call of the machine on the host")
    }
    pub(super) unsafe fn ecall_log(_: &[u8]) {
        unreachable!("a call of the machine on the host")
    }
    pub(super) unsafe fn ecall_hint(_: &mut [u32]) {
        unreachable!("a call of the machine on the host")
    }
    pub(super) unsafe fn ecall_halt(_: u32) -> ! {
        unreachable!("a call of the machine on the host")
    }
}

use machine::{ecall_halt, ecall_hint, ecall_log, ecall1, ecall2, ecall4};

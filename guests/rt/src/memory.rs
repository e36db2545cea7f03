//! `memcpy`, `memmove`, `memset`, `memcmp` and `bcmp`, which the compiler calls by name.
//!
//! In assembly, because a loop in Rust that copies memory may be compiled to a call of `memcpy`, and because on this
//! machine every instruction costs the same: the best code is the one with the fewest, whatever their order. The
//! portable versions of `compiler_builtins` spend 1.3 to 6 times as many.

core::arch::global_asm!(include_str!("memory.s"), options(raw));

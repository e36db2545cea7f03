#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod ecall;
#[cfg(any(target_arch = "riscv32", test))]
mod heap;
mod input;
#[cfg(all(target_arch = "riscv32", not(test)))]
mod memory;
#[cfg(all(target_arch = "riscv32", not(test)))]
mod panic;
#[cfg(all(target_arch = "riscv32", not(test)))]
mod start;

pub use ecall::{Ecalls, commit, halt, log, poseidon2};
pub use input::{read_input, read_words};

#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

pub mod bitwise;
pub mod bus;
mod columns;
pub mod commit;
mod counts;
pub mod evaluate;
pub mod hash;
pub mod node;
pub mod opcode;
pub mod page;
pub mod permute;
pub mod poseidon2;
#[cfg(test)]
mod testing;

pub use counts::TableCounts;

/// The base field, KoalaBear: p = 2^31 - 2^24 + 1.
pub type Val = p3_koala_bear::KoalaBear;

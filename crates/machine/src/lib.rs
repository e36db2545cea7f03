#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

pub mod bitwise;
pub mod bus;
mod columns;
mod counts;
pub mod div;
pub mod evaluate;
pub mod hash;
pub mod mul;
pub mod opcode;
#[cfg(test)]
mod testing;

pub use counts::TableCounts;

/// The base field, KoalaBear: p = 2^31 - 2^24 + 1.
pub type Val = p3_koala_bear::KoalaBear;

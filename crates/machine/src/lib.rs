#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

pub mod air;
pub mod bitwise;
pub mod bus;
pub mod call;
mod columns;
pub mod commit;
mod counts;
pub mod cpu;
pub mod div;
pub mod evaluate;
pub mod hash;
pub mod hint;
pub mod keccak;
pub mod less_than;
pub mod lookup;
pub mod modmul;
pub mod mul;
pub mod node;
pub mod opcode;
pub mod page;
pub mod permute;
pub mod port;
pub mod poseidon2;
pub mod program;
pub mod secp256k1;
pub mod shift;
pub mod subword;
mod table;
#[cfg(test)]
mod testing;
mod timestamp;

pub use columns::GROUP;
pub use counts::TableCounts;
pub use table::{ABSENT, Packing, SHAPES, Shape, Table};

/// The base field, KoalaBear: p = 2^31 - 2^24 + 1.
pub type Val = p3_koala_bear::KoalaBear;

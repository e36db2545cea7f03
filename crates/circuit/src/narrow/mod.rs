#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::NarrowAir;
pub use columns::{BLOCK, NarrowColumns, NarrowFixed, first, last};
pub use trace::{fixed_matrix, trace};

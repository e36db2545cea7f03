#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::{CompressAir, PUBLIC_VALUES};
pub use columns::{CompressColumns, CompressFixed};
pub use trace::{CompressRow, fixed_matrix, trace};

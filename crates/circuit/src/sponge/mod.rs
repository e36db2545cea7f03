#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::SpongeAir;
pub use columns::{SpongeColumns, SpongeFixed};
pub use trace::{SpongeRow, fixed_matrix, trace};

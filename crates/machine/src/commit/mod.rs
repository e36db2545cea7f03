#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::CommitAir;
pub use columns::CommitColumns;
pub use trace::{CommitEvent, generate, public_values};

#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::Poseidon2Air;
pub use columns::Poseidon2Columns;
pub use trace::{Poseidon2Event, Questions, generate};

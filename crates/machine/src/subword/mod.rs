#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::SubwordAir;
pub use columns::{LANES, SubwordColumns, SubwordLane};
pub use trace::{SubwordEvent, generate};

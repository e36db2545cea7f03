#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::LessThanAir;
pub use columns::{LANES, LessThanColumns, LessThanLane};
pub use trace::{LessThanEvent, generate};

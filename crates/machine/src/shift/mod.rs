#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::ShiftAir;
pub use columns::{LANES, ShiftColumns, ShiftLane};
pub use trace::{ShiftEvent, generate};

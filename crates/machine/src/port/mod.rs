#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::PortAir;
pub use columns::{LANES, PortColumns};
pub use trace::{PortEvent, generate};

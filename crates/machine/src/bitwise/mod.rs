#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::BitwiseAir;
pub use columns::{BitwiseColumns, BitwiseLane, LANES};
pub use trace::{BitwiseEvent, generate};

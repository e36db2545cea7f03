#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::DivAir;
pub use columns::DivColumns;
pub use trace::{DivEvent, generate, mul_events};

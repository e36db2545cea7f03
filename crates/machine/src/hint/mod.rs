#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::HintAir;
pub use columns::HintColumns;
pub use trace::{HintEvent, generate, rows};

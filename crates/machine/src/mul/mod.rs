#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::MulAir;
pub use columns::MulColumns;
pub use trace::{MulEvent, generate};

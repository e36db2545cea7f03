#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::CallAir;
pub use columns::{CallColumns, CallFlags};
pub use trace::{CallEvent, generate};

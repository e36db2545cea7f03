#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::ModmulAir;
pub use columns::{ModmulColumns, ModmulHead, carries, is_wide, width};
pub use trace::{ModmulEvent, generate};

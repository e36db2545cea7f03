#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::ArithmeticAir;
pub use columns::{OperationColumns, OperationFixed, fixed_width, width};
pub use trace::{Operation, fixed_matrix, trace};

#![doc = include_str!("README.md")]

mod air;
mod columns;
mod instruction;
#[cfg(test)]
mod tests;
mod trace;

pub use air::{CpuAir, HALTED, PUBLIC_VALUES};
pub use columns::{Classes, CpuColumns};
pub use instruction::{Class, ProgramRow};
pub use trace::{CpuStep, generate};

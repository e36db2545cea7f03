#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::PermuteAir;
pub use columns::{InputWord, OutputWord, PermuteColumns};
pub use trace::{PermuteEvent, generate};

/// Rows per call.
pub const ROWS: usize = 2;

/// High limb of p - 1, the largest canonical word, whose low limb is 0.
const HIGH_MAX: u32 = 0x7f00;

/// What one step of [`OutputWord::steps`] counts: 126 * 255 + 255 + 126 is one less than [`HIGH_MAX`].
const STEP: u32 = 126;

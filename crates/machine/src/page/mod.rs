#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::PageAir;
pub use columns::PageColumns;
pub use trace::{PageEvent, generate};

/// Rows per page.
pub const ROWS: usize = 4;

#![doc = include_str!("README.md")]

mod air;
mod columns;
#[cfg(test)]
mod tests;
mod trace;

pub use air::NodeAir;
pub use columns::NodeColumns;
pub use trace::{NodeEvent, generate, public_values};

/// Depth of the pages in the memory tree: the root has depth 0, a page's index has this many bits.
pub const DEPTH: u32 = 27;

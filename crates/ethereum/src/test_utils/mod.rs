//! Ethereum nodes of tests: anvil, which nobody here wrote, and one that says what a test wants. They panic where a test would.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod anvil;
mod fake;

pub use anvil::Anvil;
pub use fake::{FakeNode, Reply};

#![doc = include_str!("README.md")]

mod air;
mod carries;
mod columns;
mod relations;
#[cfg(test)]
mod tests;
mod trace;

pub use air::Secp256k1Air;
pub use columns::{CanonicalChoice, ROWS, Secp256k1Columns};
pub use trace::{PointEvent, generate};

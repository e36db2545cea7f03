#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod air;
pub mod arithmetic;
pub mod bus;
mod columns;
pub mod compress;
mod extension;
pub mod narrow;
pub mod permutation;
pub mod sponge;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use air::CircuitAir;

/// The field of all traces.
pub type Val = p3_koala_bear::KoalaBear;
/// The extension field that wires and challenges come from.
pub type Challenge = p3_field::extension::BinomialExtensionField<Val, 4>;

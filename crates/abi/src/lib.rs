#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod accelerators;
pub mod call;
pub mod memory;
pub mod reference;

pub use accelerators::{Accelerators, Reference};

#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod fast;

pub use fast::{KEY_WORDS, set_key};

//! The two last circuits.

mod chain;
mod inner;
mod statements;

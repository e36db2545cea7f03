//! Real proofs: that honest ones verify, and that nothing else does.

mod aggregate;
mod chain;
mod columns;
mod encoding;
mod recursion;
mod support;

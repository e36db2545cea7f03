//! Real proofs: that honest ones verify, and that nothing else does.

mod chain;
mod columns;
mod encoding;
mod support;

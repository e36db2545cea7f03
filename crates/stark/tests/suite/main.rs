//! Small tables are proven, and judged by Plonky3's verifier.

mod proofs;
mod refusals;
mod schemes;
mod tables;

//! The prover's loop over Plonky3's commitment scheme. It follows `p3_batch_stark::prove_batch` step by step, and
//! `p3_batch_stark::verify_batch` judges its proofs.
//!
//! It is our own for two reasons. Messages are evaluated by running the tables' `eval` on vectors of rows, not by
//! interpreting symbolic expressions, which is where most of the time above the transforms and hashes went. And messages
//! may use periodic columns, which p3's generator of auxiliary traces does not know.

mod auxiliary;
mod builder;
mod open;
mod prove;
mod quotient;

pub use prove::Phases;
pub(crate) use prove::{Instance, prove};

use ashlar_machine::Val;
use ashlar_verifier::config::Challenge;
use p3_field::{ExtensionField, Field};

/// A vector of base field elements: one per row of a group.
pub(crate) type PackedVal = <Val as Field>::Packing;
/// The same of extension field elements.
pub(crate) type PackedChallenge = <Challenge as ExtensionField<Val>>::ExtensionPacking;

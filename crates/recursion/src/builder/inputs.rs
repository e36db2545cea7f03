//! Where a circuit's values come from: the inner proofs.

use ashlar_circuit::{Challenge, Val};
use thiserror::Error;

use super::Source;

/// The inner proofs, as a circuit sees them. Nothing they say is trusted.
pub trait Inputs {
    /// All messages of a source, in the order of [`message`](super::Builder::message). Asked for once.
    fn messages(&mut self, source: Source) -> Vec<Challenge>;

    /// What a source opens, given the values of the wires that [`open`](super::Builder::open) was called with.
    fn open(&mut self, source: Source, values: &[Challenge]) -> Result<Openings, Refused>;
}

/// What follows an `open`, in the order of the circuit's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Openings {
    /// Rows of matrices ([`hash_rows`](super::Builder::hash_rows), [`hash_elements`](super::Builder::hash_elements)).
    pub values: Vec<Val>,
    /// Siblings ([`path`](super::Builder::path)).
    pub digests: Vec<[Val; 8]>,
}

/// A source cannot say what it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Refused(pub &'static str);

//! Files with proofs of either kind.

use ashlar_verifier::aggregate::{AGGREGATE_MAGIC, AggregateProof};
use ashlar_verifier::{MalformedProof, PROOF_BYTES_MAX, RunProof};
use eyre::{WrapErr, ensure};
use std::{fs, path::Path};

/// A proof, as its first bytes say.
pub(crate) enum Proof {
    /// Of a run, segment by segment.
    Run(RunProof),
    /// Of statements, in one proof of constant size.
    Aggregate(Box<AggregateProof>),
}

impl Proof {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, MalformedProof> {
        if bytes.starts_with(&AGGREGATE_MAGIC) {
            return AggregateProof::decode(bytes).map(|proof| Self::Aggregate(Box::new(proof)));
        }
        RunProof::decode(bytes).map(Self::Run)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Run(proof) => proof.encode(),
            Self::Aggregate(proof) => proof.encode(),
        }
    }
}

/// The bytes of a file that may hold a proof.
pub(crate) fn read(path: &Path) -> eyre::Result<Vec<u8>> {
    let what = || format!("cannot read {}", path.display());
    let bytes = fs::metadata(path).wrap_err_with(what)?.len();
    ensure!(bytes <= PROOF_BYTES_MAX, "{} is too long for a proof: {bytes} bytes", path.display());
    fs::read(path).wrap_err_with(what)
}

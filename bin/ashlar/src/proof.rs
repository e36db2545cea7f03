//! Files with proofs of every kind.

use crate::final_file::FinalFile;
use ashlar_verifier::aggregate::{AGGREGATE_MAGIC, AggregateProof};
use ashlar_verifier::{PROOF_BYTES_MAX, RunProof};
use eyre::{WrapErr, ensure};
use std::{fs, path::Path};

/// A proof, as its first bytes say.
pub(crate) enum Proof {
    /// Of a run, segment by segment.
    Run(RunProof),
    /// Of statements, in one proof of constant size.
    Aggregate(Box<AggregateProof>),
    /// Of statements, as a contract verifies it.
    Final(FinalFile),
}

impl Proof {
    pub(crate) fn decode(bytes: &[u8]) -> eyre::Result<Self> {
        if bytes.starts_with(&AGGREGATE_MAGIC) {
            return Ok(Self::Aggregate(Box::new(AggregateProof::decode(bytes)?)));
        }
        if FinalFile::is_meant(bytes) {
            return FinalFile::decode(bytes).map(Self::Final);
        }
        Ok(Self::Run(RunProof::decode(bytes)?))
    }

    pub(crate) fn encode(&self) -> eyre::Result<Vec<u8>> {
        match self {
            Self::Run(proof) => Ok(proof.encode()),
            Self::Aggregate(proof) => Ok(proof.encode()),
            Self::Final(file) => file.encode(),
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

//! Why there is no proof.

use ashlar_vm::{RunError, Trap};
use thiserror::Error;

/// Why a run was not proven.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum ProverError {
    #[error("the program does not run to its end: {0}")]
    Run(#[from] RunError),
    #[error("the program does not run again as it did: {0}")]
    Trap(#[from] Trap),
    #[error("the program ended with code {code}; only code 0 is proven. Its last words:\n{log}")]
    ExitCode { code: u32, log: String },
    #[error("segment {segment}, at cycle {cycle}, fits no shape of the proof: {rows}")]
    NoShape { segment: usize, cycle: u64, rows: String },
    #[error("the program has {words} words of text, more than the {rows} rows of the program table")]
    ProgramTooLong { words: usize, rows: usize },
    #[error("no memory for the timestamps of a segment: {0}")]
    Memory(#[from] std::io::Error),
    #[error("proving failed: {0}")]
    Proving(String),
    #[error("proving failed: {0}")]
    Stark(#[from] ashlar_stark::Error),
}

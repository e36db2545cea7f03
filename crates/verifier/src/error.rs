//! Why a proof is refused.

use alloc::string::String;

use thiserror::Error;

use crate::key::ProgramKey;

/// Bytes that are not the encoding of a proof.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum MalformedProof {
    #[error("not a proof: it does not start with its magic bytes")]
    Magic,
    #[error("the proof is cut off")]
    Truncated,
    #[error("the proof's encoding has version {version}, this verifier knows {}", crate::proof::VERSION)]
    Version { version: u32 },
    #[error("the proof does not decode: {0}")]
    Encoding(postcard::Error),
    #[error("{bytes} bytes follow the proof")]
    TrailingBytes { bytes: usize },
    #[error("the proof has {bytes} bytes, more than {}", crate::proof::PROOF_BYTES_MAX)]
    TooLong { bytes: usize },
    #[error("the public output has {bytes} bytes, more than {}", crate::proof::OUTPUT_BYTES_MAX)]
    OutputTooLong { bytes: usize },
    #[error("the proof has {segments} segments, more than {}", crate::proof::SEGMENTS_MAX)]
    TooManySegments { segments: usize },
    #[error("the proof has {statements} statements, more than {}", crate::aggregate::STATEMENTS_MAX)]
    TooManyStatements { statements: usize },
    #[error("the bytes are not the canonical encoding of the proof that they hold")]
    NotCanonical,
}

/// Bytes that are not the encoding of a verifying key.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum MalformedKey {
    #[error("not a verifying key: it does not start with its magic bytes")]
    Magic,
    #[error("the key is cut off")]
    Truncated,
    #[error("the key's encoding has version {version}, this verifier knows {}", crate::key::KEY_VERSION)]
    Version { version: u32 },
    #[error("{bytes} bytes are too many for a key")]
    TooLong { bytes: usize },
    #[error("the key does not decode: {0}")]
    Encoding(postcard::Error),
    #[error("the key's commitment has {roots} roots, not {}", 1 << crate::config::SEGMENT.cap_height)]
    Cap { roots: usize },
    #[error(
        "there are {circuits} circuits, not {}, or a commitment has a wrong number of roots",
        crate::circuits::Circuit::COUNT
    )]
    Circuits { circuits: usize },
    #[error("the bytes are not the canonical encoding of the key that they hold")]
    NotCanonical,
}

/// A proof that does not prove its statement.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum RefusedProof {
    #[error("the proof is of program {found}, not of {expected}")]
    Program { expected: ProgramKey, found: ProgramKey },
    #[error("the proof has no segment")]
    NoSegment,
    #[error("the program does not halt in the last segment")]
    NotHalted,
    #[error("the program halts in segment {segment}, which is not the last one")]
    EarlyHalt { segment: usize },
    #[error("the public output is not what the program committed")]
    Output,
    #[error("segment {segment} has shape {shape}, which does not exist")]
    UnknownShape { segment: usize, shape: u8 },
    #[error("segment {segment} does not have the tables of its shape")]
    TablesOfShape { segment: usize },
    #[error("segment {segment} ends at an address above the image")]
    EndOutside { segment: usize },
    #[error("segment {segment} is not proven: {reason}")]
    Segment { segment: usize, reason: String },
}

/// An aggregated proof that does not prove its statements.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum RefusedAggregate {
    #[error("the proof has no statement")]
    NoStatement,
    #[error("{key} is no program's key: a number in it is not below the field's order")]
    ProgramKey { key: ProgramKey },
    #[error("the proof is of circuit {circuit}, which makes no claim about {statements} statements")]
    Circuit { circuit: u8, statements: usize },
    #[error("the proof does not have the tables of its layer")]
    Tables,
    #[error("the statements are not proven: {reason}")]
    Proof { reason: String },
}

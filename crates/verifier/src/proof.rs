//! The proof of a run, and its one encoding.

use alloc::vec::Vec;

use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use p3_batch_stark::BatchProof;
use p3_field::PrimeCharacteristicRing;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::error::MalformedProof;
use crate::key::ProgramKey;

/// First bytes of a proof's encoding.
pub const MAGIC: [u8; 8] = *b"ASHLARRP";

/// Version of the encoding.
pub const VERSION: u32 = 1;

/// Most bytes of a public output.
pub const OUTPUT_BYTES_MAX: usize = 1 << 16;

/// Most segments of a run: 2^37 cycles.
pub const SEGMENTS_MAX: usize = 1 << 16;

/// Most bytes of a proof that a decoder looks at.
pub const PROOF_BYTES_MAX: u64 = 1 << 32;

/// The machine between two segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boundary {
    /// Root of the tree of memory and registers.
    pub root: Digest,
    /// Address of the next instruction, or [`ashlar_machine::cpu::HALTED`].
    pub pc: u32,
    /// Digest of what was committed so far.
    pub digest: Digest,
}

/// The proof of one segment.
#[derive(Serialize, Deserialize)]
pub struct SegmentProof {
    /// Position of its shape in [`ashlar_machine::SHAPES`].
    pub shape: u8,
    /// Where it ends. It starts where the one before it ends.
    pub end: Boundary,
    /// That its tables hold.
    pub proof: BatchProof<Config>,
}

/// The proof that a program, run to its end, has this public output.
#[derive(Serialize, Deserialize)]
pub struct RunProof {
    /// Which program.
    pub program_key: ProgramKey,
    /// What it puts out. The program commits its Keccak-256 hash.
    pub output: Vec<u8>,
    /// Its segments, in order.
    pub segments: Vec<SegmentProof>,
}

impl RunProof {
    /// The encoding: magic, version, then the fields.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        // Writing to a vector has no way to fail, and no type here refuses to be serialised.
        postcard::to_extend(self, bytes).unwrap_or_default()
    }

    /// Decodes what [`Self::encode`] makes, and nothing else: other bytes for the same proof are refused.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedProof> {
        if bytes.len() as u64 > PROOF_BYTES_MAX {
            return Err(MalformedProof::TooLong { bytes: bytes.len() });
        }
        let body = bytes.strip_prefix(&MAGIC).ok_or(MalformedProof::Magic)?;
        let (version, body) = body.split_first_chunk::<4>().ok_or(MalformedProof::Truncated)?;
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            return Err(MalformedProof::Version { version });
        }
        let (proof, rest): (Self, _) = postcard::take_from_bytes(body).map_err(MalformedProof::Encoding)?;
        if !rest.is_empty() {
            return Err(MalformedProof::TrailingBytes { bytes: rest.len() });
        }
        if proof.output.len() > OUTPUT_BYTES_MAX {
            return Err(MalformedProof::OutputTooLong { bytes: proof.output.len() });
        }
        if proof.segments.len() > SEGMENTS_MAX {
            return Err(MalformedProof::TooManySegments { segments: proof.segments.len() });
        }
        if proof.encode() != bytes {
            return Err(MalformedProof::NotCanonical);
        }
        Ok(proof)
    }
}

impl Boundary {
    /// Before the first instruction.
    pub const fn first(root: Digest, entry: u32) -> Self {
        Self { root, pc: entry, digest: [Val::ZERO; 8] }
    }
}

//! What a program is to a verifier.

use alloc::vec::Vec;

use ashlar_machine::hash::{Digest, Hasher, tag};
use ashlar_machine::{SHAPES, Val};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_symmetric::MerkleCap;
use serde::{Deserialize, Serialize};

use crate::config::{Parameters, SEGMENT};
use crate::error::MalformedKey;

/// First bytes of a key's encoding.
pub const KEY_MAGIC: [u8; 8] = *b"ASHLARVK";

/// Version of a key's encoding.
pub const KEY_VERSION: u32 = 1;

/// Most bytes of a key that a decoder looks at.
const KEY_BYTES_MAX: usize = 1 << 16;

/// Version of the machine: of its instruction set, calls, tables and their constraints. A proof of one version says
/// nothing to a verifier of another.
pub const MACHINE_VERSION: u32 = 1;

/// Commitment to fixed columns.
pub type Commitment = MerkleCap<Val, [Val; 8]>;

/// What a verifier must know of a program; made from its ELF by anyone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifyingKey {
    /// Commitment to the fixed columns: the program, lookup and keccak tables. It is the same for all shapes.
    pub fixed: Commitment,
    /// Root of the memory tree before the first instruction.
    pub initial_root: Digest,
    /// Address of the first instruction.
    pub entry: u32,
}

/// Identifies a program, the machine it runs on, and the parameters of its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProgramKey(pub [u8; 32]);

impl core::fmt::Display for ProgramKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl ProgramKey {
    /// From the elements of a digest.
    pub fn from_elements(digest: &Digest) -> Self {
        let mut key = [0; 32];
        for (bytes, element) in key.as_chunks_mut::<4>().0.iter_mut().zip(digest) {
            *bytes = element.as_canonical_u32().to_be_bytes();
        }
        Self(key)
    }

    /// The elements of the digest that it is. None if a number in it is not below p, hence if it is no program's.
    pub fn elements(&self) -> Option<Digest> {
        let mut digest = [Val::ZERO; 8];
        for (element, bytes) in digest.iter_mut().zip(self.0.as_chunks::<4>().0) {
            let number = u32::from_be_bytes(*bytes);
            *element = Val::from_u32(number);
            if element.as_canonical_u32() != number {
                return None;
            }
        }
        Some(digest)
    }
}

impl VerifyingKey {
    /// The encoding: magic, version, then the fields.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from(KEY_MAGIC);
        bytes.extend(KEY_VERSION.to_le_bytes());
        // Writing to a vector has no way to fail, and no type here refuses to be serialised.
        postcard::to_extend(self, bytes).unwrap_or_default()
    }

    /// Decodes what [`Self::encode`] makes, and nothing else. That the key is the right one is for its owner to know.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedKey> {
        let body = bytes.strip_prefix(&KEY_MAGIC).ok_or(MalformedKey::Magic)?;
        let (version, body) = body.split_first_chunk::<4>().ok_or(MalformedKey::Truncated)?;
        let version = u32::from_le_bytes(*version);
        if version != KEY_VERSION {
            return Err(MalformedKey::Version { version });
        }
        if body.len() > KEY_BYTES_MAX {
            return Err(MalformedKey::TooLong { bytes: bytes.len() });
        }
        let key: Self = postcard::from_bytes(body).map_err(MalformedKey::Encoding)?;
        let roots = key.fixed.roots().len();
        if roots != 1 << SEGMENT.cap_height {
            return Err(MalformedKey::Cap { roots });
        }
        // Also refuses what follows the key.
        if key.encode() != bytes {
            return Err(MalformedKey::NotCanonical);
        }
        Ok(key)
    }

    /// programKey, as `specs/007-proof.md` defines it.
    pub fn program_key(&self) -> ProgramKey {
        ProgramKey::from_elements(&self.program_key_digest())
    }

    /// programKey as field elements.
    pub fn program_key_digest(&self) -> Digest {
        Hasher::default().sponge(tag::PROGRAM_KEY, &self.preimage())
    }

    /// What programKey is the hash of: what belongs to the program, then what is the same for all programs.
    pub fn preimage(&self) -> Vec<Val> {
        let mut elements = Vec::from(self.initial_root);
        elements.extend(self.fixed.roots().iter().flatten());
        // Below 2^24: text lies in the image.
        elements.push(Val::from_u32(self.entry));
        elements.extend(machine_elements());
        elements
    }
}

/// The end of programKey's preimage: the machine's version, the parameters of segment proofs, the shapes.
pub fn machine_elements() -> Vec<Val> {
    let mut elements = Vec::from([Val::from_u32(MACHINE_VERSION)]);
    elements.extend(parameters(&SEGMENT).map(|x| Val::from_u32(x as u32)));
    elements.push(Val::from_usize(SHAPES.len()));
    elements.extend(SHAPES.iter().flat_map(|shape| shape.heights.map(Val::from_u8)));
    elements
}

const fn parameters(parameters: &Parameters) -> [usize; 10] {
    let Parameters {
        log_blowup,
        log_final_polynomial,
        log_arity_max,
        queries,
        query_grinding,
        fold_grinding,
        batch_grinding,
        lookup_grinding,
        point_grinding,
        cap_height,
    } = *parameters;
    [
        log_blowup,
        log_final_polynomial,
        log_arity_max,
        queries,
        query_grinding,
        fold_grinding,
        batch_grinding,
        lookup_grinding,
        point_grinding,
        cap_height,
    ]
}

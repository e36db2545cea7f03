//! The circuits that recursion proofs may be of, and the tree of their keys (`specs/010-recursion.md`).

use alloc::vec::Vec;

use ashlar_machine::hash::{Digest, Hasher, tag};
use ashlar_machine::{SHAPES, Val};
use serde::{Deserialize, Serialize};

use crate::config::RECURSION;
use crate::error::MalformedKey;
use crate::key::Commitment;

/// First bytes of the encoding of all keys.
pub const CIRCUITS_MAGIC: [u8; 8] = *b"ASHLARCK";

/// Version of that encoding.
pub const CIRCUITS_VERSION: u32 = 1;

/// log2 of the rows of the tables of a recursion proof: sponge, sponge, compress, arithmetic.
pub const CIRCUIT_HEIGHTS: [u8; 4] = [15, 14, 15, 15];

/// Operations in a row of the table of arithmetic.
pub const CIRCUIT_OPERATIONS: usize = 5;

/// log2 of the rows of the tables of a proof of `shrink`: sponge, compress, arithmetic.
pub const SHRINK_HEIGHTS: [u8; 3] = [14, 14, 14];

/// Operations in a row of its table of arithmetic.
pub const SHRINK_OPERATIONS: usize = 4;

/// log2 of the rows of the narrow table of the last proof.
pub const LAST_HEIGHT: u8 = 16;

/// Depth of the tree of allowed circuits.
pub const CIRCUITS_DEPTH: usize = 4;

/// A circuit of the layer that folds segments to one proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// Verifies a segment of the shape with this position in [`SHAPES`].
    Leaf(u8),
    /// Joins two adjacent ranges of one run.
    Fold,
    /// Makes a statement of a range from a program's start to its end.
    Finish,
    /// Joins two trees of statements.
    Join,
}

impl Circuit {
    /// How many there are.
    pub const COUNT: usize = SHAPES.len() + 3;

    /// All of them, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHAPES.len() as u8).map(Self::Leaf).chain([Self::Fold, Self::Finish, Self::Join])
    }

    /// Its position in the list of keys.
    pub const fn number(self) -> u8 {
        let shapes = SHAPES.len() as u8;
        match self {
            Self::Leaf(shape) => shape,
            Self::Fold => shapes,
            Self::Finish => shapes + 1,
            Self::Join => shapes + 2,
        }
    }

    /// The circuit with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::all().nth(number.into())
    }

    /// Its name in reports.
    pub fn name(self) -> alloc::string::String {
        match self {
            Self::Leaf(shape) => {
                let name = SHAPES.get(usize::from(shape)).map_or("unknown", |shape| shape.name);
                alloc::format!("leaf-{name}")
            }
            Self::Fold => "fold".into(),
            Self::Finish => "finish".into(),
            Self::Join => "join".into(),
        }
    }
}

/// The commitments to the fixed columns of all circuits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CircuitKeys {
    /// By number of the circuit.
    caps: Vec<Commitment>,
}

impl CircuitKeys {
    /// From the commitments in the order of [`Circuit::all`]. None if there are more or fewer, or a cap has another size.
    pub fn new(caps: Vec<Commitment>) -> Option<Self> {
        let whole = caps.len() == Circuit::COUNT
            && caps.iter().all(|cap| cap.roots().len() == 1 << RECURSION.cap_height);
        whole.then_some(Self { caps })
    }

    /// The commitment to a circuit's fixed columns.
    pub fn cap(&self, circuit: Circuit) -> Option<&Commitment> {
        self.caps.get(usize::from(circuit.number()))
    }

    /// Root of the tree of allowed circuits.
    pub fn root(&self) -> Digest {
        let mut level = self.leaves();
        while level.len() > 1 {
            level = level.as_chunks::<2>().0.iter().map(|[left, right]| circuit_node(left, right)).collect();
        }
        level.first().copied().unwrap_or_default()
    }

    /// The siblings from a circuit's leaf up to the root.
    pub fn path(&self, circuit: Circuit) -> [Digest; CIRCUITS_DEPTH] {
        let mut level = self.leaves();
        let mut position = usize::from(circuit.number());
        core::array::from_fn(|_| {
            let sibling = level.get(position ^ 1).copied().unwrap_or_default();
            level = level.as_chunks::<2>().0.iter().map(|[left, right]| circuit_node(left, right)).collect();
            position /= 2;
            sibling
        })
    }

    /// The leaves, filled up with zeros: nobody knows a circuit whose hash that is.
    fn leaves(&self) -> Vec<Digest> {
        let mut leaves: Vec<_> = self.caps.iter().map(circuit_leaf).collect();
        leaves.resize(1 << CIRCUITS_DEPTH, Digest::default());
        leaves
    }

    /// The encoding: magic, version, then the caps.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from(CIRCUITS_MAGIC);
        bytes.extend(CIRCUITS_VERSION.to_le_bytes());
        // Writing to a vector has no way to fail, and no type here refuses to be serialised.
        postcard::to_extend(self, bytes).unwrap_or_default()
    }

    /// Decodes what [`Self::encode`] makes, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedKey> {
        let body = bytes.strip_prefix(&CIRCUITS_MAGIC).ok_or(MalformedKey::Magic)?;
        let (version, body) = body.split_first_chunk::<4>().ok_or(MalformedKey::Truncated)?;
        let version = u32::from_le_bytes(*version);
        if version != CIRCUITS_VERSION {
            return Err(MalformedKey::Version { version });
        }
        let keys: Self = postcard::from_bytes(body).map_err(MalformedKey::Encoding)?;
        let circuits = keys.caps.len();
        let keys = Self::new(keys.caps).ok_or(MalformedKey::Circuits { circuits })?;
        // Also refuses what follows the keys.
        if keys.encode() != bytes {
            return Err(MalformedKey::NotCanonical);
        }
        Ok(keys)
    }
}

/// The leaf of a circuit in the tree of allowed circuits.
pub fn circuit_leaf(cap: &Commitment) -> Digest {
    let elements: Vec<Val> = cap.roots().iter().flatten().copied().collect();
    Hasher::default().sponge(tag::CIRCUIT, &elements)
}

fn circuit_node(left: &Digest, right: &Digest) -> Digest {
    Hasher::default().sponge(tag::CIRCUIT_NODE, &[*left, *right].concat())
}

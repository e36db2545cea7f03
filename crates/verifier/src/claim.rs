//! What recursion proofs claim, and how claims and statements are hashed (`specs/010-recursion.md`).

use alloc::vec::Vec;

use ashlar_machine::Val;
use ashlar_machine::hash::{Digest, Hasher, tag};
use p3_field::PrimeCharacteristicRing;

use crate::key::{MACHINE_VERSION, ProgramKey};
use crate::proof::Boundary;
use crate::verify::committed_digest;

/// Elements of a range claim's preimage.
pub const RANGE_ELEMENTS: usize = 52;

/// The machine, running a program, goes from one boundary to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeClaim {
    /// programKey of the program.
    pub program_key: Digest,
    /// Where it starts.
    pub start: Boundary,
    /// Where it ends.
    pub end: Boundary,
}

impl RangeClaim {
    /// The claim's hash, which the public values of its proof are. `circuits` is the root of the allowed circuits.
    pub fn hash(&self, circuits: &Digest) -> Digest {
        let Self { program_key, start, end } = self;
        let pcs = [start.pc, end.pc, 0, 0].map(Val::from_u32);
        let parts: [&[Val]; 7] =
            [circuits, program_key, &start.root, &start.digest, &end.root, &end.digest, &pcs];
        Hasher::default().sponge(tag::RANGE_CLAIM, &parts.concat())
    }
}

/// The hash of the claim that every statement in the tree with this root is true.
pub fn runs_claim(circuits: &Digest, root: &Digest) -> Digest {
    Hasher::default().sponge(tag::RUNS_CLAIM, &[*circuits, *root].concat())
}

/// A program halts with code 0, and its commits have this digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// programKey of the program.
    pub program_key: Digest,
    /// Digest of what it commits.
    pub digest: Digest,
}

impl Statement {
    /// That the program commits the Keccak-256 hash of `output`. None if the key is not one of a program.
    pub fn new(program_key: &ProgramKey, output: &[u8]) -> Option<Self> {
        Some(Self { program_key: program_key.elements()?, digest: committed_digest(output) })
    }

    /// The statement's leaf.
    pub fn leaf(&self) -> Digest {
        let version = [Val::from_u32(MACHINE_VERSION)];
        Hasher::default().sponge(tag::STATEMENT, &[&self.program_key[..], &self.digest, &version].concat())
    }
}

/// An inner node of the tree of statements.
pub fn statement_node(left: &Digest, right: &Digest) -> Digest {
    Hasher::default().sponge(tag::STATEMENT_NODE, &[*left, *right].concat())
}

/// Root of the tree with these leaves, in the form of RFC 6962: on the left the largest power of two below their number.
/// None without a leaf.
pub fn statements_root(leaves: &[Digest]) -> Option<Digest> {
    let mut levels = leaves.to_vec();
    // From the bottom up: pairs join, a last one without a partner goes up as it is.
    while levels.len() > 1 {
        levels = levels
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => statement_node(left, right),
                rest => rest.first().copied().unwrap_or_default(),
            })
            .collect::<Vec<_>>();
    }
    levels.first().copied()
}

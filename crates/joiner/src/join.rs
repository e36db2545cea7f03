//! From statements to both roots.

use thiserror::Error;

use crate::hashes::Hashes;
use crate::keccak::{self, Node};
use crate::poseidon2::{self, Digest, MODULUS};

/// Bytes of a statement: programKey, then the Keccak-256 hash of what the program put out.
pub const STATEMENT_BYTES: usize = 64;

/// Bytes of what the joiner puts out.
pub const OUTPUT_BYTES: usize = 128;

/// Version of the output.
const VERSION: u32 = 1;

/// Levels that a tree may have: an input's length is below 2^32.
const LEVELS_MAX: usize = 27;

/// That a program halts with code 0, and its output has a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Identifies the program: 8 elements of the field, four bytes each, big-endian.
    pub program_key: [u8; 32],
    /// Keccak-256 hash of the output.
    pub public_output: [u8; 32],
}

/// What the joiner puts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Number of statements.
    pub count: u32,
    /// Root of their tree under Poseidon2: 8 elements of the field, four bytes each, big-endian.
    pub statements_root: [u8; 32],
    /// Root of their tree under Keccak-256.
    pub root: Node,
}

/// Why there are no roots of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum Refused {
    #[error("no statement")]
    NoStatement,
    #[error("{bytes} bytes are no statements of {STATEMENT_BYTES} bytes each, or too many")]
    Length { bytes: usize },
    #[error("the key of statement {index} is zero or not canonical")]
    ProgramKey { index: u32 },
}

impl Statement {
    /// The statement as it is joined.
    pub fn encode(&self) -> [u8; STATEMENT_BYTES] {
        let mut bytes = [0; STATEMENT_BYTES];
        let (key, output) = bytes.split_at_mut(32);
        key.copy_from_slice(&self.program_key);
        output.copy_from_slice(&self.public_output);
        bytes
    }
}

impl Joined {
    /// The bytes that are put out: four big-endian words of 32 bytes.
    pub fn encode(&self) -> [u8; OUTPUT_BYTES] {
        let words = [word(VERSION), word(self.count), self.statements_root, self.root];
        let mut bytes = [0; OUTPUT_BYTES];
        bytes.as_chunks_mut::<32>().0.iter_mut().zip(words).for_each(|(place, word)| *place = word);
        bytes
    }
}

/// Joins statements, [`STATEMENT_BYTES`] each, nothing between them.
pub fn join<H: Hashes>(input: &[u8]) -> Result<Joined, Refused> {
    let (statements, rest) = input.as_chunks::<STATEMENT_BYTES>();
    let count = u32::try_from(statements.len()).ok().filter(|_| rest.is_empty() && fits(input.len()));
    let count = count.ok_or(Refused::Length { bytes: input.len() })?;
    // One tree after the other: where calls of both hash functions alternate, a run is cut into a segment for each.
    let mut tree = Tree::new([0; 8], poseidon2::node::<H>);
    for (index, statement) in (0..).zip(statements) {
        let (key, output) = halves(statement).ok_or(Refused::Length { bytes: input.len() })?;
        let key = key_elements(key).ok_or(Refused::ProgramKey { index })?;
        tree.push(index, poseidon2::leaf::<H>(&key, output));
    }
    let statements_digest = tree.root(count).ok_or(Refused::NoStatement)?;
    let mut tree = Tree::new([0; 32], keccak::node::<H>);
    for (index, statement) in (0..).zip(statements) {
        tree.push(index, keccak::leaf::<H>(statement));
    }
    let root = tree.root(count).ok_or(Refused::NoStatement)?;
    let mut statements_root = [0; 32];
    let elements = statements_root.as_chunks_mut::<4>().0.iter_mut();
    elements.zip(statements_digest).for_each(|(bytes, element)| *bytes = element.to_be_bytes());
    Ok(Joined { count, statements_root, root })
}

/// programKey and the hash of the output.
fn halves(statement: &[u8; STATEMENT_BYTES]) -> Option<(&[u8; 32], &[u8; 32])> {
    let (key, output) = statement.split_first_chunk()?;
    Some((key, output.first_chunk()?))
}

const fn fits(bytes: usize) -> bool {
    bytes as u64 <= u32::MAX as u64
}

/// A tree as far as it is known: a whole subtree for each bit of the number of statements that is set.
struct Tree<D> {
    /// Roots by log2 of the number of leaves.
    pending: [D; LEVELS_MAX],
    /// The node above two others.
    node: fn(&D, &D) -> D,
}

impl<D: Copy> Tree<D> {
    fn new(empty: D, node: fn(&D, &D) -> D) -> Self {
        Self { pending: [empty; LEVELS_MAX], node }
    }

    /// Adds a leaf that `before` others came before.
    fn push(&mut self, before: u32, leaf: D) {
        let full = before.trailing_ones() as usize;
        let merged = self.pending.iter().take(full).fold(leaf, |right, left| (self.node)(left, &right));
        if let Some(place) = self.pending.get_mut(full) {
            *place = merged;
        }
    }

    /// The root over all: on the left is the largest power of two below the number of leaves. None without one.
    fn root(&self, count: u32) -> Option<D> {
        let subtrees = self.pending.iter().enumerate().filter(|(level, _)| count >> level & 1 == 1);
        let subtrees = subtrees.map(|(_, root)| *root);
        subtrees.reduce(|right, left| (self.node)(&left, &right))
    }
}

/// The elements of a programKey. None if it is zero or one is not below the modulus.
fn key_elements(key: &[u8; 32]) -> Option<Digest> {
    let mut elements = [0; 8];
    for (element, bytes) in elements.iter_mut().zip(key.as_chunks::<4>().0) {
        *element = u32::from_be_bytes(*bytes);
    }
    (elements != [0; 8] && elements.iter().all(|element| *element < MODULUS)).then_some(elements)
}

fn word(value: u32) -> [u8; 32] {
    let mut word = [0; 32];
    word.as_chunks_mut::<4>().0.iter_mut().skip(7).for_each(|last| *last = value.to_be_bytes());
    word
}

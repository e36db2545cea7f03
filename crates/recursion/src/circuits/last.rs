//! The two last circuits (`specs/012-final-proof.md`): a proof of all statements, made small.

use ashlar_machine::hash::tag;
use ashlar_verifier::last::{HEAD_WORDS, SLOT_WORDS, SLOTS};
use ashlar_verifier::{Commitment, SHRINK_HEIGHTS};
use p3_field::BasedVectorSpace;

use super::CircuitError;
use super::claim::{self, Words};
use super::inner::verify_inner;
use super::shrink_shape;
use crate::builder::{Builder, Source, Wire};
use crate::verify;

/// The inner proof.
const INNER: Source = Source(0);
/// Where the claim comes from.
const CLAIM: Source = Source(1);
/// Position of the table `compress`, the one with public values, in a proof of `shrink`.
const COMPRESS: usize = 1;

/// Claims what an inner proof of `finish` or `join` claims.
pub(super) fn shrink(builder: &mut Builder) -> Result<(), CircuitError> {
    builder.label("claim");
    let circuits = claim::words(builder, CLAIM);
    let root = claim::words(builder, CLAIM);
    let runs = claim::runs_claim(builder, circuits, root);
    verify_inner(builder, INNER, CLAIM, circuits, runs)?;
    claim::publish(builder, runs);
    Ok(())
}

/// Verifies a proof of `shrink`, whose fixed columns have this commitment, and makes its claim of all statements, which
/// are public: some as slots, a whole tree of others by its root.
pub(super) fn last(builder: &mut Builder, key: &Commitment) -> Result<(), CircuitError> {
    let (circuits, root) = statements(builder);
    let runs = claim::runs_claim(builder, circuits, root);
    let mut values = vec![Vec::new(); SHRINK_HEIGHTS.len()];
    values[COMPRESS] = claim::elements(builder, runs);
    let fixed: Vec<Words> = key.roots().iter().map(|root| digest(builder, root)).collect();
    verify::verify(builder, INNER, &shrink_shape()?, Some(&fixed), &values)?;
    Ok(())
}

/// Reads the circuits' root and all statements, makes them public, and returns the roots of both trees.
pub(super) fn statements(builder: &mut Builder) -> (Words, Words) {
    builder.label("public words");
    let circuits = claim::words(builder, CLAIM);
    let joined = Joined::new(builder);
    // X is there already.
    let public = builder.public_words(HEAD_WORDS - 1 + SLOT_WORDS * SLOTS);
    let (head, public_slots) = public.split_at(HEAD_WORDS - 1);
    for (public, word) in head.iter().zip(circuits.iter().chain(&joined.public)) {
        builder.assert_equal(*public, *word);
    }
    let mut slots = Vec::new();
    // There is at least one statement.
    let mut is_used = builder.one();
    for (i, public) in public_slots.as_chunks::<SLOT_WORDS>().0.iter().enumerate() {
        if i > 0 {
            is_used = used(builder, is_used);
        }
        slots.push(Slot::new(builder, is_used, public));
    }
    builder.label("claim");
    let root = statements_root(builder, slots);
    (circuits, joined.with(builder, root))
}

/// The root of a tree of statements that are proven beside those of the slots.
struct Joined {
    /// A bit: whether there is such a tree.
    is_joined: Wire,
    /// Its root, if there is one.
    root: Words,
    /// The same, and zero if there is none.
    public: Words,
}

impl Joined {
    /// Reads the bit and the root.
    fn new(builder: &mut Builder) -> Self {
        let zero = builder.zero();
        let is_joined = bit(builder);
        let root = claim::words(builder, CLAIM);
        let public = root.map(|word| builder.mul_add(is_joined, word, zero));
        Self { is_joined, root, public }
    }

    /// The root of the tree of all: the joined tree is left of the tree of the slots.
    fn with(&self, builder: &mut Builder, slots: Words) -> Words {
        let node = builder.hash(tag::STATEMENT_NODE, 16, &[self.root, slots].concat());
        core::array::from_fn(|i| builder.select(self.is_joined, node[i], slots[i]))
    }
}

/// A place for a statement.
struct Slot {
    /// A bit.
    is_used: Wire,
    /// Leaf of the statement, if there is one.
    leaf: Words,
}

impl Slot {
    /// Reads a statement; the public words are zero if there is none.
    fn new(builder: &mut Builder, is_used: Wire, public: &[Wire; SLOT_WORDS]) -> Self {
        let zero = builder.zero();
        let words: [Wire; SLOT_WORDS] = core::array::from_fn(|_| builder.message(CLAIM));
        for (word, public) in words.iter().zip(public) {
            builder.assert_mul_add(is_used, *word, zero, *public);
        }
        let [k0, k1, l0, l1, l2, l3] = words;
        let half = builder.compress([zero; 2], [l0, l1]);
        let output = builder.compress(half, [l2, l3]);
        Self { is_used, leaf: claim::statement(builder, [k0, k1], output) }
    }
}

/// A bit that is only 1 if the one before is.
fn used(builder: &mut Builder, before: Wire) -> Wire {
    let zero = builder.zero();
    let bit = bit(builder);
    builder.assert_mul_add(bit, before, zero, bit);
    bit
}

/// A bit from outside.
fn bit(builder: &mut Builder) -> Wire {
    let zero = builder.zero();
    let bit = builder.message(CLAIM);
    builder.assert_mul_add(bit, bit, zero, bit);
    bit
}

/// The root of the tree of the statements that there are: a node without a right child is its left one.
fn statements_root(builder: &mut Builder, mut level: Vec<Slot>) -> Words {
    while level.len() > 1 {
        let mut above = Vec::new();
        let mut slots = level.into_iter();
        while let Some(left) = slots.next() {
            let Some(right) = slots.next() else {
                above.push(left);
                break;
            };
            let node = builder.hash(tag::STATEMENT_NODE, 16, &[left.leaf, right.leaf].concat());
            let leaf = core::array::from_fn(|i| builder.select(right.is_used, node[i], left.leaf[i]));
            above.push(Slot { is_used: left.is_used, leaf });
        }
        level = above;
    }
    level.first().map_or([builder.zero(); 2], |root| root.leaf)
}

/// A digest that the circuit knows.
fn digest(builder: &mut Builder, digest: &ashlar_machine::hash::Digest) -> Words {
    [0, 4].map(|first| {
        builder.extension_constant(BasedVectorSpace::from_basis_coefficients_fn(|i| digest[first + i]))
    })
}

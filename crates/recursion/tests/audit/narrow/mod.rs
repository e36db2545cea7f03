//! The last circuit as a verifier sees it, by the fixed columns of its one table: specification 011 read off its rows, whatever
//! the builder meant.

mod blocks;
mod forged;
mod wires;

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use ashlar_circuit::Val;
use ashlar_circuit::narrow::NarrowFixed;
use ashlar_recursion::circuits::{build_last, shrink_shape};
use ashlar_recursion::verify::ProofShape;
use ashlar_verifier::Commitment;
use ashlar_verifier::last::{HEAD_WORDS, SLOT_WORDS, SLOTS, WORDS};
use p3_field::PrimeCharacteristicRing;

use crate::fixed::check;
use crate::wires::Choices;
use crate::{expected_leaves, ground_bits_and_zeros};

use blocks::Kind;
use wires::{Public, Wires};

/// The rows.
type Rows = Vec<NarrowFixed<Val>>;

/// What the fixed columns add up to.
struct Audit {
    /// Leaves by their number of groups and the steps of their path.
    leaves: BTreeMap<(usize, usize), usize>,
    /// How many paths end at each root.
    lookups: Vec<usize>,
    choices: Choices,
    bits: usize,
    zeros: usize,
    /// Where each public word after X is read.
    public: Vec<Public>,
}

fn audit(rows: &Rows, words: usize) -> Result<Audit, String> {
    let blocks = blocks::audit(rows)?;
    wires::audit_counts(rows, words)?;
    let wires = Wires::new(rows, &blocks, words)?;
    let paths = wires.audit_paths(rows, &blocks)?;
    let choices = wires.audit_choices(rows, &blocks)?;
    let (bits, zeros) = wires.bits_and_zeros(rows);
    let public = wires.audit_public(rows, &blocks, words)?;
    Ok(Audit { leaves: paths.leaves, lookups: paths.lookups, choices, bits, zeros, public })
}

fn last() -> &'static Rows {
    static LAST: OnceLock<Rows> = OnceLock::new();
    LAST.get_or_init(|| {
        let key = Commitment::new(vec![core::array::from_fn(|i| Val::from_usize(i * i + 7))]);
        let fixed = build_last(&key).expect("a circuit").fixed();
        fixed.values.chunks(fixed.width).map(|row| *row.borrow()).collect()
    })
}

/// Every query opens a leaf of every tree and one of every round, and has the whole path of each.
fn expected_paths(shape: &ProofShape) -> BTreeMap<(usize, usize), usize> {
    let mut paths = BTreeMap::new();
    let mut add = |groups: usize, steps: usize| {
        *paths.entry((groups, steps)).or_default() += shape.parameters.queries;
    };
    for tree in &shape.trees {
        add(tree.matrices.iter().map(|matrix| matrix.width / 4).sum(), tree.log_height());
    }
    let mut height = shape.log_height;
    for log_arity in &shape.rounds {
        height -= log_arity;
        add(1 << log_arity, height);
    }
    paths
}

#[test]
fn the_last_circuit_binds_all_its_values() {
    let audit = audit(last(), WORDS).unwrap_or_else(|finding| panic!("last: {finding}"));
    let shape = shrink_shape().expect("a shape");
    assert_eq!(audit.leaves, expected_paths(&shape));
    let groups: BTreeMap<usize, usize> =
        audit.leaves.iter().fold(BTreeMap::new(), |mut sum, (key, count)| {
            *sum.entry(key.0).or_default() += count;
            sum
        });
    assert_eq!(groups, expected_leaves(core::slice::from_ref(&shape)));
    assert_eq!(audit.lookups, vec![shape.parameters.queries; shape.trees.len() + shape.rounds.len()]);
    // Everything that is stated is hashed, and read.
    assert_eq!(audit.choices, Choices { hashed: 0, other: 0 });
    let (bits, zeros) = ground_bits_and_zeros(core::slice::from_ref(&shape));
    // All slots but the first may be used or not, and a tree may be joined or not.
    assert_eq!((audit.bits, audit.zeros), (bits + SLOTS, zeros));
    // The root of the circuits, that of the joined tree, which has a bit of its own, the first slot.
    let joined = HEAD_WORDS - 3..HEAD_WORDS - 1;
    let always = WORDS - 1 - SLOT_WORDS * (SLOTS - 1);
    assert_eq!(audit.public.len(), WORDS - 1);
    for (i, public) in audit.public.iter().enumerate() {
        let slot = i.checked_sub(always).map(|i| i / SLOT_WORDS);
        let is_joined = joined.contains(&i);
        assert_eq!(public.bit.is_some(), slot.is_some() || is_joined, "word {i}");
        let is_other = is_joined || public.bit.is_none_or(|bit| audit.public[joined.start].bit != Some(bit));
        assert!(is_other && (!is_joined || public.bit == audit.public[joined.start].bit), "word {i}");
        // One bit for all words of a slot, another one for each slot.
        let first = |slot: usize| audit.public[always + SLOT_WORDS * slot].bit;
        assert!(slot.is_none_or(|slot| public.bit == first(slot)), "word {i}");
        assert!(slot.is_none_or(|slot| (0..slot).all(|before| first(before) != public.bit)), "word {i}");
    }
    let mut read: Vec<_> = audit.public.iter().map(|public| public.word).collect();
    read.sort_unstable();
    read.dedup();
    assert_eq!(read.len(), WORDS - 1, "two public words are one value");
}

/// No block of the table says anything about the first one.
#[test]
fn the_last_row_does_not_go_on_in_the_first() {
    let rows = last();
    assert_eq!(rows.last().map(|row| row.flags), Some([Val::ZERO; 7]));
    let blocks = blocks::audit(rows).expect("blocks");
    assert_eq!((blocks[0].kind, blocks.last().map(|block| block.kind)), (Kind::Idle, Some(Kind::Idle)));
    check(blocks.len() * 8 == rows.len(), || "blocks".into()).expect("whole blocks");
}

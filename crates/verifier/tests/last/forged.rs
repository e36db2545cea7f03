//! Changes that no computed value notices: a row with the same sum of its columns, a group that folds to the same value.
//! Only commitments refuse them.

use std::ops::Range;

use ashlar_machine::Val;
use ashlar_verifier::config::Challenge;
use ashlar_verifier::last::{
    Event, FinalKey, FinalShape, LastTable, NODE_BYTES, Tree, Word, transcript_events,
};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32, TwoAdicField};

pub(crate) const TREES: [Tree; 4] = [Tree::Main, Tree::Quotient, Tree::Fixed, Tree::Auxiliary];

/// Bytes of an element of the extension field.
const EXT: usize = 16;

/// A proof whose queries can be forged.
pub(crate) struct Forger<'a> {
    shape: &'a FinalShape,
    bytes: &'a [u8],
    gamma: Challenge,
    betas: Vec<Challenge>,
    /// Ascending.
    pub(crate) indices: Vec<usize>,
}

impl<'a> Forger<'a> {
    pub(crate) fn new<A: LastTable>(key: &'a FinalKey<A>, words: &[Word], bytes: &'a [u8]) -> Self {
        let events = transcript_events(bytes, key, words).expect("events");
        let samples: Vec<Challenge> = events
            .iter()
            .filter_map(|event| match event {
                Event::Sample(element) => Some(Challenge::new(element.map(Val::from_u32))),
                _ => None,
            })
            .collect();
        let mut indices: Vec<usize> = events
            .iter()
            .filter_map(|event| match event {
                Event::Index(index) => Some(*index),
                _ => None,
            })
            .collect();
        indices.sort_unstable();
        // Before them the two of the messages, alpha and zeta.
        Self { shape: &key.shape, bytes, gamma: samples[4], betas: samples[5..].to_vec(), indices }
    }

    fn header_bytes(&self) -> usize {
        let width = |tree| self.shape.row_width(tree);
        let opened =
            2 * width(Tree::Main) + width(Tree::Quotient) + width(Tree::Fixed) + 2 * width(Tree::Auxiliary);
        let rounds = self.shape.rounds.len();
        // Salt, nonces and terminal, then roots.
        5 * 4
            + EXT * (1 + opened + self.shape.final_coefficients())
            + 3 * NODE_BYTES
            + rounds * (NODE_BYTES + 4)
    }

    /// Where a query's row of a tree is.
    pub(crate) fn row(&self, tree: Tree, query: usize) -> Range<usize> {
        let queries = self.indices.len();
        let before = TREES.iter().take_while(|other| **other != tree);
        let start = before.map(|tree| 4 * queries * self.shape.row_width(*tree)).sum::<usize>();
        let bytes = 4 * self.shape.row_width(tree);
        let start = self.header_bytes() + start + query * bytes;
        start..start + bytes
    }

    /// Where a query's siblings of a round are.
    pub(crate) fn siblings(&self, round: usize, query: usize) -> Range<usize> {
        let queries = self.indices.len();
        let bytes = |log_arity: usize| EXT * ((1 << log_arity) - 1);
        let rows = self.row(Tree::Auxiliary, queries).start;
        let before = self.shape.rounds[..round].iter().map(|log_arity| queries * bytes(*log_arity));
        let bytes = bytes(self.shape.rounds[round]);
        let start = rows + before.sum::<usize>() + query * bytes;
        start..start + bytes
    }

    /// A query's row with the same sum of gamma^k row_k: five columns times gamma^0 to gamma^4 have a combination over the
    /// base field that is zero. Both points see the columns through this sum.
    pub(crate) fn row_of_the_same_value(&self, tree: Tree, query: usize) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        let changes = relation(self.gamma);
        let row = &mut bytes[self.row(tree, query)];
        for (element, change) in row.as_chunks_mut::<4>().0.iter_mut().zip(changes) {
            let value = Val::from_u32(u32::from_be_bytes(*element)) + change;
            *element = value.as_canonical_u32().to_be_bytes();
        }
        bytes
    }

    /// A query's siblings with two others that fold to the same value.
    pub(crate) fn siblings_of_the_same_fold(&self, round: usize, query: usize) -> Vec<u8> {
        let log_arity = self.shape.rounds[round];
        let folded: usize = self.shape.rounds[..round].iter().sum();
        let index = self.indices[query] >> folded;
        let arity = 1 << log_arity;
        let weights = self.lagrange(round, index / arity);
        let places: Vec<usize> = (0..arity).filter(|place| *place != index % arity).collect();
        let range = self.siblings(round, query);
        let mut bytes = self.bytes.to_vec();
        let siblings = bytes[range].as_chunks_mut::<EXT>().0;
        // A group of two has one sibling, and another one folds to another value.
        let [first, second, ..] = siblings else { panic!("an arity of two") };
        let change = Challenge::new([1, 2, 3, 4].map(Val::from_u32));
        add(first, change);
        add(second, -change * weights[places[0]] * weights[places[1]].inverse());
        bytes
    }

    /// What each value of a group counts for in the folded one.
    fn lagrange(&self, round: usize, group: usize) -> Vec<Challenge> {
        let log_arity = self.shape.rounds[round];
        let log_leaves = self.shape.log_leaves(Tree::Round(round)) + log_arity;
        let arity = 1 << log_arity;
        let point = |place: usize| {
            let reversed = ((arity * group + place) as u64).reverse_bits() >> (64 - log_leaves);
            Val::two_adic_generator(log_leaves).exp_u64(reversed)
        };
        let points: Vec<Val> = (0..arity).map(point).collect();
        let beta = self.betas[round];
        let weight = |own: &Val| {
            let others = points.iter().filter(|other| *other != own);
            others.map(|other| (beta - *other) * (*own - *other).inverse()).product()
        };
        points.iter().map(weight).collect()
    }
}

fn add(element: &mut [u8; EXT], change: Challenge) {
    let coefficients: &[Val] = change.as_basis_coefficients_slice();
    for (bytes, change) in element.as_chunks_mut::<4>().0.iter_mut().zip(coefficients) {
        let value = Val::from_u32(u32::from_be_bytes(*bytes)) + *change;
        *bytes = value.as_canonical_u32().to_be_bytes();
    }
}

/// Numbers r_0 to r_3 and 1 with sum of r_k gamma^k = 0, by elimination.
fn relation(gamma: Challenge) -> [Val; 5] {
    let powers: Vec<Challenge> = gamma.powers().take(5).collect();
    let coefficient = |k: usize, row: usize| {
        let coefficients: &[Val] = powers[k].as_basis_coefficients_slice();
        coefficients[row]
    };
    let mut rows: [[Val; 5]; 4] = core::array::from_fn(|row| core::array::from_fn(|k| coefficient(k, row)));
    for column in 0..4 {
        let pivot =
            (column..4).find(|row| rows[*row][column] != Val::ZERO).expect("gamma generates the field");
        rows.swap(column, pivot);
        let scale = rows[column][column].inverse();
        rows[column] = rows[column].map(|element| element * scale);
        let own = rows[column];
        for row in (0..4).filter(|row| *row != column) {
            let factor = rows[row][column];
            rows[row] = core::array::from_fn(|k| rows[row][k] - factor * own[k]);
        }
    }
    let mut solution = [Val::ONE; 5];
    for (element, row) in solution.iter_mut().zip(&rows) {
        *element = -row[4];
    }
    solution
}

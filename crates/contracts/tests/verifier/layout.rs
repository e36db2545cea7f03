//! Where everything stands in a proof (specification 012), and how its transcript goes on when something is changed.

use std::collections::BTreeSet;
use std::ops::Range;

use ashlar_machine::Val;
use ashlar_verifier::last::{
    Event, Exhausted, FinalKey, FinalShape, KeccakChallenger, LastTable, NODE_BYTES, Transcript, Tree, Word,
    transcript_events,
};
use p3_challenger::GrindingChallenger;
use p3_field::PrimeField32;

use crate::evm::word_bytes;

/// What stands at some place of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Salt,
    Terminal,
    /// Values at the out-of-domain point, or the one after it.
    Opened,
    FinalPolynomial,
    Root,
    Nonce,
    /// A row of a query.
    Row(Tree),
    /// The siblings of a query in a round.
    Siblings(usize),
    /// The nodes beside all paths of a tree.
    Paths(Tree),
}

impl Kind {
    /// Whether all bytes are elements.
    pub(crate) fn is_elements(self) -> bool {
        !matches!(self, Self::Root | Self::Paths(_))
    }

    /// The size of what may be exchanged within it.
    pub(crate) fn unit(self) -> usize {
        match self {
            Self::Row(_) | Self::Salt | Self::Nonce => 4,
            Self::Root | Self::Paths(_) => NODE_BYTES,
            _ => 16,
        }
    }
}

/// Some bytes of a proof.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) kind: Kind,
    pub(crate) bytes: Range<usize>,
}

const TREES: [Tree; 4] = [Tree::Main, Tree::Quotient, Tree::Fixed, Tree::Auxiliary];

/// A step of the transcript.
enum Step {
    /// Observes what stands in the proof.
    Read(Kind, usize),
    /// Observes what the verifier knows.
    Known(Vec<u8>),
    /// A nonce for so many bits.
    Grind(usize),
    Sample,
}

fn steps<A>(key: &FinalKey<A>, words: &[Word]) -> Vec<Step> {
    use Step::{Grind, Known, Read, Sample};
    let FinalShape { parameters, seeds, .. } = &key.shape;
    let opened = |tree| Read(Kind::Opened, 16 * key.shape.row_width(tree));
    let root = || Read(Kind::Root, NODE_BYTES);
    let mut steps = vec![
        Read(Kind::Salt, 4),
        Known(word_bytes(words)),
        Known(seeds.batch.clone()),
        root(),
        Known(key.fixed.to_vec()),
        Grind(parameters.lookup_grinding),
        Sample,
        Sample,
        root(),
        Read(Kind::Terminal, 16),
        Sample,
        root(),
        Grind(parameters.point_grinding),
        Sample,
        Known(seeds.openings.clone()),
        opened(Tree::Main),
        opened(Tree::Main),
        opened(Tree::Quotient),
        opened(Tree::Fixed),
        opened(Tree::Auxiliary),
        opened(Tree::Auxiliary),
        Grind(parameters.batch_grinding),
        Sample,
        Known(seeds.folding.clone()),
    ];
    for _ in &key.shape.rounds {
        steps.extend([root(), Grind(parameters.fold_grinding), Sample]);
    }
    steps.push(Read(Kind::FinalPolynomial, 16 * key.shape.final_coefficients()));
    steps.push(Grind(parameters.query_grinding));
    steps
}

/// All regions of an honest proof, in order.
pub(crate) fn regions<A: LastTable>(key: &FinalKey<A>, words: &[Word], proof: &[u8]) -> Vec<Region> {
    let shape = &key.shape;
    let mut list = Vec::new();
    for step in steps(key, words) {
        match step {
            Step::Read(kind, length) => list.push((kind, length)),
            Step::Grind(_) => list.push((Kind::Nonce, 4)),
            Step::Known(_) | Step::Sample => {}
        }
    }
    let queries = shape.parameters.queries;
    for tree in TREES {
        list.extend(vec![(Kind::Row(tree), 4 * shape.row_width(tree)); queries]);
    }
    for (round, log_arity) in shape.rounds.iter().enumerate() {
        list.extend(vec![(Kind::Siblings(round), 16 * ((1 << log_arity) - 1)); queries]);
    }
    let events = transcript_events(proof, key, words).expect("events");
    let indices = events.iter().filter_map(|event| match event {
        Event::Index(index) => Some(*index),
        _ => None,
    });
    let indices: Vec<_> = indices.collect();
    for tree in TREES.into_iter().chain((0..shape.rounds.len()).map(Tree::Round)) {
        list.push((Kind::Paths(tree), NODE_BYTES * path_nodes(shape, tree, &indices)));
    }
    let mut start = 0;
    let regions = list.into_iter().map(|(kind, length)| {
        start += length;
        Region { kind, bytes: start - length..start }
    });
    let regions: Vec<_> = regions.filter(|region| !region.bytes.is_empty()).collect();
    assert_eq!(regions.last().map(|region| region.bytes.end), Some(proof.len()));
    regions
}

/// Nodes beside the paths from some leaves that are on none of them.
fn path_nodes(shape: &FinalShape, tree: Tree, indices: &[usize]) -> usize {
    let log_leaves = shape.log_leaves(tree);
    let level = |height: usize| -> BTreeSet<usize> {
        indices.iter().map(|index| index >> (shape.log_height() - log_leaves + height)).collect()
    };
    let missing = |height| {
        let nodes = level(height);
        nodes.iter().filter(|node| !nodes.contains(&(**node ^ 1))).count()
    };
    (0..log_leaves).map(missing).sum()
}

/// Finds all nonces anew, so that none hides the check that a change would fail. Queries are elsewhere then.
pub(crate) fn grind_again<A>(key: &FinalKey<A>, words: &[Word], proof: &mut [u8]) {
    let mut transcript = Transcript::default();
    let mut place = 0;
    for step in steps(key, words) {
        match step {
            Step::Read(_, length) => {
                transcript.observe_bytes(&proof[place..place + length]);
                place += length;
            }
            Step::Known(bytes) => transcript.observe_bytes(&bytes),
            Step::Sample => drop(transcript.sample()),
            Step::Grind(bits) => {
                let mut search = KeccakChallenger::new(transcript, Val::ORDER_U32, Exhausted::default());
                let nonce = search.grind(bits);
                transcript = search.into_transcript();
                proof[place..place + 4].copy_from_slice(&nonce.as_canonical_u32().to_be_bytes());
                place += 4;
            }
        }
    }
}

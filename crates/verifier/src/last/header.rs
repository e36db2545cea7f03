//! What a proof begins with: all that its transcript observes, and the challenges that come of it.

use alloc::vec::Vec;

use ashlar_machine::Val;

use super::config::{Word, start};
use super::error::{Nonce, RefusedFinal};
use super::hash::Node;
use super::reader::Reader;
use super::shape::{DEGREE, FinalShape, Tree};
use super::transcript::Transcript;
use crate::config::Challenge;

/// What the transcript observes and what it gives.
#[derive(Debug)]
pub(super) struct Header {
    /// Roots of the trees of rows, in their order.
    pub(super) roots: [Node; 4],
    /// The sum of all messages of the table.
    pub(super) terminal: Challenge,
    pub(super) lookup_alpha: Challenge,
    pub(super) lookup_beta: Challenge,
    /// Folds the constraints.
    pub(super) alpha: Challenge,
    /// The out-of-domain point.
    pub(super) zeta: Challenge,
    pub(super) opened: Opened,
    /// Batches the openings.
    pub(super) gamma: Challenge,
    pub(super) rounds: Vec<Round>,
    /// Coefficients, lowest first.
    pub(super) final_polynomial: Vec<Challenge>,
    /// Positions of the queries, ascending.
    pub(super) indices: Vec<usize>,
    /// The same as they were sampled.
    pub(super) sampled_indices: Vec<usize>,
}

/// What columns are at the out-of-domain point, and at the one after it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) main: Vec<Challenge>,
    pub(super) main_next: Vec<Challenge>,
    /// Of all pieces.
    pub(super) quotient: Vec<Challenge>,
    pub(super) fixed: Vec<Challenge>,
    pub(super) auxiliary: Vec<Challenge>,
    pub(super) auxiliary_next: Vec<Challenge>,
}

/// A round of folding.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) root: Node,
    pub(super) beta: Challenge,
}

impl Header {
    /// Reads the part of the proof that is observed.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        transcript: &mut Transcript,
        shape: &FinalShape,
        fixed_root: &Node,
        words: &[Word],
    ) -> Result<Self, RefusedFinal> {
        let parameters = &shape.parameters;
        start(transcript, reader.element()?, words);
        transcript.observe_bytes(&shape.seeds.batch);
        let main_root = observe_root(reader, transcript)?;
        transcript.observe_bytes(fixed_root);
        grind(reader, transcript, parameters.lookup_grinding, Nonce::Messages)?;
        let (lookup_alpha, lookup_beta) = (transcript.sample(), transcript.sample());
        let auxiliary_root = observe_root(reader, transcript)?;
        let terminal = reader.challenge()?;
        transcript.observe(terminal);
        let alpha = transcript.sample();
        let quotient_root = observe_root(reader, transcript)?;
        grind(reader, transcript, parameters.point_grinding, Nonce::Point)?;
        let zeta = transcript.sample();
        transcript.observe_bytes(&shape.seeds.openings);
        let opened = Opened::read(reader, transcript, shape)?;
        grind(reader, transcript, parameters.batch_grinding, Nonce::Batch)?;
        let gamma = transcript.sample();
        transcript.observe_bytes(&shape.seeds.folding);
        let mut rounds = Vec::with_capacity(shape.rounds.len());
        for round in 0..shape.rounds.len() {
            let root = observe_root(reader, transcript)?;
            grind(reader, transcript, parameters.fold_grinding, Nonce::Round(round))?;
            rounds.push(Round { root, beta: transcript.sample() });
        }
        let final_polynomial = observe_challenges(reader, transcript, shape.final_coefficients())?;
        grind(reader, transcript, parameters.query_grinding, Nonce::Queries)?;
        let sampled_indices: Vec<_> =
            (0..parameters.queries).map(|_| transcript.sample_bits(shape.log_height())).collect();
        let mut indices = sampled_indices.clone();
        indices.sort_unstable();
        let roots = [main_root, quotient_root, *fixed_root, auxiliary_root];
        Ok(Self {
            roots,
            terminal,
            lookup_alpha,
            lookup_beta,
            alpha,
            zeta,
            opened,
            gamma,
            rounds,
            final_polynomial,
            indices,
            sampled_indices,
        })
    }
}

impl Opened {
    fn read(
        reader: &mut Reader<'_>,
        transcript: &mut Transcript,
        shape: &FinalShape,
    ) -> Result<Self, RefusedFinal> {
        let mut values = |tree| observe_challenges(reader, transcript, shape.row_width(tree));
        Ok(Self {
            main: values(Tree::Main)?,
            main_next: values(Tree::Main)?,
            quotient: values(Tree::Quotient)?,
            fixed: values(Tree::Fixed)?,
            auxiliary: values(Tree::Auxiliary)?,
            auxiliary_next: values(Tree::Auxiliary)?,
        })
    }
}

fn observe_root(reader: &mut Reader<'_>, transcript: &mut Transcript) -> Result<Node, RefusedFinal> {
    let root = reader.node()?;
    transcript.observe_bytes(&root);
    Ok(root)
}

fn observe_challenges(
    reader: &mut Reader<'_>,
    transcript: &mut Transcript,
    count: usize,
) -> Result<Vec<Challenge>, RefusedFinal> {
    let bytes = reader.bytes(4 * DEGREE * count)?;
    transcript.observe_bytes(bytes);
    Reader::new(bytes).challenges(count)
}

fn grind(
    reader: &mut Reader<'_>,
    transcript: &mut Transcript,
    bits: usize,
    place: Nonce,
) -> Result<(), RefusedFinal> {
    let nonce: Val = reader.element()?;
    if transcript.grind(bits, nonce) { Ok(()) } else { Err(RefusedFinal::Nonce(place)) }
}

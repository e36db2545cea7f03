//! The verification of a final proof. A contract does the same, step by step.

use alloc::vec::Vec;

use super::config::Word;
use super::constraints::{check_constraints, check_messages};
use super::error::RefusedFinal;
use super::folding::fold_queries;
use super::hash::Node;
use super::header::Header;
use super::merkle::check_paths;
use super::openings::read_rows;
use super::reader::Reader;
use super::shape::{FinalKey, FinalShape, LastTable, TREES, Tree};
use super::transcript::{Event, Transcript};

/// Checks that a table holds and reads these public words.
pub fn verify_final<A: LastTable>(
    bytes: &[u8],
    key: &FinalKey<A>,
    words: &[Word],
) -> Result<(), RefusedFinal> {
    let shape = &key.shape;
    let mut reader = Reader::new(bytes);
    let header = read_header(&mut reader, &mut Transcript::default(), key, words)?;
    check_messages(shape, &header, words)?;
    check_constraints(key, &header)?;
    let rows = read_rows(&mut reader, shape, &header)?;
    let groups = fold_queries(&mut reader, shape, &header, rows.values)?;
    check_trees(&mut reader, shape, &header, &rows.leaves, &groups)?;
    reader.finish()
}

/// What happens in the transcript of a proof, for tests of other verifiers.
pub fn transcript_events<A: LastTable>(
    bytes: &[u8],
    key: &FinalKey<A>,
    words: &[Word],
) -> Result<Vec<Event>, RefusedFinal> {
    let mut transcript = Transcript::recording();
    read_header(&mut Reader::new(bytes), &mut transcript, key, words)?;
    Ok(transcript.into_events())
}

pub(super) fn read_header<A>(
    reader: &mut Reader<'_>,
    transcript: &mut Transcript,
    key: &FinalKey<A>,
    words: &[Word],
) -> Result<Header, RefusedFinal> {
    let expected = key.shape.words;
    if words.len() != expected {
        return Err(RefusedFinal::Words { expected, found: words.len() });
    }
    Header::read(reader, transcript, &key.shape, &key.fixed, words)
}

/// Checks the paths of all trees: those of rows, then those of the rounds.
fn check_trees(
    reader: &mut Reader<'_>,
    shape: &FinalShape,
    header: &Header,
    rows: &[Vec<Node>],
    groups: &[Vec<Node>],
) -> Result<(), RefusedFinal> {
    let trees = TREES.into_iter().zip(&header.roots);
    let rounds = header.rounds.iter().enumerate().map(|(i, round)| (Tree::Round(i), &round.root));
    for ((tree, root), leaves) in trees.chain(rounds).zip(rows.iter().chain(groups)) {
        let log_leaves = shape.log_leaves(tree);
        let folded = shape.log_height() - log_leaves;
        let indices = header.indices.iter().map(|index| index >> folded);
        check_paths(reader, tree, root, log_leaves, indices.zip(leaves.iter().copied()))?;
    }
    Ok(())
}

//! Aggregated proofs become one, whose statements are theirs, in order.

use ashlar_machine::hash::Digest;
use ashlar_verifier::aggregate::{AggregateProof, Run, STATEMENTS_MAX};
use ashlar_verifier::config::Config;
use ashlar_verifier::{Circuit, RefusedAggregate, Statement, statement_node, statements_root};
use p3_batch_stark::BatchProof;
use thiserror::Error;

use super::aggregator::Aggregator;
use super::session::ProvenAggregate;
use super::task::Task;
use super::work::Work;
use crate::session::{Event, SessionFailure};
use crate::store::SegmentStore;

/// Why proofs are not joined. Inputs are numbered from 0.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum JoinFailure {
    #[error("there is no proof to join")]
    NoProofs,
    #[error("the proofs have {statements} statements, more than {STATEMENTS_MAX}")]
    TooManyStatements { statements: usize },
    #[error("proof {input} is refused")]
    Input { input: usize, source: RefusedAggregate },
    #[error(
        "proof {input} is of {statements} statements in one tree already, and the tree of all {all} does not have it as \
         a part: join the proofs of single statements, all in one command"
    )]
    NoPlace { input: usize, statements: usize, all: usize },
    #[error(transparent)]
    Session(#[from] SessionFailure),
}

/// A tree of statements that is proven.
struct Tree {
    circuit: u8,
    root: Digest,
    proof: BatchProof<Config>,
}

/// An input: the tree, and the range of statements that it has in the tree of all.
struct Input {
    tree: Option<Tree>,
    start: usize,
    end: usize,
}

/// Makes one proof of all statements of these proofs, in their order.
///
/// Each is verified first. A single one is itself the proof of all. One of more than one statement is a tree already; it can be
/// joined only where the tree of all statements, whose form follows from their number, has that very tree in it.
pub fn join(
    aggregator: &Aggregator,
    proofs: Vec<AggregateProof>,
    store: Option<&SegmentStore>,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<ProvenAggregate, JoinFailure> {
    if proofs.is_empty() {
        return Err(JoinFailure::NoProofs);
    }
    let statements = proofs.iter().map(|proof| proof.runs.len()).sum();
    if statements > STATEMENTS_MAX {
        return Err(JoinFailure::TooManyStatements { statements });
    }
    let mut inputs = Vec::new();
    let mut runs: Vec<Run> = Vec::new();
    for (input, proof) in proofs.into_iter().enumerate() {
        let failed = |source| JoinFailure::Input { input, source };
        aggregator.verifier().verify(&proof).map_err(failed)?;
        let root = root(&proof.runs).map_err(failed)?;
        let tree = Some(Tree { circuit: proof.circuit, root, proof: proof.proof });
        let start = runs.len();
        runs.extend(proof.runs);
        inputs.push(Input { tree, start, end: runs.len() });
    }
    // Before anything is proven, which may take long.
    check_places(&inputs, statements)?;
    let mut work = Work::new(aggregator, store);
    let tree = subtree(&mut work, &mut inputs, 0, statements, on_event)?;
    on_event(Event::Verifying);
    Ok(work.proven(AggregateProof { circuit: tree.circuit, runs, proof: tree.proof }, Vec::new())?)
}

fn root(runs: &[Run]) -> Result<Digest, RefusedAggregate> {
    let leaf = |run: &Run| {
        let statement = Statement::new(&run.program_key, &run.output);
        statement
            .map(|statement| statement.leaf())
            .ok_or(RefusedAggregate::ProgramKey { key: run.program_key })
    };
    let leaves: Vec<_> = runs.iter().map(leaf).collect::<Result<_, _>>()?;
    statements_root(&leaves).ok_or(RefusedAggregate::NoStatement)
}

/// Where a node of the tree, over the statements from `start` to `end`, is cut in two: on the left is the largest power of
/// two below their number.
const fn cut(start: usize, end: usize) -> usize {
    start + (end - start).next_power_of_two() / 2
}

/// Every input must be a node of the tree of all statements.
fn check_places(inputs: &[Input], all: usize) -> Result<(), JoinFailure> {
    for (number, input) in inputs.iter().enumerate() {
        let (mut start, mut end) = (0, all);
        while (start, end) != (input.start, input.end) {
            let cut = cut(start, end);
            match () {
                () if input.end <= cut => end = cut,
                () if input.start >= cut => start = cut,
                () => {
                    let statements = input.end - input.start;
                    return Err(JoinFailure::NoPlace { input: number, statements, all });
                }
            }
        }
    }
    Ok(())
}

/// The node over the statements from `start` to `end`. Its depth is that of the tree of all: 16 at most.
fn subtree(
    work: &mut Work<'_>,
    inputs: &mut [Input],
    start: usize,
    end: usize,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Tree, JoinFailure> {
    let own = inputs.iter_mut().find(|input| (input.start, input.end) == (start, end));
    if let Some(tree) = own.and_then(|input| input.tree.take()) {
        return Ok(tree);
    }
    let cut = cut(start, end);
    if cut == start || cut == end {
        // `check_places` lets nothing through that leads here.
        return Err(JoinFailure::NoPlace { input: 0, statements: end - start, all: end });
    }
    let left = subtree(work, inputs, start, cut, on_event)?;
    let right = subtree(work, inputs, cut, end, on_event)?;
    let task = Task::Join { roots: [left.root, right.root], circuits: [left.circuit, right.circuit] };
    let root = statement_node(&left.root, &right.root);
    let proof = work.proof(&task, &[left.proof, right.proof], on_event)?;
    Ok(Tree { circuit: Circuit::Join.number(), root, proof })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(statements: &[usize]) -> Result<(), JoinFailure> {
        let mut end = 0;
        let inputs: Vec<_> = statements
            .iter()
            .map(|count| {
                let start = end;
                end += count;
                Input { tree: None, start, end }
            })
            .collect();
        check_places(&inputs, end)
    }

    #[test]
    fn single_statements_have_a_place_in_every_tree() {
        for n in 2..70 {
            places(&vec![1; n]).expect("a place");
        }
    }

    #[test]
    fn a_tree_is_joined_where_it_is_a_node_of_the_whole() {
        for statements in [&[2, 1][..], &[2, 2], &[1, 1, 2], &[2, 1, 1], &[4, 2, 1], &[4, 3], &[8, 5]] {
            places(statements).expect("a place");
        }
        for (statements, place) in [
            (&[1, 2][..], 1),
            (&[3, 1], 0),
            (&[1, 2, 1], 1),
            (&[3, 2], 0),
            (&[2, 3], 1),
            (&[4, 1, 2], 2),
            (&[5, 8], 0),
        ] {
            let Err(JoinFailure::NoPlace { input, statements: count, all }) = places(statements) else {
                panic!("{statements:?} came out right")
            };
            assert_eq!((input, count, all), (place, statements[place], statements.iter().sum()));
        }
    }
}

//! Forged queries that only commitments refuse.

use ashlar_circuit::narrow::NarrowAir;
use ashlar_verifier::config::Parameters;
use ashlar_verifier::last::{RefusedFinal, Tree, verify_final};

use crate::forged::{Forger, TREES};
use crate::narrow::circuit;
use crate::table::{Fixture, SMALL, words};

fn fixture(parameters: &Parameters) -> Fixture<NarrowAir> {
    let words = words(3);
    let (air, trace) = circuit(&words);
    Fixture::of_trace(parameters, &air, &words, &trace, None)
}

fn verdict(fixture: &Fixture<NarrowAir>, bytes: &[u8]) -> Result<(), RefusedFinal> {
    verify_final(bytes, &fixture.key, &fixture.words)
}

#[test]
fn a_row_of_the_same_value_is_refused_for_its_root() {
    let fixture = fixture(&SMALL);
    let forger = Forger::new(&fixture.key, &fixture.words, &fixture.bytes);
    for (tree, query) in TREES.into_iter().flat_map(|tree| (0..SMALL.queries).map(move |i| (tree, i))) {
        let forged = forger.row_of_the_same_value(tree, query);
        assert_eq!(verdict(&fixture, &forged), Err(RefusedFinal::Root(tree)), "query {query}");
    }
}

#[test]
fn siblings_of_the_same_fold_are_refused_for_their_root() {
    let fixture = fixture(&SMALL);
    let forger = Forger::new(&fixture.key, &fixture.words, &fixture.bytes);
    let rounds: Vec<usize> = (0..fixture.key.shape.rounds.len()).collect();
    for (round, query) in rounds.into_iter().flat_map(|round| (0..SMALL.queries).map(move |i| (round, i))) {
        if fixture.key.shape.rounds[round] < 2 {
            continue;
        }
        let forged = forger.siblings_of_the_same_fold(round, query);
        let refused = Err(RefusedFinal::Root(Tree::Round(round)));
        assert_eq!(verdict(&fixture, &forged), refused, "query {query}");
    }
}

/// Each of two queries of one index could open a row of its own, if only one of them were looked up in the tree.
#[test]
fn two_rows_of_the_same_value_for_one_index_are_refused() {
    let fixture = fixture(&Parameters { queries: 60, log_blowup: 1, log_arity_max: 2, ..SMALL });
    let forger = Forger::new(&fixture.key, &fixture.words, &fixture.bytes);
    let indices = &forger.indices;
    let first = (1..indices.len()).find(|i| indices[i - 1] == indices[*i]).expect("equal indices") - 1;
    for query in [first, first + 1] {
        for tree in TREES {
            let forged = forger.row_of_the_same_value(tree, query);
            assert_eq!(verdict(&fixture, &forged), Err(RefusedFinal::TwoRows(tree)));
        }
        for round in 0..fixture.key.shape.rounds.len() {
            if fixture.key.shape.rounds[round] == 2 {
                let forged = forger.siblings_of_the_same_fold(round, query);
                assert_eq!(verdict(&fixture, &forged), Err(RefusedFinal::TwoRows(Tree::Round(round))));
            }
        }
    }
}

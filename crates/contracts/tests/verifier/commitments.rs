//! Forged queries that only commitments refuse, other encodings of elements, and calls that say less than they hold.

use alloy_sol_types::SolError;
use ashlar_circuit::narrow::NarrowAir;
use ashlar_machine::Val;
use ashlar_verifier::config::Parameters;
use ashlar_verifier::last::{FinalKey, NODE_BYTES, RefusedFinal, Tree, Word, verify_final};
use p3_field::PrimeField32;

use crate::evm::{ProofLength, ProofNotCanonical, Verdict, encode_call, measure, revert, tree_number};
use crate::forged::{Forger, TREES};
use crate::narrow::Narrow;
use crate::table::SMALL;

const FOLDS_BY_FOUR: Parameters = Parameters { log_arity_max: 2, ..SMALL };

/// Both verifiers refuse, for this reason.
fn refuses(key: &FinalKey<NarrowAir>, words: &[Word], bytes: &[u8], reason: &RefusedFinal) {
    assert_eq!(verify_final(bytes, key, words).as_ref(), Err(reason));
    let (verdict, _) = measure(encode_call(key, words, bytes));
    assert_eq!(verdict, Verdict::Reverted(revert(reason, tree_number).into()), "{reason}");
}

#[test]
fn a_row_of_the_same_value_is_refused_for_its_root() {
    let Narrow { key, words, bytes } = Narrow::new(&FOLDS_BY_FOUR, 6, 3);
    let forger = Forger::new(&key, &words, &bytes);
    for tree in TREES {
        for query in [0, FOLDS_BY_FOUR.queries - 1] {
            let forged = forger.row_of_the_same_value(tree, query);
            refuses(&key, &words, &forged, &RefusedFinal::Root(tree));
        }
    }
    for round in 0..key.shape.rounds.len() {
        if key.shape.rounds[round] == 2 {
            let forged = forger.siblings_of_the_same_fold(round, 1);
            refuses(&key, &words, &forged, &RefusedFinal::Root(Tree::Round(round)));
        }
    }
}

#[test]
fn two_rows_of_the_same_value_for_one_index_are_refused() {
    let parameters = Parameters { queries: 60, log_blowup: 1, ..FOLDS_BY_FOUR };
    let Narrow { key, words, bytes } = Narrow::new(&parameters, 6, 3);
    let forger = Forger::new(&key, &words, &bytes);
    let indices = &forger.indices;
    let first = (1..indices.len()).find(|i| indices[i - 1] == indices[*i]).expect("equal indices") - 1;
    for query in [first, first + 1] {
        for tree in TREES {
            let forged = forger.row_of_the_same_value(tree, query);
            refuses(&key, &words, &forged, &RefusedFinal::TwoRows(tree));
        }
        for round in 0..key.shape.rounds.len() {
            if key.shape.rounds[round] == 2 {
                let forged = forger.siblings_of_the_same_fold(round, query);
                refuses(&key, &words, &forged, &RefusedFinal::TwoRows(Tree::Round(round)));
            }
        }
    }
}

/// The same element with p added: rows, siblings, and some of the header.
#[test]
fn another_encoding_of_an_element_is_refused() {
    let Narrow { key, words, bytes } = Narrow::new(&FOLDS_BY_FOUR, 6, 3);
    let forger = Forger::new(&key, &words, &bytes);
    let (queries, rounds) = (forger.indices.len(), key.shape.rounds.len());
    let queried = forger.row(Tree::Main, 0).start..forger.siblings(rounds - 1, queries - 1).end;
    // The salt, the first nonce, the terminal.
    for place in [0, 30, 60, 64, 68, 72].into_iter().chain(queried.step_by(4)) {
        let mut other = bytes.clone();
        let element: &mut [u8; 4] = other[place..].first_chunk_mut().expect("four bytes");
        *element = (u32::from_be_bytes(*element) + Val::ORDER_U32).to_be_bytes();
        let (verdict, _) = measure(encode_call(&key, &words, &other));
        assert_eq!(verdict, Verdict::Reverted(ProofNotCanonical {}.abi_encode().into()), "byte {place}");
    }
}

/// What lies behind the proof in the calldata is none of its bytes, even if it is what the proof lacks.
#[test]
fn a_proof_that_goes_on_behind_its_length_is_refused() {
    let Narrow { key, words, bytes } = Narrow::new(&FOLDS_BY_FOUR, 6, 3);
    let input = encode_call(&key, &words, &bytes);
    let padded = bytes.len().next_multiple_of(32);
    let place = input.len() - padded - 4;
    assert_eq!(input[place..place + 4], (bytes.len() as u32).to_be_bytes());
    for missing in [1, NODE_BYTES, 2 * NODE_BYTES, bytes.len()] {
        let mut input = input.clone();
        input[place..place + 4].copy_from_slice(&((bytes.len() - missing) as u32).to_be_bytes());
        let (verdict, _) = measure(input);
        assert_eq!(verdict, Verdict::Reverted(ProofLength {}.abi_encode().into()), "{missing} bytes");
    }
}

/// No refusal costs more than what an honest proof of the shape does.
#[test]
fn refused_proofs_cost_no_more_than_accepted_ones() {
    let Narrow { key, words, bytes } = Narrow::new(&FOLDS_BY_FOUR, 6, 3);
    let forger = Forger::new(&key, &words, &bytes);
    let (verdict, most) = measure(encode_call(&key, &words, &bytes));
    assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
    let last = forger.siblings_of_the_same_fold(0, 0);
    let long = [bytes.as_slice(), &[0; 1000]].concat();
    for refused in [&bytes[..bytes.len() - 1], &bytes[..1000], &last, &vec![0; bytes.len()]] {
        let (verdict, gas) = measure(encode_call(&key, &words, refused));
        assert!(matches!(verdict, Verdict::Reverted(_)));
        // Changed bytes are a little dearer where they were zero.
        assert!(gas < most + 2000, "{gas} of {most}");
    }
    // What follows a proof is paid for as calldata only.
    let (_, gas) = measure(encode_call(&key, &words, &long));
    assert!(gas < most + 20_000, "{gas} of {most}");
}

//! Public words of a statement.

use ashlar_machine::Val;
use ashlar_verifier::ProgramKey;
use ashlar_verifier::last::{HEAD_WORDS, SLOTS, WORDS, joined_words, public_words};
use p3_field::PrimeCharacteristicRing;

const CIRCUITS: [Val; 8] = Val::new_array([1, 2, 3, 4, 5, 6, 7, 8]);
const JOINED: [Val; 8] = Val::new_array([11, 12, 13, 14, 15, 16, 17, 18]);

fn run(i: u8) -> (ProgramKey, [u8; 32]) {
    (ProgramKey([i; 32]), core::array::from_fn(|k| (8 * usize::from(i) + k) as u8))
}

#[test]
fn words_are_the_constant_the_circuits_no_tree_and_the_slots() {
    let words = public_words(&CIRCUITS, &[run(1), run(2)]).expect("words");
    assert_eq!(words.len(), WORDS);
    let word = |elements: [u32; 4]| elements.map(Val::from_u32);
    assert_eq!(words[..3], [word([0, 1, 0, 0]), word([1, 2, 3, 4]), word([5, 6, 7, 8])]);
    assert_eq!(words[3..5], [word([0; 4]); 2]);
    assert_eq!(words[5..7], [word([0x0101_0101; 4]); 2]);
    assert_eq!(words[7], word([0x0908, 0x0b0a, 0x0d0c, 0x0f0e]));
    assert_eq!(words[11..13], [word([0x0202_0202; 4]); 2]);
    assert!(words[17..].iter().all(|unused| *unused == word([0; 4])));
}

#[test]
fn a_joined_tree_is_stated_before_the_slots() {
    let words = joined_words(&CIRCUITS, &JOINED, &[run(1)]).expect("words");
    let plain = public_words(&CIRCUITS, &[run(1)]).expect("words");
    let word = |elements: [u32; 4]| elements.map(Val::from_u32);
    assert_eq!(words[3..HEAD_WORDS], [word([11, 12, 13, 14]), word([15, 16, 17, 18])]);
    assert_eq!((&words[..3], &words[HEAD_WORDS..]), (&plain[..3], &plain[HEAD_WORDS..]));
}

#[test]
fn a_tree_whose_root_says_that_there_is_none_has_no_words() {
    assert_eq!(joined_words(&CIRCUITS, &[Val::ZERO; 8], &[run(1)]), None);
    assert_eq!(joined_words(&CIRCUITS, &JOINED, &[]), None);
    assert_eq!(joined_words(&CIRCUITS, &JOINED, &[run(0)]), None);
}

#[test]
fn statements_that_no_proof_makes_have_no_words() {
    assert_eq!(public_words(&CIRCUITS, &[]), None);
    assert!(public_words(&CIRCUITS, &[run(1); SLOTS]).is_some());
    assert_eq!(public_words(&CIRCUITS, &[run(1); SLOTS + 1]), None);
    // Not below p: two keys with the same elements would be one program.
    assert_eq!(public_words(&CIRCUITS, &[run(255)]), None);
    // What an unused slot has.
    assert_eq!(public_words(&CIRCUITS, &[run(1), run(0)]), None);
}

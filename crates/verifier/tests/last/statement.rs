//! Public words of a statement.

use ashlar_machine::Val;
use ashlar_verifier::ProgramKey;
use ashlar_verifier::last::{SLOTS, WORDS, public_words};
use p3_field::PrimeCharacteristicRing;

const CIRCUITS: [Val; 8] = Val::new_array([1, 2, 3, 4, 5, 6, 7, 8]);

fn run(i: u8) -> (ProgramKey, [u8; 32]) {
    (ProgramKey([i; 32]), core::array::from_fn(|k| (8 * usize::from(i) + k) as u8))
}

#[test]
fn words_are_the_constant_the_circuits_and_the_slots() {
    let words = public_words(&CIRCUITS, &[run(1), run(2)]).expect("words");
    assert_eq!(words.len(), WORDS);
    let word = |elements: [u32; 4]| elements.map(Val::from_u32);
    assert_eq!(words[..3], [word([0, 1, 0, 0]), word([1, 2, 3, 4]), word([5, 6, 7, 8])]);
    assert_eq!(words[3..5], [word([0x0101_0101; 4]); 2]);
    assert_eq!(words[5], word([0x0908, 0x0b0a, 0x0d0c, 0x0f0e]));
    assert_eq!(words[9..11], [word([0x0202_0202; 4]); 2]);
    assert!(words[15..].iter().all(|unused| *unused == word([0; 4])));
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

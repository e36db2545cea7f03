//! The public part of `last`: statements and their tree.

use ashlar_circuit::bus::name;
use ashlar_circuit::narrow::NarrowAir;
use ashlar_circuit::{Challenge, Val};
use ashlar_machine::evaluate::evaluate;
use ashlar_machine::hash::Hasher;
use ashlar_verifier::last::{HEAD_WORDS, SLOTS};
use ashlar_verifier::{Statement, statement_node, statements_root};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32};

use super::super::inputs::last_claim;
use super::super::last::statements;
use super::super::{BadInputs, LastClaim, SlotClaim};
use crate::builder::{
    Builder, Failure, Inputs, Layout, NarrowCircuit, NarrowWitness, Openings, Refused, Source,
};

/// Public words of a slot.
const SLOT: usize = 6;

/// What is asked of the claim's source.
pub(super) struct Claim(pub(super) Vec<Challenge>);

impl Inputs for Claim {
    fn messages(&mut self, _: Source) -> Vec<Challenge> {
        self.0.clone()
    }

    fn open(&mut self, _: Source, _: &[Challenge]) -> Result<Openings, Refused> {
        Err(Refused("nothing is opened"))
    }
}

pub(super) fn digest(seed: u32) -> [Val; 8] {
    core::array::from_fn(|i| Val::from_u32(1000 * seed + i as u32 + 1))
}

pub(super) fn slots(count: usize) -> Vec<SlotClaim> {
    let slot = |i| SlotClaim { program_key: digest(i), output: [digest(20 + i), digest(40 + i)] };
    (0..count as u32).map(slot).collect()
}

/// The circuit, whose tree has this root.
fn circuit(root: &[Val; 8]) -> NarrowCircuit {
    let mut builder = Builder::with_layout(Layout::Narrow);
    let (_, wires) = statements(&mut builder);
    for (i, wire) in wires.into_iter().enumerate() {
        let word = Challenge::from_basis_coefficients_fn(|j| root[4 * i + j]);
        let expected = builder.extension_constant(word);
        builder.assert_equal(wire, expected);
    }
    builder.finish_narrow(11).unwrap()
}

/// What the native verifier makes of them.
pub(super) fn root(slots: &[SlotClaim]) -> [Val; 8] {
    let hasher = Hasher::default();
    let leaf = |slot: &SlotClaim| {
        let half = hasher.compress(&[Val::ZERO; 8], &slot.output[0]);
        let digest = hasher.compress(&half, &slot.output[1]);
        Statement { program_key: slot.program_key, digest }.leaf()
    };
    let leaves: Vec<_> = slots.iter().map(leaf).collect();
    statements_root(&leaves).unwrap()
}

pub(super) fn assert_holds(circuit: &NarrowCircuit, witness: &NarrowWitness) {
    assert!(holds(circuit, witness, &witness.public_words));
}

/// Whether the table holds, and its messages balance with the definitions of public words.
pub(super) fn holds(circuit: &NarrowCircuit, witness: &NarrowWitness, public_words: &[Challenge]) -> bool {
    let air = NarrowAir::new(circuit.fixed().into());
    let mut report = evaluate(&air, &circuit.trace(witness), &[]);
    for (address, word) in (1..).zip(public_words) {
        let values: &[Val] = word.as_basis_coefficients_slice();
        let values = values.iter().map(Val::as_canonical_u32);
        let message: Vec<u32> = [address].into_iter().chain(values).collect();
        report.balance.add(name::WITNESS, &message, 1);
    }
    report.failures.is_empty() && report.balance.is_zero()
}

fn claim(slots: &[SlotClaim]) -> Vec<Challenge> {
    last_claim(&LastClaim { circuits: digest(7), joined: None, slots }).unwrap()
}

/// The same beside a joined tree.
fn joined_claim(slots: &[SlotClaim]) -> Vec<Challenge> {
    last_claim(&LastClaim { circuits: digest(7), joined: Some(digest(70)), slots }).unwrap()
}

/// The root of all then.
fn joined_root(slots: &[SlotClaim]) -> [Val; 8] {
    statement_node(&digest(70), &root(slots))
}

#[test]
fn the_tree_of_any_number_of_statements_is_that_of_the_verifier() {
    for count in 1..=SLOTS {
        let slots = slots(count);
        let circuit = circuit(&root(&slots));
        let witness = circuit.run(&mut Claim(claim(&slots))).unwrap();
        let public = &witness.public_words[HEAD_WORDS..];
        assert_eq!(public.len(), SLOT * SLOTS);
        let words: Vec<_> = slots.iter().flat_map(SlotClaim::words).collect();
        assert_eq!(public[..SLOT * count], words);
        assert!(public[SLOT * count..].iter().all(|word| *word == Challenge::ZERO));
        if ![1, 5, 16].contains(&count) {
            continue;
        }
        assert_holds(&circuit, &witness);
    }
}

/// An output's digest is the one that the program commits.
#[test]
fn the_digest_of_an_output_is_the_machines() {
    let slot = slots(1)[0];
    let limbs = [slot.output[0], slot.output[1]].concat();
    let words: [u32; 8] =
        core::array::from_fn(|i| limbs[2 * i].as_canonical_u32() | limbs[2 * i + 1].as_canonical_u32() << 16);
    let expected = Hasher::default().commit(&[Val::ZERO; 8], &words);
    let leaf = Statement { program_key: slot.program_key, digest: expected }.leaf();
    assert_eq!(root(&[slot]), leaf);
}

/// Where the bit and the root of the joined tree are in the claim.
const IS_JOINED: usize = 2;
const JOINED: usize = 3;

/// Where the words of a slot begin in the claim: the first slot has no bit.
const fn place(slot: usize) -> usize {
    5 + SLOT * slot + slot
}

/// Why there is no witness. What an attacker makes of the claim, whatever check fails, is for the table to refuse.
fn failure(slots: &[SlotClaim], claim: Vec<Challenge>) -> Failure {
    let circuit = circuit(&root(slots));
    let mut inputs = Claim(claim);
    let (forged, failures) = circuit.forge(&mut inputs, &[]);
    assert!(!holds(&circuit, &forged, &forged.public_words));
    let failure = circuit.run(&mut inputs).unwrap_err().what;
    assert_eq!(failures.first(), Some(&failure));
    failure
}

#[test]
fn refuses_other_statements() {
    let slots = slots(3);
    for slot in 0..3 {
        for word in 0..SLOT {
            let mut claim = claim(&slots);
            claim[place(slot) + word] += Challenge::ONE;
            assert_eq!(failure(&slots, claim), Failure::Assertion);
        }
    }
}

#[test]
fn refuses_to_hide_or_to_add_a_statement() {
    let slots = slots(3);
    // The third is not used: its words would not be public.
    let mut hidden = claim(&slots);
    hidden[place(2) - 1] = Challenge::ZERO;
    assert_eq!(failure(&slots, hidden), Failure::Assertion);
    let mut added = claim(&slots);
    added[place(3) - 1] = Challenge::ONE;
    assert_eq!(failure(&slots, added), Failure::Assertion);
}

#[test]
fn refuses_a_gap_between_statements() {
    let slots = slots(3);
    let mut gap = claim(&slots);
    gap[place(1) - 1] = Challenge::ZERO;
    assert_eq!(failure(&slots, gap), Failure::Assertion);
    let mut behind = claim(&slots);
    behind[place(9) - 1] = Challenge::ONE;
    assert_eq!(failure(&slots, behind), Failure::Assertion);
}

#[test]
fn refuses_a_slot_that_is_half_used() {
    let slots = slots(3);
    // The last one's square is in the base field.
    let root = Challenge::from_basis_coefficients_fn(|i| Val::from_bool(i == 2));
    for used in [Challenge::TWO, Challenge::NEG_ONE, Challenge::TWO.inverse(), root] {
        let mut claim = claim(&slots);
        claim[place(2) - 1] = used;
        assert_eq!(failure(&slots, claim), Failure::Assertion);
    }
}

/// What is in a slot that is not used is not public.
#[test]
fn a_slot_that_is_not_used_is_zero() {
    let slots = slots(2);
    let mut claim = claim(&slots);
    claim[place(5)] = Challenge::TWO;
    let witness = circuit(&root(&slots)).run(&mut Claim(claim)).unwrap();
    assert!(witness.public_words[HEAD_WORDS + 2 * SLOT..].iter().all(|word| *word == Challenge::ZERO));
}

#[test]
fn the_tree_of_all_has_the_joined_one_left_of_that_of_the_slots() {
    for count in [1, 3, 16] {
        let slots = slots(count);
        let circuit = circuit(&joined_root(&slots));
        let witness = circuit.run(&mut Claim(joined_claim(&slots))).unwrap();
        let [.., first, second] = witness.public_words[..HEAD_WORDS] else { panic!("a head") };
        let elements: Vec<Val> =
            [first, second].map(|word| word.as_basis_coefficients_slice().to_vec()).concat();
        assert_eq!(elements, digest(70));
        let words: Vec<_> = slots.iter().flat_map(SlotClaim::words).collect();
        assert_eq!(witness.public_words[HEAD_WORDS..][..SLOT * count], words);
        assert_holds(&circuit, &witness);
    }
}

fn joined_failure(slots: &[SlotClaim], claim: Vec<Challenge>) -> Failure {
    circuit(&joined_root(slots)).run(&mut Claim(claim)).unwrap_err().what
}

#[test]
fn refuses_another_joined_tree() {
    let slots = slots(2);
    for word in 0..2 {
        for element in 0..4 {
            let mut claim = joined_claim(&slots);
            claim[JOINED + word] += Challenge::from_basis_coefficients_fn(|i| Val::from_bool(i == element));
            assert_eq!(joined_failure(&slots, claim), Failure::Assertion, "{word} {element}");
        }
    }
}

#[test]
fn refuses_other_slots_beside_a_joined_tree() {
    let slots = slots(2);
    for slot in 0..2 {
        for word in 0..SLOT {
            let mut claim = joined_claim(&slots);
            claim[place(slot) + word] += Challenge::ONE;
            assert_eq!(joined_failure(&slots, claim), Failure::Assertion);
        }
    }
    let mut added = joined_claim(&slots);
    added[place(2) - 1] = Challenge::ONE;
    assert_eq!(joined_failure(&slots, added), Failure::Assertion);
}

#[test]
fn refuses_to_hide_or_to_make_up_a_joined_tree() {
    let slots = slots(2);
    let mut hidden = joined_claim(&slots);
    hidden[IS_JOINED] = Challenge::ZERO;
    assert_eq!(joined_failure(&slots, hidden), Failure::Assertion);
    // Only the slots are proven.
    assert_eq!(failure(&slots, joined_claim(&slots)), Failure::Assertion);
}

#[test]
fn refuses_a_tree_that_is_half_joined() {
    let slots = slots(2);
    for is_joined in [Challenge::TWO, Challenge::NEG_ONE] {
        let mut claim = joined_claim(&slots);
        claim[IS_JOINED] = is_joined;
        assert_eq!(joined_failure(&slots, claim), Failure::Assertion);
    }
    // An element of the extension.
    let mut claim = joined_claim(&slots);
    claim[IS_JOINED] = Challenge::from_basis_coefficients_fn(|i| Val::from_bool(i == 2));
    assert_eq!(joined_failure(&slots, claim), Failure::Assertion);
}

/// The two subtrees are not exchanged for each other.
#[test]
fn refuses_the_joined_tree_right_of_the_slots() {
    let slots = slots(2);
    let swapped = statement_node(&root(&slots), &digest(70));
    let refused = circuit(&swapped).run(&mut Claim(joined_claim(&slots)));
    assert_eq!(refused.unwrap_err().what, Failure::Assertion);
}

/// What is there in the place of a tree that is not joined is not public.
#[test]
fn a_tree_that_is_not_joined_is_zero() {
    let slots = slots(2);
    let mut claim = claim(&slots);
    claim[JOINED] = Challenge::TWO;
    let witness = circuit(&root(&slots)).run(&mut Claim(claim)).unwrap();
    assert!(witness.public_words[3..HEAD_WORDS].iter().all(|word| *word == Challenge::ZERO));
}

/// With a root of zero the tree does not show in the public words; those of the slots are proven all the same, and nothing
/// else is said.
#[test]
fn a_joined_tree_of_root_zero_says_what_no_tree_says() {
    let slots = slots(2);
    let claim =
        last_claim(&LastClaim { circuits: digest(7), joined: Some([Val::ZERO; 8]), slots: &slots }).unwrap();
    let all = statement_node(&[Val::ZERO; 8], &root(&slots));
    let witness = circuit(&all).run(&mut Claim(claim.clone())).unwrap();
    assert!(witness.public_words[3..HEAD_WORDS].iter().all(|word| *word == Challenge::ZERO));
    assert_eq!(failure(&slots, claim), Failure::Assertion);
}

/// An attacker chooses a wire and computes anew whatever follows from it. All slots are used, since what is in others is free.
#[test]
fn refuses_a_wire_of_any_other_value() {
    let slots = slots(SLOTS);
    let circuit = circuit(&root(&slots));
    let honest = circuit.run(&mut Claim(claim(&slots))).unwrap();
    let mut forged_wires = 0;
    for wire in circuit.wires().step_by(5) {
        let wanted = Challenge::from(Val::from_u32(1_234_567));
        let (forged, _) = circuit.forge(&mut Claim(claim(&slots)), &[(wire, wanted)]);
        if forged == honest {
            continue;
        }
        forged_wires += 1;
        assert!(!holds(&circuit, &forged, &honest.public_words), "{wire:?}");
    }
    assert!(forged_wires > 50, "{forged_wires}");
}

/// The words that a proof was made of are not those that its verifier has.
#[test]
fn refuses_the_words_of_other_statements() {
    let slots = slots(3);
    let circuit = circuit(&root(&slots));
    let witness = circuit.run(&mut Claim(claim(&slots))).unwrap();
    let refused = |change: &dyn Fn(&mut Vec<Challenge>)| {
        let mut words = witness.public_words.clone();
        change(&mut words);
        assert!(!holds(&circuit, &witness, &words));
    };
    for word in 0..witness.public_words.len() {
        for i in 0..4 {
            let one = Challenge::from_basis_coefficients_fn(|j| Val::from_bool(i == j));
            refused(&|words| words[word] += one);
        }
    }
    // In another order; the last one left out; one more.
    refused(&|words| words.swap(HEAD_WORDS, HEAD_WORDS + 1));
    refused(&|words| words[HEAD_WORDS..].rotate_left(SLOT));
    refused(&|words| words.truncate(HEAD_WORDS + SLOT * SLOTS - 1));
    refused(&|words| words.push(Challenge::ZERO));
}

/// A key of zeros, which verifiers take for a slot that is not used, with a statement behind it.
#[test]
fn a_used_slot_of_zeros_is_a_statement_of_the_tree() {
    let mut slots = slots(2);
    slots.push(SlotClaim::default());
    let mut hidden = claim(&slots);
    assert_eq!(hidden[place(2) - 1], Challenge::ONE);
    let circuit = circuit(&root(&slots));
    assert_holds(&circuit, &circuit.run(&mut Claim(hidden.clone())).unwrap());
    // Not used, it is not of the tree, though public words are the same.
    hidden[place(2) - 1] = Challenge::ZERO;
    assert_eq!(failure(&slots, hidden), Failure::Assertion);
}

#[test]
fn there_is_room_for_1_to_16_statements() {
    for statements in [0, 17] {
        let refused = last_claim(&LastClaim { circuits: digest(7), joined: None, slots: &slots(statements) });
        assert_eq!(refused.unwrap_err(), BadInputs::Statements { statements });
    }
}

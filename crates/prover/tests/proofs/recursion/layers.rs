//! What the verifier refuses of proofs of circuits: another claim, another circuit, other statements.

use ashlar_machine::Val;
use ashlar_verifier::aggregate::{AggregateProof, AggregateVerifier, Run};
use ashlar_verifier::{Circuit, CircuitKeys, ProgramKey, RefusedAggregate};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use super::mutator::Random;
use super::{key, layer};
use crate::support::{OUTPUT, stranger};

fn run() -> Run {
    Run { program_key: key().program_key(), output: OUTPUT.to_vec() }
}

/// The statement's proof.
fn one() -> AggregateProof {
    AggregateProof { circuit: Circuit::Finish.number(), runs: vec![run()], proof: layer().finish() }
}

/// The proof of the same statement twice.
fn two() -> AggregateProof {
    AggregateProof { circuit: Circuit::Join.number(), runs: vec![run(), run()], proof: layer().join() }
}

fn verify(proof: &AggregateProof) -> Result<(), RefusedAggregate> {
    layer().verifier().verify(proof)
}

#[test]
fn honest_proofs_of_every_layer_are_accepted() {
    for (circuit, claim, proof) in layer().proofs() {
        layer().verifier().verify_claim(circuit, &claim, &proof).expect("an honest proof");
    }
    verify(&one()).expect("a statement");
    verify(&two()).expect("two statements");
}

#[test]
fn refuses_every_other_public_value_at_every_layer() {
    for (circuit, claim, proof) in layer().proofs() {
        for i in 0..8 {
            let mut other = claim;
            other[i] += Val::ONE;
            let refused = layer().verifier().verify_claim(circuit, &other, &proof);
            assert!(matches!(refused, Err(RefusedAggregate::Proof { .. })), "{}, word {i}", circuit.name());
        }
        let mut other = claim;
        other.rotate_left(4);
        assert!(layer().verifier().verify_claim(circuit, &other, &proof).is_err());
    }
}

#[test]
fn refuses_a_proof_as_one_of_another_circuit() {
    for (circuit, claim, proof) in layer().proofs() {
        for other in Circuit::all().filter(|other| *other != circuit) {
            let refused = layer().verifier().verify_claim(other, &claim, &proof);
            assert!(refused.is_err(), "{} as {}", circuit.name(), other.name());
        }
    }
}

#[test]
fn refuses_other_heights() {
    let (circuit, claim, mut proof) = layer().proofs().into_iter().next().expect("a proof");
    proof.degree_bits.swap(0, 1);
    let refused = layer().verifier().verify_claim(circuit, &claim, &proof);
    assert!(matches!(refused, Err(RefusedAggregate::Tables)));
}

/// Only the root differs: two circuits that the proof has nothing to do with have changed places.
#[test]
fn refuses_proofs_under_another_list_of_circuits() {
    let mut caps: Vec<_> =
        Circuit::all().map(|circuit| layer().keys().cap(circuit).expect("a key").clone()).collect();
    caps.swap(3, 4);
    let others = AggregateVerifier::new(CircuitKeys::new(caps).expect("keys"));
    for proof in [one(), two()] {
        assert!(matches!(others.verify(&proof), Err(RefusedAggregate::Proof { .. })));
    }
}

#[test]
fn refuses_circuits_that_do_not_fit_the_statements() {
    let circuits =
        (0..=u8::MAX).filter(|circuit| ![Circuit::Finish.number(), Circuit::Join.number()].contains(circuit));
    for circuit in circuits {
        let [mut one, mut two] = [one(), two()];
        (one.circuit, two.circuit) = (circuit, circuit);
        assert!(matches!(verify(&one), Err(RefusedAggregate::Circuit { .. })), "{circuit}");
        assert!(matches!(verify(&two), Err(RefusedAggregate::Circuit { .. })), "{circuit}");
    }
    let [mut one, mut two] = [one(), two()];
    (one.circuit, two.circuit) = (two.circuit, one.circuit);
    assert!(matches!(verify(&one), Err(RefusedAggregate::Circuit { .. })));
    assert!(matches!(verify(&two), Err(RefusedAggregate::Circuit { .. })));
    std::mem::swap(&mut one.runs, &mut two.runs);
    // Now the proofs are of another circuit than they say.
    assert!(matches!(verify(&one), Err(RefusedAggregate::Proof { .. })));
    assert!(matches!(verify(&two), Err(RefusedAggregate::Proof { .. })));
}

#[test]
fn refuses_statements_dropped_repeated_or_changed() {
    let mut none = one();
    none.runs.clear();
    assert!(matches!(verify(&none), Err(RefusedAggregate::NoStatement)));
    let changes: [fn(&mut Vec<Run>); 5] = [
        |runs| runs.push(run()),
        |runs| runs[1].output.push(0),
        |runs| runs[0].output[0] ^= 1,
        |runs| runs[0].program_key = stranger().verifier.program_key(),
        |runs| runs.insert(0, Run { program_key: key().program_key(), output: Vec::new() }),
    ];
    for change in changes {
        let mut proof = two();
        change(&mut proof.runs);
        assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
    }
    let mut proof = one();
    proof.runs[0].output.clear();
    assert!(matches!(verify(&proof), Err(RefusedAggregate::Proof { .. })));
}

/// The same element in another way: p more.
#[test]
fn refuses_program_keys_that_are_not_canonical() {
    let mut refused = 0;
    for i in 0..8 {
        let mut proof = one();
        let ProgramKey(bytes) = &mut proof.runs[0].program_key;
        let word: &mut [u8; 4] = &mut bytes.as_chunks_mut().0[i];
        // Every number below p can be written so, in 32 bits.
        *word = (u32::from_be_bytes(*word) + Val::ORDER_U32).to_be_bytes();
        refused += u32::from(matches!(verify(&proof), Err(RefusedAggregate::ProgramKey { .. })));
    }
    assert_eq!(refused, 8);
}

#[test]
fn refuses_every_other_encoding() {
    let bytes = one().encode();
    let is_refused = |bytes: &[u8]| match AggregateProof::decode(bytes) {
        Err(_) => true,
        Ok(proof) => verify(&proof).is_err(),
    };
    assert!(!is_refused(&bytes));
    assert!(is_refused(&[&bytes[..], &[0]].concat()));
    let mut random = Random(5);
    let header = 8 + 4 + 1 + 1 + 32 + 1 + OUTPUT.len();
    let elsewhere: Vec<_> = (0..60).map(|_| random.below(bytes.len())).collect();
    for at in (0..header).chain(elsewhere) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << random.below(8);
        assert!(is_refused(&changed), "byte {at}");
    }
    for length in [0, 8, 12, header, bytes.len() / 2, bytes.len() - 1] {
        assert!(is_refused(&bytes[..length]), "{length} bytes");
    }
}

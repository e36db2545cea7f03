//! What attackers make of a proof of the layer's tables: Plonky3 and the circuit give the same verdict on every one.

mod fixture;
mod forged;
mod mutator;

use std::collections::BTreeMap;

use ashlar_circuit::Val;
use p3_field::PrimeCharacteristicRing;

use fixture::{Change, fixture};
use mutator::{Mutator, Random};

/// A number from the environment, so that a soak can ask for more than the tests do.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().expect(name))
}

#[test]
fn an_honest_proof_is_accepted_by_both() {
    let verdicts = fixture().verdicts(&fixture().proof(), &fixture().witness.public_values);
    assert_eq!(verdicts, [Ok(()), Ok(())]);
}

#[test]
fn every_changed_public_value_is_refused_by_both() {
    for i in 0..8 {
        let mut values = fixture().witness.public_values;
        values[i] += Val::ONE;
        let verdicts = fixture().verdicts(&fixture().proof(), &values);
        assert!(verdicts.iter().all(Result::is_err), "value {i}: {verdicts:?}");
    }
}

#[test]
fn changed_proofs_have_one_verdict() {
    let count = setting("ASHLAR_RECURSION_MUTATIONS", 500);
    let seed = setting("ASHLAR_RECURSION_MUTATIONS_SEED", 1);
    let mutator = Mutator::new(&fixture().proof());
    // By the reason of the circuit's refusal.
    let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
    for i in 0..count {
        let mutated = mutator.mutate(seed.wrapping_mul(1 << 32).wrapping_add(i));
        let [native, circuit] = fixture().verdicts(&mutated.proof, &fixture().witness.public_values);
        let context = format!("change {i}{}: {native:?}, {circuit:?}", mutated.what);
        assert_eq!(native.is_ok(), circuit.is_ok(), "{context}");
        // A change that both accept is one of nothing that a verifier looks at: none is known.
        assert!(native.is_err(), "accepted by both: {context}");
        *verdicts.entry(circuit.err().unwrap_or_default()).or_default() += 1;
    }
    for (verdict, count) in &verdicts {
        println!("{count:6} {verdict}");
    }
}

/// What the circuit reads is not bound by any proof's form: folded values, a query's row and a sibling of it are changed
/// here each on its own, which the shared paths of a proof do not allow.
#[test]
fn refuses_every_other_value_that_it_reads() {
    let [messages, values, siblings] = fixture().counts();
    let mut random = Random(setting("ASHLAR_RECURSION_MUTATIONS_SEED", 1));
    let count = setting("ASHLAR_RECURSION_MUTATIONS", 500) as usize;
    // All messages, unless there are too many; the others as chance has it.
    let of_messages = (0..messages).step_by(messages.div_ceil(count)).map(|i| Change::Message(i, i % 4));
    let mut changes: Vec<_> = of_messages.collect();
    for _ in 0..count / 2 {
        changes.push(Change::Value(random.below(values)));
        changes.push(Change::Sibling(random.below(siblings), random.below(8)));
    }
    for change in changes {
        let verdict = fixture().verdict_on(change);
        assert!(verdict.is_err(), "{change:?} of {messages}, {values}, {siblings}");
    }
}

//! What attackers make of a proof of the layer's tables: Plonky3 and the circuit give the same verdict on every one.

mod campaign;
mod fixture;
mod forged;
mod mutator;
mod narrow;

use ashlar_circuit::Val;
use p3_field::PrimeCharacteristicRing;

use campaign::{count, every_change_has_one_verdict, seed};
use fixture::{Change, fixture};
use mutator::Random;

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
    let values = &fixture().witness.public_values;
    every_change_has_one_verdict("small-tables", count(), &[fixture().proof()], |_, proof| {
        fixture().verdicts(&proof, values)
    });
}

/// What the circuit reads is not bound by any proof's form: folded values, a query's row and a sibling of it are changed
/// here each on its own, which the shared paths of a proof do not allow.
#[test]
fn refuses_every_other_value_that_it_reads() {
    every_change_is_refused(fixture().counts(), |change| fixture().verdict_on(change));
}

/// Changes of messages, opened values and siblings, of which there are so many.
fn every_change_is_refused(counts: [usize; 3], verdict_on: impl Fn(Change) -> Result<(), String>) {
    let [messages, values, siblings] = counts;
    let mut random = Random(seed());
    let count = count() as usize;
    // All messages, unless there are too many; the others as chance has it.
    let of_messages = (0..messages).step_by(messages.div_ceil(count)).map(|i| Change::Message(i, i % 4));
    let mut changes: Vec<_> = of_messages.collect();
    for _ in 0..count / 2 {
        changes.push(Change::Value(random.below(values)));
        changes.push(Change::Sibling(random.below(siblings), random.below(8)));
    }
    for change in changes {
        let verdict = verdict_on(change);
        assert!(verdict.is_err(), "{change:?} of {messages}, {values}, {siblings}");
    }
}

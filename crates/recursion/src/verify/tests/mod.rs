//! Proofs of small tables: the circuit and Plonky3 agree on them and on what attackers make of them.

mod attacks;
mod fixture;
mod layers;
mod refused;
mod segments;
mod tables;
mod transcript;

use fixture::{Fixture, LARGE, SMALL, fixtures};

#[test]
fn what_plonky3_accepts_the_circuit_accepts() {
    for fixture in fixtures() {
        let proof = fixture.proof();
        fixture.verify_natively(&proof, &fixture.public_values).expect("Plonky3 accepts it");
        fixture.verify_in_circuit(&proof, &fixture.public_values).expect("the circuit accepts it");
    }
}

#[test]
fn another_shape_has_another_circuit() {
    let [small, large] = [Fixture::new(SMALL.0, SMALL.1), Fixture::new(LARGE.0, LARGE.1)];
    assert!(small.verify_in_circuit(&large.proof(), &large.public_values).is_err());
    assert!(large.verify_in_circuit(&small.proof(), &small.public_values).is_err());
}

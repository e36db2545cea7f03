//! Rows and operations of every circuit.

use std::error::Error;

use ashlar_circuit::Val;
use ashlar_recursion::circuits;
use ashlar_verifier::{Circuit, Commitment};
use p3_field::PrimeCharacteristicRing;

fn main() -> Result<(), Box<dyn Error>> {
    for circuit in Circuit::all() {
        println!("{:16} {:?}", circuit.name(), circuits::construct(circuit)?.usage());
    }
    println!("{:16} {:?}", "shrink", circuits::construct_shrink()?.usage());
    // A key of the right form.
    let key = Commitment::new(vec![[Val::from_u32(123_456_789); 8]]);
    let usage = circuits::construct_last(&key)?.narrow_usage()?;
    println!("{:16} {usage:?}: {} rows", "last", usage.rows());
    Ok(())
}

//! Keys of circuits as bytes, and keys that are no program's.

use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use ashlar_verifier::{Circuit, CircuitKeys, Commitment, MalformedKey, ProgramKey, Statement};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::MerkleCap;

fn digest(seed: u32) -> Digest {
    core::array::from_fn(|i| Val::from_u32(1000 * seed + i as u32))
}

fn keys() -> CircuitKeys {
    let cap = |i: u32| -> Commitment { MerkleCap::new((0..16).map(|j| digest(20 * i + j)).collect()) };
    CircuitKeys::new((0..Circuit::COUNT as u32).map(cap).collect()).expect("keys")
}

#[test]
fn keys_are_decoded_as_they_are_encoded_and_in_no_other_way() {
    let bytes = keys().encode();
    assert_eq!(CircuitKeys::decode(&bytes).expect("keys"), keys());
    assert!(matches!(CircuitKeys::decode(b"something else"), Err(MalformedKey::Magic)));
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(CircuitKeys::decode(&longer), Err(MalformedKey::NotCanonical)));
    for length in 0..bytes.len() {
        assert!(CircuitKeys::decode(&bytes[..length]).is_err(), "cut to {length} bytes");
    }
    let mut version = bytes.clone();
    version[8] ^= 1;
    assert!(matches!(CircuitKeys::decode(&version), Err(MalformedKey::Version { .. })));
    assert!(CircuitKeys::new(Vec::new()).is_none());
}

#[test]
fn a_program_key_with_a_number_that_is_no_field_element_states_nothing() {
    let key = ProgramKey::from_elements(&digest(3));
    assert_eq!(key.elements(), Some(digest(3)));
    for word in 0..8 {
        let mut foreign = key;
        foreign.0[4 * word..4 * word + 4].copy_from_slice(&0x7f00_0001u32.to_be_bytes());
        assert_eq!(foreign.elements(), None);
        assert_eq!(Statement::new(&foreign, b"output"), None);
    }
}

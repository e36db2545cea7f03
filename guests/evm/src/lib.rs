//! What guests that run the EVM share: how their input is read, and the EVM's hashing and cryptography on the machine's
//! accelerators.

#![no_std]

mod keccak;

use ashlar_abi::HASH_KEY_WORDS;
use ashlar_crypto::AcceleratedCrypto;
use ashlar_guest_rt::{Ecalls, read_input, read_words};

/// Makes the EVM use the machine's accelerators. Called once, at the start.
pub fn install_cryptography() {
    assert!(
        revm_precompile::install_crypto(AcceleratedCrypto::<Ecalls>::new()),
        "cryptography installed twice"
    );
}

/// Reads the batch input, and the key of the hash maps, which stands behind it (`specs/002-batch-input.md`, "Into memory").
/// Called once, before the first map is made.
pub fn read_batch() -> &'static [u8] {
    let input = read_input();
    let mut key = [0; HASH_KEY_WORDS];
    read_words(&mut key);
    foldhash::set_key(&key);
    input
}

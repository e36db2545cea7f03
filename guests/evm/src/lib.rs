//! What guests that run the EVM share: its hashing and cryptography on the machine's accelerators.

#![no_std]

mod keccak;

use ashlar_crypto::AcceleratedCrypto;
use ashlar_guest_rt::Ecalls;

/// Makes the EVM use the machine's accelerators. Called once, at the start.
pub fn install_cryptography() {
    assert!(
        revm_precompile::install_crypto(AcceleratedCrypto::<Ecalls>::new()),
        "cryptography installed twice"
    );
}

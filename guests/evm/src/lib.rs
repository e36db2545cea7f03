//! What guests that run the EVM share: its hashing and cryptography on the machine's accelerators, and the key of its maps.

#![no_std]

mod keccak;
mod maps;

pub use maps::key_maps;

use ashlar_crypto::AcceleratedCrypto;
use ashlar_guest_rt::Ecalls;

/// Makes the EVM use the machine's accelerators. Called once, at the start.
pub fn install_cryptography() {
    assert!(
        revm_precompile::install_crypto(AcceleratedCrypto::<Ecalls>::new()),
        "cryptography installed twice"
    );
}

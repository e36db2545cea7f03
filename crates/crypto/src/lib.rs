#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

extern crate alloc;

// Words and bytes are viewed as one another, in the order of the machine.
#[cfg(target_endian = "big")]
compile_error!("the machine and every supported host are little-endian");

mod accelerated;
mod bn254;
mod field;
mod keccak;
mod limbs;
mod modexp;
mod multiplier;
mod p256;
mod secp256k1;

pub use accelerated::AcceleratedCrypto;
pub use bn254::{bn254_g1_add, bn254_g1_mul, bn254_pairing_check};
pub use keccak::{keccak256, keccak256_into};
pub use modexp::modexp;
pub use p256::secp256r1_verify;
pub use secp256k1::{RecoverFault, recover_address, recover_public_key, secp256k1_ecrecover};

#[cfg(test)]
mod test_util;

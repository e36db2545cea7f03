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
mod arithmetic;
mod bls12_381;
mod bn254;
mod curve;
mod keccak;
mod limbs;
mod modexp;
mod multiplier;
mod p256;
mod pairing;
mod secp256k1;

pub use accelerated::AcceleratedCrypto;
pub use bls12_381::{
    bls12_381_fp_to_g1, bls12_381_fp2_to_g2, bls12_381_g1_add, bls12_381_g1_msm, bls12_381_g2_add,
    bls12_381_g2_msm, bls12_381_pairing_check, verify_kzg_proof,
};
pub use bn254::{bn254_g1_add, bn254_g1_mul, bn254_pairing_check};
pub use keccak::{keccak256, keccak256_into};
pub use modexp::modexp;
pub use p256::secp256r1_verify;
pub use secp256k1::{RecoverFault, recover_address, recover_public_key, secp256k1_ecrecover};

#[cfg(test)]
mod test_util;

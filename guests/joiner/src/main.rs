//! Joins the statements that the host provides and commits the hash of what comes out (`specs/013-joiner.md`).

#![no_std]
#![no_main]

mod keccak;

use ashlar_guest_rt::{commit, entry, poseidon2, read_input};
use ashlar_joiner::{Hashes, join};
use keccak::keccak256;

entry!(main);

/// The hash functions as calls of the machine.
struct Calls;

impl Hashes for Calls {
    #[inline(always)]
    fn poseidon2(state: &mut [u32; 16]) {
        poseidon2(state);
    }

    #[inline(always)]
    fn keccak256(bytes: &[u8]) -> [u8; 32] {
        keccak256(bytes)
    }
}

fn main() {
    match join::<Calls>(read_input()) {
        Ok(joined) => commit(&keccak256(&joined.encode())),
        Err(error) => panic!("{error}"),
    }
}

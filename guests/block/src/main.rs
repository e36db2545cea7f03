//! Executes the batch that the host provides and commits the hash of its public output: nothing else is proven.

#![no_std]
#![no_main]

mod keccak;

use ashlar_crypto::AcceleratedCrypto;
use ashlar_guest_rt::{Ecalls, commit, entry, read_input};

entry!(main);

fn main() {
    assert!(
        revm_precompile::install_crypto(AcceleratedCrypto::<Ecalls>::new()),
        "cryptography installed twice"
    );
    match ashlar_stf::execute_batch(read_input()) {
        Ok(output) => commit(&output.hash()),
        Err(error) => panic!("{error}"),
    }
}

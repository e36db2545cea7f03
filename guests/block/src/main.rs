//! Executes the batch that the host provides and commits the hash of its public output: nothing else is proven.

#![no_std]
#![no_main]

use ashlar_guest_evm::install_cryptography;
use ashlar_guest_rt::{commit, entry, read_input};

entry!(main);

fn main() {
    install_cryptography();
    match ashlar_stf::execute_batch(read_input()) {
        Ok(output) => commit(&output.hash()),
        Err(error) => panic!("{error}"),
    }
}

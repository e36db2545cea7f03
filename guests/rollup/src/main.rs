//! Executes the batch of a rollup chain that the host provides and commits the hash of its public output: nothing else is
//! proven.

#![no_std]
#![no_main]

use ashlar_abi::Accelerators;
use ashlar_guest_evm::install_cryptography;
use ashlar_guest_rt::{Ecalls, commit, entry, read_input};

entry!(main);

fn main() {
    install_cryptography();
    match ashlar_stf::rollup::execute_rollup_batch(read_input(), Ecalls::modmul256_assign) {
        Ok(output) => commit(&output.hash()),
        Err(error) => panic!("{error}"),
    }
}

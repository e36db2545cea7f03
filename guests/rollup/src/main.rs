//! Executes the batch of a rollup chain that the host provides and commits the hash of its public output: nothing else is
//! proven.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

use ashlar_abi::Accelerators;
use ashlar_guest_evm::{install_cryptography, key_maps};
use ashlar_guest_rt::{Ecalls, commit, entry, read_input};
use ashlar_primitives::rollup::{RollupInput, RollupOutput};
use ashlar_stf::{Error, rollup::execute_rollup_input};

entry!(main);

fn main() {
    install_cryptography();
    match execute(read_input()) {
        Ok(output) => commit(&output.hash()),
        Err(error) => panic!("{error}"),
    }
}

fn execute(bytes: &[u8]) -> Result<RollupOutput, Error> {
    let input = RollupInput::decode(bytes)?;
    key_maps(&transactions(&input));
    execute_rollup_input(&input, Ecalls::modmul256_assign).map(|batch| batch.output)
}

/// What depends on every transaction: the hashes of the blobs, which have the hashes of all blocks; with calldata themselves.
fn transactions(input: &RollupInput<'_>) -> Vec<u8> {
    if !input.versioned_hashes.is_empty() {
        return input.versioned_hashes.iter().flat_map(|hash| hash.0).collect();
    }
    input.blocks.iter().flat_map(|block| &block.transactions).copied().flatten().copied().collect()
}

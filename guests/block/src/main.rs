//! Executes the batch that the host provides and commits its public output: nothing else is proven.

#![no_std]
#![no_main]

use ashlar_guest_evm::{install_cryptography, key_maps};
use ashlar_guest_rt::{commit, entry, read_input};
use ashlar_primitives::{BatchInput, PublicOutput};
use ashlar_stf::{Error, execute_batch_input};

entry!(main);

fn main() {
    install_cryptography();
    match execute(read_input()) {
        Ok(output) => commit(&output.hash()),
        Err(error) => panic!("{error}"),
    }
}

fn execute(bytes: &[u8]) -> Result<PublicOutput, Error> {
    let input = BatchInput::decode(bytes)?;
    // The last header depends on every transaction.
    key_maps(input.blocks.last().map_or(&[], |block| block.header));
    execute_batch_input(&input).map(|(output, _)| output)
}

//! The guest that ships with this binary.

use ashlar_verifier::VerifyingKey;
use ashlar_vm::Program;
use eyre::WrapErr;

/// ELF of `guests/block`, as built by `cargo xtask guest` and checked by its digest in CI.
const BLOCK_ELF: &[u8] = include_bytes!("../../../guests/elf/block.elf");

/// Its verifying key, made of it by `cargo xtask guest` and checked in CI: a verifier does not have to make it again.
const BLOCK_KEY: &[u8] = include_bytes!("../../../guests/elf/block.key");

/// The guest that executes batches of blocks.
pub(crate) fn block() -> eyre::Result<Program> {
    Program::from_elf(BLOCK_ELF)
        .map_err(|error| eyre::eyre!("the guest inside this binary is damaged: {error}"))
}

/// What a verifier has to know of it.
pub(crate) fn block_key() -> eyre::Result<VerifyingKey> {
    VerifyingKey::decode(BLOCK_KEY).wrap_err("the key inside this binary is damaged")
}

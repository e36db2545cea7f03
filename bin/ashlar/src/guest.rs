//! The guest that ships with this binary.

use ashlar_verifier::VerifyingKey;
use ashlar_vm::Program;
use eyre::WrapErr;

/// ELF of `guests/block`, as built by `cargo xtask guest` and checked by its digest in CI.
const BLOCK_ELF: &[u8] = include_bytes!("../../../guests/elf/block.elf");

/// Its verifying key, made of it by `cargo xtask guest` and checked in CI: a verifier does not have to make it again.
const BLOCK_KEY: &[u8] = include_bytes!("../../../guests/elf/block.key");

/// ELF and key of `guests/joiner`, likewise.
const JOINER_ELF: &[u8] = include_bytes!("../../../guests/elf/joiner.elf");
const JOINER_KEY: &[u8] = include_bytes!("../../../guests/elf/joiner.key");

/// The guest that executes batches of blocks.
pub(crate) fn block() -> eyre::Result<Program> {
    program(BLOCK_ELF)
}

/// What a verifier has to know of it.
pub(crate) fn block_key() -> eyre::Result<VerifyingKey> {
    key(BLOCK_KEY)
}

/// The guest that joins statements to a tree.
pub(crate) fn joiner() -> eyre::Result<Program> {
    program(JOINER_ELF)
}

/// What a verifier has to know of it.
pub(crate) fn joiner_key() -> eyre::Result<VerifyingKey> {
    key(JOINER_KEY)
}

fn program(elf: &[u8]) -> eyre::Result<Program> {
    Program::from_elf(elf).map_err(|error| eyre::eyre!("a guest inside this binary is damaged: {error}"))
}

fn key(bytes: &[u8]) -> eyre::Result<VerifyingKey> {
    VerifyingKey::decode(bytes).wrap_err("a key inside this binary is damaged")
}

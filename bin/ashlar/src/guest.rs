//! The guest that ships with this binary.

use ashlar_vm::Program;

/// ELF of `guests/block`, as built by `cargo xtask guest` and checked by its digest in CI.
const BLOCK_ELF: &[u8] = include_bytes!("../../../guests/elf/block.elf");

/// The guest that executes batches of blocks.
pub(crate) fn block() -> eyre::Result<Program> {
    Program::from_elf(BLOCK_ELF)
        .map_err(|error| eyre::eyre!("the guest inside this binary is damaged: {error}"))
}

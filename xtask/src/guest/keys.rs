//! `guests/elf/<name>.key`: what a verifier has to know of a guest, so that it does not have to make it of the ELF.

use std::fs;
use std::path::{Path, PathBuf};

use ashlar_prover::Prover;
use ashlar_verifier::VerifyingKey;
use ashlar_vm::Program;
use eyre::{WrapErr, ensure, eyre};

/// The guests that are proven.
const PROVEN: [&str; 3] = ["block", "joiner", "rollup"];

/// Makes the keys from the ELF files in the tree.
pub(super) fn write(guests: &Path) -> eyre::Result<()> {
    for name in PROVEN {
        let key = make(guests, name)?;
        println!("{name} programKey {}", key.program_key());
        let path = path(guests, name);
        fs::write(&path, key.encode()).wrap_err_with(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// Compares the keys in the tree with those of the ELF files.
pub(super) fn check(guests: &Path) -> eyre::Result<()> {
    for name in PROVEN {
        let key = make(guests, name)?;
        let same = fs::read(path(guests, name)).is_ok_and(|bytes| bytes == key.encode());
        println!("{name} programKey {} {}", key.program_key(), if same { "identical" } else { "DIFFERENT" });
        ensure!(
            same,
            "guests/elf/{name}.key is not the key of {name}.elf: run `cargo xtask guest --keys` and commit the result"
        );
    }
    Ok(())
}

fn make(guests: &Path, name: &str) -> eyre::Result<VerifyingKey> {
    let path = guests.join("elf").join(name).with_extension("elf");
    let elf =
        fs::read(&path).wrap_err_with(|| format!("reading {}: run `cargo xtask guest`", path.display()))?;
    let program = Program::from_elf(&elf).map_err(|error| eyre!("{name} does not load: {error}"))?;
    Ok(Prover::new(&program)?.key().clone())
}

fn path(guests: &Path, name: &str) -> PathBuf {
    guests.join("elf").join(name).with_extension("key")
}

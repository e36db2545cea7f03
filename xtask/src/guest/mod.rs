//! `cargo xtask guest`: builds the guests so that anyone gets the same bytes, and checks that the ones in the tree are
//! those.
//!
//! What is proven is bound by programKey, a function of the loaded bytes. So the bytes may depend on the sources, the
//! lock file, the compiler and the linker, which the manifest records, and on nothing else: not on where the tree or
//! the cargo home is, not on the environment, not on settings of the user.
//!
//! Beside the ELF of a guest that is proven lies its verifying key, which is a function of the ELF and of the tables.

mod compile;
mod keys;
mod manifest;
mod metadata;
pub(crate) mod toolchain;

pub(crate) use metadata::run_as_rustc;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use eyre::{WrapErr, bail, ensure};

use compile::Build;
use manifest::{Artifact, Manifest};
use toolchain::Toolchain;

/// Builds the guests and their verifying keys into `guests/elf`, or checks that what is there comes from the sources.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Rebuild into a separate directory and compare, writing nothing to the source tree.
    #[arg(long)]
    check: bool,
    /// Only the verifying keys, from the ELF files in the tree: after a change to the machine's tables. Needs no
    /// compiler for guests.
    #[arg(long)]
    keys: bool,
    /// Installation prefix of the compiler (`<prefix>/bin/rustc`), in place of looking for one.
    #[arg(long, value_name = "PREFIX")]
    toolchain: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let guests = crate::repository::root().join("guests");
    if arguments.keys {
        return if arguments.check { keys::check(&guests) } else { keys::write(&guests) };
    }
    let recorded = Manifest::read(&guests)?;
    let wanted = recorded.as_ref().map(|manifest| &manifest.tools);
    let toolchain = Toolchain::find(arguments.toolchain.as_deref(), wanted)?;
    if arguments.check {
        let Some(recorded) = recorded else {
            bail!("guests/elf/manifest.json is missing: run `cargo xtask guest`")
        };
        check(&guests, &toolchain, &recorded)
    } else {
        if let Some(difference) = wanted.and_then(|wanted| toolchain.tools.difference(wanted)) {
            eprintln!("note: {difference}: the ELF files and every programKey will change");
        }
        build(&guests, &toolchain)
    }
}

fn build(guests: &Path, toolchain: &Toolchain) -> eyre::Result<()> {
    let target_dir = crate::repository::target_dir().join("guest");
    let elf_dir = guests.join("elf");
    fs::create_dir_all(&elf_dir)?;
    let mut artifacts = BTreeMap::new();
    for (name, bytes) in compile_all(guests, toolchain, &target_dir)? {
        let artifact = Artifact::of(&bytes);
        println!("{name} {} bytes sha256 {}", artifact.bytes, artifact.sha256);
        fs::write(elf_dir.join(&name).with_extension("elf"), bytes)?;
        artifacts.insert(name, artifact);
    }
    Manifest::new(guests, toolchain.tools.clone(), artifacts)?.write(guests)?;
    keys::write(guests)
}

fn check(guests: &Path, toolchain: &Toolchain, recorded: &Manifest) -> eyre::Result<()> {
    if let Some(difference) = toolchain.tools.difference(&recorded.tools) {
        bail!("cannot compare: {difference}\n{}", toolchain::INSTALL);
    }
    recorded.check_tree(guests)?;
    let target_dir = crate::repository::target_dir().join("guest-check");
    if target_dir.exists() {
        fs::remove_dir_all(&target_dir).wrap_err("clearing the directory of the check")?;
    }
    let mut rebuilt = BTreeMap::new();
    for (name, bytes) in compile_all(guests, toolchain, &target_dir)? {
        rebuilt.insert(name, Artifact::of(&bytes));
    }
    for (name, artifact) in &rebuilt {
        let same = recorded.guests.get(name) == Some(artifact);
        println!("{name} {} {}", artifact.sha256, if same { "identical" } else { "DIFFERENT" });
    }
    ensure!(
        rebuilt == recorded.guests,
        "the ELF files in guests/elf do not come from these sources: run `cargo xtask guest` and commit the result \
         (rebuilt files are under {})",
        target_dir.display(),
    );
    keys::check(guests)
}

/// Name and ELF of every guest.
fn compile_all(
    guests: &Path,
    toolchain: &Toolchain,
    target_dir: &Path,
) -> eyre::Result<Vec<(String, Vec<u8>)>> {
    let build = Build { guests, toolchain, target_dir };
    let mut all = Vec::new();
    for name in names(guests)? {
        let elf = build.compile(&name).wrap_err_with(|| format!("guest {name}"))?;
        all.push((name, elf));
    }
    Ok(all)
}

/// The packages in `guests` that are programs, in order.
fn names(guests: &Path) -> eyre::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(guests)? {
        let entry = entry?;
        if entry.path().join("src/main.rs").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    ensure!(!names.is_empty(), "no guest in {}", guests.display());
    Ok(names)
}

//! `cargo xtask wasm`: builds the verifier of final proofs as a WebAssembly module.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use eyre::{WrapErr, ensure};

use crate::guest::toolchain::Toolchain;
use crate::repository;

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "ashlar-verifier-wasm";
const MODULE: &str = "ashlar_verifier_wasm.wasm";

/// Build the verifier of final proofs as a WebAssembly module, `target/wasm/ashlar_verifier_wasm.wasm`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Run the module's tests in Node.js, in a build that verifies proofs of small tables too.
    #[arg(long)]
    test: bool,
    /// Installation prefix of the compiler (`<prefix>/bin/rustc`), in place of looking for one.
    #[arg(long, value_name = "PREFIX")]
    toolchain: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let root = repository::root();
    let folder = repository::target_dir().join("wasm");
    let toolchain = Toolchain::find(arguments.toolchain.as_deref(), None)?;
    if arguments.test {
        let module = build(&root, &folder, &toolchain, &["--features", "shapes"])?;
        let status = Command::new("node")
            .arg(root.join("crates/verifier-wasm/tests/module.mjs"))
            .arg(module)
            .arg(root.join("specs/vectors/final-proof.json"))
            .arg(root.join("contracts"))
            .status()
            .wrap_err("starting node")?;
        ensure!(status.success(), "the module's tests: {status}");
        return Ok(());
    }
    let module = build(&root, &folder, &toolchain, &[])?;
    let place = folder.join(MODULE);
    let bytes = fs::copy(module, &place)?;
    println!("{}: {bytes} bytes", place.display());
    Ok(())
}

/// Compiles the module with its own standard library, as no toolchain here has one for the target.
fn build(root: &Path, folder: &Path, toolchain: &Toolchain, more: &[&str]) -> eyre::Result<PathBuf> {
    let mut flags = OsString::from("-Clinker=");
    flags.push(&toolchain.linker);
    let status = Command::new(&toolchain.cargo)
        .current_dir(root)
        .args(["build", "--release", "--locked", "--target", TARGET, "-Zbuild-std=std,panic_abort"])
        .args(["--package", PACKAGE])
        .args(more)
        .arg("--target-dir")
        .arg(folder)
        .env("RUSTC", &toolchain.rustc)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .env("CARGO_INCREMENTAL", "0")
        // A module is loaded with all that is in it.
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        // `-Z` options of a stable compiler.
        .env("RUSTC_BOOTSTRAP", "1")
        // Of the toolchain that runs this program.
        .env_remove("LD_LIBRARY_PATH")
        .status()
        .wrap_err_with(|| format!("starting {}", toolchain.cargo.display()))?;
    ensure!(status.success(), "cargo failed ({status})");
    Ok(folder.join(TARGET).join("release").join(MODULE))
}

//! Compiles one guest in an environment of our own making.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{WrapErr, ensure};

use super::metadata;
use super::toolchain::Toolchain;

/// RV32IM without an operating system. The plain `riscv32im-unknown-none-elf` lacks the atomic types that dependencies
/// want; this one has them, for one thread, and is otherwise the same.
pub(crate) const TARGET: &str = "riscv32im-risc0-zkvm-elf";

/// There is no compiled standard library for the target, so cargo compiles it.
pub(crate) const CARGO_FLAGS: [&str; 2] = ["--release", "-Zbuild-std=core,alloc"];

/// What every crate for the target is compiled with. The profile is in `guests/Cargo.toml`.
pub(crate) const RUSTC_FLAGS: [&str; 3] = [
    // One thread: an atomic operation is the plain one.
    "-Cpasses=lower-atomic",
    // Panic messages carry no file names: those would be loaded, and name the machine that compiled.
    "-Zlocation-detail=none",
    // The linker runs in `guests`.
    "-Clink-arg=-Trt/link.ld",
];

/// Variables that reach the compilation; all others are dropped, because they may change what is built
/// (`RUSTFLAGS`, `CARGO_PROFILE_*`) or belong to the toolchain that runs this program (`LD_LIBRARY_PATH`).
const KEPT: [&str; 11] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "CARGO_HOME",
    "CARGO_BUILD_JOBS",
    "CARGO_TERM_COLOR",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
];
/// Prefixes of variables that say how registries are reached.
const KEPT_PREFIXES: [&str; 4] = ["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_SOURCE_"];

/// Where guests are compiled, and with what.
pub(crate) struct Build<'a> {
    pub(crate) guests: &'a Path,
    pub(crate) toolchain: &'a Toolchain,
    pub(crate) target_dir: &'a Path,
}

impl Build<'_> {
    /// Compiles the guest in `guests/<name>` and returns its ELF file.
    ///
    /// Each guest is a build of its own: built together, one guest's features would change another's bytes.
    pub(crate) fn compile(&self, name: &str) -> eyre::Result<Vec<u8>> {
        let mut cargo = Command::new(&self.toolchain.cargo);
        cargo
            .current_dir(self.guests)
            .args(["build", "--locked", "--target", TARGET])
            .args(CARGO_FLAGS)
            .args(["--package", &format!("ashlar-guest-{name}")])
            .arg("--target-dir")
            .arg(self.target_dir)
            .env_clear()
            .envs(env::vars_os().filter(|(name, _)| kept(&name.to_string_lossy())))
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_ENCODED_RUSTFLAGS", self.rustc_flags()?)
            .env("RUSTC", &self.toolchain.rustc)
            .env("RUSTC_WRAPPER", env::current_exe()?)
            .env(metadata::WRAPPER_MARK, "1")
            // `-Z` options of a stable compiler.
            .env("RUSTC_BOOTSTRAP", "1");
        let status =
            cargo.status().wrap_err_with(|| format!("starting {}", self.toolchain.cargo.display()))?;
        ensure!(status.success(), "cargo failed ({status})");
        let path = self.target_dir.join(TARGET).join("release").join(name);
        let elf = fs::read(&path).wrap_err_with(|| format!("reading {}", path.display()))?;
        self.check_no_path(&elf)?;
        Ok(elf)
    }

    /// The flags, separated as `CARGO_ENCODED_RUSTFLAGS` wants it. They replace the ones of any cargo configuration.
    fn rustc_flags(&self) -> eyre::Result<OsString> {
        let mut flags = OsString::from(RUSTC_FLAGS.join("\x1f"));
        flags.push("\x1f-Clinker=");
        flags.push(&self.toolchain.linker);
        for (from, to) in self.remapped()? {
            flags.push("\x1f--remap-path-prefix=");
            flags.push(from);
            flags.push("=");
            flags.push(to);
        }
        Ok(flags)
    }

    /// Directories of this machine, and the names that they have in what is built. The last match wins in rustc, so
    /// inner directories come after outer ones.
    fn remapped(&self) -> eyre::Result<Vec<(PathBuf, &'static str)>> {
        let root = crate::repository::root();
        Ok(vec![
            (cargo_home()?, "/cargo"),
            (self.toolchain.library.clone(), "/library"),
            (fs::canonicalize(&self.toolchain.library)?, "/library"),
            (fs::canonicalize(&root)?, "/ashlar"),
            (root, "/ashlar"),
            (self.target_dir.to_owned(), "/target"),
        ])
    }

    /// A path of this machine in the ELF would make the build depend on it.
    fn check_no_path(&self, elf: &[u8]) -> eyre::Result<()> {
        for (path, _) in self.remapped()? {
            let path = path.to_string_lossy();
            let found = elf.windows(path.len()).any(|window| window == path.as_bytes());
            ensure!(!found, "the ELF contains the path {path} of this machine");
        }
        Ok(())
    }
}

fn kept(name: &str) -> bool {
    KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn cargo_home() -> eyre::Result<PathBuf> {
    if let Some(home) = env::var_os("CARGO_HOME") {
        return Ok(PathBuf::from(home));
    }
    let home = env::var_os("HOME").ok_or_else(|| eyre::eyre!("neither CARGO_HOME nor HOME is set"))?;
    Ok(Path::new(&home).join(".cargo"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_change_the_code_do_not_reach_the_compiler() {
        for name in ["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_PROFILE_RELEASE_LTO", "RUSTUP_TOOLCHAIN"] {
            assert!(!kept(name), "{name}");
        }
        assert!(kept("PATH") && kept("CARGO_NET_OFFLINE"));
    }
}

//! Finds a compiler that can build the guests, and says which one it is.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{WrapErr, bail, ensure, eyre};
use serde::{Deserialize, Serialize};

/// How to get what the guests are built with.
pub(crate) const INSTALL: &str = "install it with `apt-get install rustc-web cargo-web rust-web-src` (Debian), or with \
                                  `rustup toolchain install <version> --component rust-src`";

/// What decides the bytes of a guest besides its sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tools {
    /// First line of `rustc -vV`.
    pub(crate) compiler: String,
    /// Version of LLVM in the compiler.
    pub(crate) llvm: String,
    /// Name and version of the linker.
    pub(crate) linker: String,
}

impl Tools {
    /// In words, how these tools are not the recorded ones.
    pub(crate) fn difference(&self, recorded: &Self) -> Option<String> {
        let pairs = [
            (&recorded.compiler, &self.compiler, ""),
            (&recorded.llvm, &self.llvm, "LLVM "),
            (&recorded.linker, &self.linker, ""),
        ];
        let (recorded, this, what) = pairs.into_iter().find(|(recorded, this, _)| recorded != this)?;
        Some(format!("the guests in the tree were built with {what}{recorded}, this is {what}{this}"))
    }
}

/// A compiler with its standard library's sources, its cargo, and a linker.
#[derive(Debug)]
pub(crate) struct Toolchain {
    pub(crate) rustc: PathBuf,
    pub(crate) cargo: PathBuf,
    pub(crate) linker: PathBuf,
    /// Directory of the standard library's sources.
    pub(crate) library: PathBuf,
    pub(crate) tools: Tools,
}

impl Toolchain {
    /// The toolchain at `prefix`; or the first one found, preferring the one with the wanted tools.
    pub(crate) fn find(prefix: Option<&Path>, wanted: Option<&Tools>) -> eyre::Result<Self> {
        let linker = find_linker()?;
        if let Some(prefix) = prefix {
            return Self::at(prefix, &linker).wrap_err(INSTALL);
        }
        let mut refused = Vec::new();
        let mut first = None;
        for prefix in prefixes() {
            match Self::at(&prefix, &linker) {
                Ok(found) if wanted.is_none_or(|wanted| found.tools == *wanted) => return Ok(found),
                Ok(found) => first = first.or(Some(found)),
                Err(why) => refused.push(format!("  {why:#}")),
            }
        }
        let why = || eyre!("no compiler that can build the guests:\n{}\n{INSTALL}", refused.join("\n"));
        first.ok_or_else(why)
    }

    fn at(prefix: &Path, linker: &Path) -> eyre::Result<Self> {
        let rustc = prefix.join("bin/rustc");
        let cargo = prefix.join("bin/cargo");
        let library = prefix.join("lib/rustlib/src/rust/library");
        for (path, what) in
            [(&rustc, "rustc"), (&cargo, "cargo"), (&library, "sources of the standard library")]
        {
            ensure!(path.exists(), "no {what} at {}", path.display());
        }
        let version = output(Command::new(&rustc).arg("-vV"))?;
        let llvm = version.lines().find_map(|line| line.strip_prefix("LLVM version: "));
        let tools = Tools {
            compiler: version.lines().next().unwrap_or_default().to_owned(),
            llvm: llvm.unwrap_or("unknown").to_owned(),
            linker: linker_version(linker)?,
        };
        Ok(Self { rustc, cargo, linker: linker.to_owned(), library, tools })
    }
}

/// Where toolchains live: Debian's, then rustup's in the order of their names.
fn prefixes() -> Vec<PathBuf> {
    let home = env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".rustup")));
    let mut rustup: Vec<PathBuf> = home
        .and_then(|home| home.join("toolchains").read_dir().ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    rustup.sort();
    [PathBuf::from("/usr")].into_iter().chain(rustup).collect()
}

/// The `rust-lld` of the toolchain that builds the rest of the repository, which `rust-toolchain.toml` pins.
fn find_linker() -> eyre::Result<PathBuf> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let sysroot = output(rustc.current_dir(crate::repository::root()).args(["--print", "sysroot"]))?;
    let host_dirs = Path::new(sysroot.trim()).join("lib/rustlib");
    let mut found: Vec<PathBuf> = host_dirs
        .read_dir()
        .wrap_err_with(|| format!("reading {}", host_dirs.display()))?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/rust-lld")))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    match found.into_iter().next() {
        Some(linker) => Ok(linker),
        None => bail!(
            "no rust-lld below {}: install the pinned toolchain with `rustup toolchain install`",
            host_dirs.display()
        ),
    }
}

/// "LLD 22.1.2" of "LLD 22.1.2 (commit) (compatible with GNU linkers)".
fn linker_version(linker: &Path) -> eyre::Result<String> {
    let line = output(Command::new(linker).args(["-flavor", "gnu", "--version"]))?;
    Ok(line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

fn output(command: &mut Command) -> eyre::Result<String> {
    let output = command.output().wrap_err_with(|| format!("starting {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools() -> Tools {
        Tools { compiler: "rustc 1.96.0".into(), llvm: "22".into(), linker: "LLD 22".into() }
    }

    #[test]
    fn another_compiler_is_named_with_both_versions() {
        let other = Tools { compiler: "rustc 1.97.0".into(), ..tools() };
        let text = other.difference(&tools()).unwrap();
        assert!(text.contains("built with rustc 1.96.0, this is rustc 1.97.0"), "{text}");
    }

    #[test]
    fn another_llvm_or_linker_is_a_difference() {
        assert!(Tools { llvm: "21".into(), ..tools() }.difference(&tools()).is_some());
        assert!(Tools { linker: "LLD 21".into(), ..tools() }.difference(&tools()).is_some());
        assert_eq!(tools().difference(&tools()), None);
    }

    #[test]
    fn a_prefix_without_a_compiler_is_refused_by_name() {
        let error = Toolchain::at(Path::new("/nonexistent"), Path::new("/nonexistent")).unwrap_err();
        assert!(error.to_string().contains("no rustc at /nonexistent/bin/rustc"), "{error}");
    }
}

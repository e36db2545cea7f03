//! Crate identities that do not depend on where the sources are.
//!
//! Cargo gives every crate an identifier (`-C metadata`) that rustc mixes into symbol names, and with it into the order
//! in which code is laid out. For a path outside the workspace of the guests (`crates/abi` is one) and for the standard
//! library, cargo computes it from the absolute path. So cargo is told to call this program in the place of rustc, which
//! replaces the identifier by one of the crate's name, version and configuration, and calls rustc.

use std::env;
use std::process::{Command, ExitCode};

use eyre::{WrapErr, eyre};
use sha2::{Digest, Sha256};

/// Set where this program is to behave as rustc.
pub(crate) const WRAPPER_MARK: &str = "ASHLAR_GUEST_RUSTC";

/// Options that, with their values, tell one crate of a build from another.
const IDENTIFYING: [&str; 5] = ["--crate-name", "--crate-type", "--edition", "--cfg", "--target"];

/// Behaves as rustc if cargo called this program as its wrapper; `None` if it did not.
pub(crate) fn run_as_rustc() -> eyre::Result<Option<ExitCode>> {
    if env::var_os(WRAPPER_MARK).is_none() {
        return Ok(None);
    }
    let mut arguments = env::args().skip(1);
    let rustc = arguments.next().ok_or_else(|| eyre!("a rustc wrapper is called with rustc's path"))?;
    let package = ["CARGO_PKG_NAME", "CARGO_PKG_VERSION"].map(|name| env::var(name).unwrap_or_default());
    let arguments = with_stable_metadata(&package, arguments.collect());
    let status =
        Command::new(&rustc).args(arguments).status().wrap_err_with(|| format!("starting {rustc}"))?;
    Ok(Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}

/// Replaces the value of `-C metadata`, if there is one.
fn with_stable_metadata(package: &[String; 2], mut arguments: Vec<String>) -> Vec<String> {
    let identity = identity(package, &arguments);
    for i in 1..arguments.len() {
        if arguments[i - 1] == "-C" && arguments[i].starts_with("metadata=") {
            arguments[i] = format!("metadata={identity}");
        }
    }
    arguments
}

fn identity(package: &[String; 2], arguments: &[String]) -> String {
    let mut hasher = Sha256::new();
    let options = arguments.windows(2).filter(|pair| IDENTIFYING.contains(&pair[0].as_str())).flatten();
    for part in package.iter().chain(options) {
        hasher.update(part);
        hasher.update([0]);
    }
    hex::encode(&hasher.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(source: &str, feature: &str, metadata: &str) -> Vec<String> {
        let cfg = format!("feature=\"{feature}\"");
        let metadata = format!("metadata={metadata}");
        ["--crate-name", "abi", source, "--cfg", &cfg, "-C", &metadata, "-C", "opt-level=3"]
            .map(str::to_owned)
            .to_vec()
    }

    fn stable(version: &str, arguments: Vec<String>) -> String {
        let package = ["ashlar-abi".to_owned(), version.to_owned()];
        let result = with_stable_metadata(&package, arguments.clone());
        assert_eq!(result.len(), arguments.len());
        assert_eq!(result[8], "opt-level=3");
        result[6].clone()
    }

    #[test]
    fn the_place_of_the_sources_does_not_matter() {
        let here = stable("1.0.0", arguments("/here/lib.rs", "alloc", "0123"));
        let there = stable("1.0.0", arguments("/there/lib.rs", "alloc", "4567"));
        assert_eq!(here, there);
        assert!(here.starts_with("metadata=") && here != "metadata=0123");
    }

    #[test]
    fn version_and_features_matter() {
        let base = stable("1.0.0", arguments("/lib.rs", "alloc", "0"));
        assert_ne!(base, stable("1.0.1", arguments("/lib.rs", "alloc", "0")));
        assert_ne!(base, stable("1.0.0", arguments("/lib.rs", "std", "0")));
    }

    #[test]
    fn queries_without_an_identity_pass_unchanged() {
        let query = vec!["-vV".to_owned()];
        assert_eq!(with_stable_metadata(&[String::new(), String::new()], query.clone()), query);
    }
}

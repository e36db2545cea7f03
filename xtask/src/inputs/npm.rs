//! Contracts from npm: packages with bytecode, and our own small contracts compiled by npm's `solc`.

use crate::repository;
use alloy_primitives::Bytes;
use eyre::{OptionExt, WrapErr, bail};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Everything that is written beside `node_modules`. The lock file pins each package by the digest of its archive.
const FILES: [(&str, &str); 8] = [
    ("package.json", include_str!("npm/package.json")),
    ("package-lock.json", include_str!("npm/package-lock.json")),
    ("compile.cjs", include_str!("npm/compile.cjs")),
    ("contracts/BatchAccount.sol", include_str!("npm/contracts/BatchAccount.sol")),
    ("contracts/Collectible.sol", include_str!("npm/contracts/Collectible.sol")),
    ("contracts/Notary.sol", include_str!("npm/contracts/Notary.sol")),
    ("contracts/Token.sol", include_str!("npm/contracts/Token.sol")),
    ("contracts/Workshop.sol", include_str!("npm/contracts/Workshop.sol")),
];

/// The installed packages.
pub(super) struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// Installs the packages that the lock file names into the build folder, unless they are there already.
    pub(super) fn install() -> eyre::Result<Self> {
        let folder = repository::target_dir().join("npm");
        // Not left over from an earlier state of the tree: the compiler takes all files of the folder.
        let contracts = folder.join("contracts");
        if contracts.exists() {
            fs::remove_dir_all(&contracts).wrap_err_with(|| format!("clearing {}", contracts.display()))?;
        }
        fs::create_dir_all(&contracts).wrap_err_with(|| format!("creating {}", contracts.display()))?;
        for (name, text) in FILES {
            let path = folder.join(name);
            fs::write(&path, text).wrap_err_with(|| format!("writing {}", path.display()))?;
        }
        let packages = Self { folder };
        packages.install_locked()?;
        Ok(packages)
    }

    fn install_locked(&self) -> eyre::Result<()> {
        let lock = include_str!("npm/package-lock.json");
        let stamp = self.folder.join("node_modules/.installed");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
            return Ok(());
        }
        eprintln!("installing contracts from npm into {}", self.folder.display());
        // Code of packages is run by our own scripts only, never by the installation.
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        output(Command::new("npm").args(arguments).current_dir(&self.folder))?;
        fs::write(&stamp, lock).wrap_err_with(|| format!("writing {}", stamp.display()))
    }

    /// Creation code of our own contracts, by name.
    pub(super) fn compile(&self) -> eyre::Result<BTreeMap<String, Bytes>> {
        let json = output(Command::new("node").arg("compile.cjs").current_dir(&self.folder))?;
        let code: BTreeMap<String, String> = serde_json::from_slice(&json)
            .wrap_err("compile.cjs printed something else than creation code")?;
        code.into_iter()
            .map(|(name, digits)| {
                let code = from_hex(&digits).wrap_err_with(|| format!("code of {name}"))?;
                Ok((name, code))
            })
            .collect()
    }

    /// Creation code in the build output of a package, such as `@uniswap/v2-core/build/UniswapV2Factory.json`.
    pub(super) fn creation_code(&self, artifact: &str) -> eyre::Result<Bytes> {
        let path = self.folder.join("node_modules").join(artifact);
        creation_code(&path).wrap_err_with(|| format!("{} has no creation code", path.display()))
    }
}

fn creation_code(path: &Path) -> eyre::Result<Bytes> {
    let artifact: Value = serde_json::from_slice(&fs::read(path)?)?;
    from_hex(artifact["bytecode"].as_str().ok_or_eyre("no field `bytecode`")?)
}

/// Bytes of code. What is not linked contains placeholders, which are no hex digits, and is refused with them.
fn from_hex(digits: &str) -> eyre::Result<Bytes> {
    let code = hex::decode(digits.strip_prefix("0x").unwrap_or(digits))?;
    if code.is_empty() { bail!("the contract is abstract: it has no code") } else { Ok(code.into()) }
}

/// Standard output of a command that must succeed.
fn output(command: &mut Command) -> eyre::Result<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().wrap_err_with(|| format!("{name} does not start: is it installed?"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_contract_of_the_folder_is_compiled() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/inputs/npm/contracts");
        let there: BTreeSet<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("contracts/{}", entry.unwrap().file_name().to_string_lossy()))
            .collect();
        let listed: BTreeSet<_> =
            FILES.iter().map(|(name, _)| (*name).to_owned()).filter(|name| name.ends_with(".sol")).collect();
        assert_eq!(there, listed);
    }

    #[test]
    fn the_lock_pins_every_package_by_digest_and_names_no_place() {
        let lock: Value = serde_json::from_str(include_str!("npm/package-lock.json")).unwrap();
        for (name, package) in
            lock["packages"].as_object().unwrap().iter().filter(|(name, _)| !name.is_empty())
        {
            assert!(package["integrity"].as_str().unwrap().starts_with("sha512-"), "{name}");
            assert!(package["resolved"].is_null(), "{name}");
        }
    }

    #[test]
    fn code_that_is_not_linked_or_abstract_is_refused() {
        assert!(from_hex("0x60806040").is_ok());
        assert!(from_hex("6080__$53aea86b7d70b31448b230b20ae141a537$__").is_err());
        assert!(from_hex("0x").is_err());
    }

    #[test]
    fn a_failing_command_reports_what_it_said() {
        let error = output(Command::new("sh").args(["-c", "echo no such package >&2; exit 1"])).unwrap_err();
        assert_eq!(error.to_string(), "sh failed: no such package");
        assert!(output(&mut Command::new("no-such-program-anywhere")).is_err());
    }
}

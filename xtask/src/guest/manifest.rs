//! `guests/elf/manifest.json`: what the ELF files beside it are, and what they were built with.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use eyre::{WrapErr, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::compile;
use super::toolchain::Tools;

/// The recorded facts of one build of all guests.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) tools: Tools,
    target: String,
    cargo_flags: Vec<String>,
    rustc_flags: Vec<String>,
    /// SHA-256 of `guests/Cargo.lock`.
    lockfile_sha256: String,
    /// By name; the file is `<name>.elf`.
    pub(crate) guests: BTreeMap<String, Artifact>,
}

/// One ELF file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Artifact {
    pub(crate) sha256: String,
    pub(crate) bytes: usize,
}

impl Artifact {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { sha256: sha256(bytes), bytes: bytes.len() }
    }
}

impl Manifest {
    pub(crate) fn new(
        guests: &Path,
        tools: Tools,
        artifacts: BTreeMap<String, Artifact>,
    ) -> eyre::Result<Self> {
        let owned = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect();
        Ok(Self {
            tools,
            target: compile::TARGET.to_owned(),
            cargo_flags: owned(&compile::CARGO_FLAGS),
            rustc_flags: owned(&compile::RUSTC_FLAGS),
            lockfile_sha256: sha256(&fs::read(guests.join("Cargo.lock"))?),
            guests: artifacts,
        })
    }

    /// `None` if there is no manifest yet.
    pub(crate) fn read(guests: &Path) -> eyre::Result<Option<Self>> {
        let text = match fs::read(guests.join("elf/manifest.json")) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.wrap_err("reading guests/elf/manifest.json")?,
        };
        serde_json::from_slice(&text).map(Some).wrap_err("guests/elf/manifest.json")
    }

    pub(crate) fn write(&self, guests: &Path) -> eyre::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(guests.join("elf/manifest.json"), text + "\n").wrap_err("writing guests/elf/manifest.json")
    }

    /// Checks all that can be checked without building: settings, lock file, and the files themselves.
    pub(crate) fn check_tree(&self, guests: &Path) -> eyre::Result<()> {
        let expected = Self::new(guests, self.tools.clone(), self.guests.clone())?;
        ensure!(
            *self == expected,
            "guests/Cargo.lock or the build's flags changed since the guests were built: run `cargo xtask guest`"
        );
        for (name, artifact) in &self.guests {
            let path = guests.join("elf").join(name).with_extension("elf");
            let bytes = fs::read(&path).wrap_err_with(|| format!("reading {}", path.display()))?;
            ensure!(Artifact::of(&bytes) == *artifact, "guests/elf/{name}.elf is not what the manifest says");
        }
        Ok(())
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of guests with one ELF and its manifest, in a temporary place.
    fn tree(name: &str) -> (std::path::PathBuf, Manifest) {
        let guests = crate::repository::target_dir().join("test-manifest").join(name);
        fs::create_dir_all(guests.join("elf")).unwrap();
        fs::write(guests.join("Cargo.lock"), "lock").unwrap();
        fs::write(guests.join("elf/one.elf"), "elf").unwrap();
        let tools = Tools { compiler: "rustc 1".into(), llvm: "1".into(), linker: "LLD 1".into() };
        let manifest =
            Manifest::new(&guests, tools, BTreeMap::from([("one".into(), Artifact::of(b"elf"))])).unwrap();
        manifest.write(&guests).unwrap();
        (guests, manifest)
    }

    #[test]
    fn what_is_written_is_read() {
        let (guests, manifest) = tree("read");
        assert_eq!(Manifest::read(&guests).unwrap(), Some(manifest));
        assert_eq!(Manifest::read(&guests.join("elf")).unwrap(), None);
    }

    #[test]
    fn sha256_is_the_published_vector() {
        // FIPS 180-4 example "abc".
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_changed_lock_file_is_seen_without_building() {
        let (guests, manifest) = tree("lock");
        manifest.check_tree(&guests).unwrap();
        fs::write(guests.join("Cargo.lock"), "another").unwrap();
        assert!(manifest.check_tree(&guests).unwrap_err().to_string().contains("Cargo.lock"));
    }

    #[test]
    fn a_changed_elf_is_seen_without_building() {
        let (guests, manifest) = tree("elf");
        fs::write(guests.join("elf/one.elf"), "elg").unwrap();
        assert!(manifest.check_tree(&guests).unwrap_err().to_string().contains("one.elf"));
    }
}

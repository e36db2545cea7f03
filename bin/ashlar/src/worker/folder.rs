//! The folder of a worker.

use eyre::{WrapErr, bail};
use k256::elliptic_curve::rand_core::{OsRng, RngCore};
use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// Where a worker keeps what it has, alone.
pub(super) struct Folder {
    path: PathBuf,
    /// Held as long as the process lives.
    _lock: File,
}

impl Folder {
    /// Makes the folder if there is none. Others cannot look into it: the inputs of batches are nobody's business.
    pub(super) fn open(path: &Path) -> eyre::Result<Self> {
        let failed = || format!("the folder {}", path.display());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).wrap_err_with(failed)?;
        let lock = File::create(path.join("lock")).wrap_err_with(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                bail!("{} is another worker's, which runs: give this one a --dir of its own", path.display())
            }
            Err(TryLockError::Error(error)) => Err(error).wrap_err_with(failed),
        }
    }

    /// Where finished parts are.
    pub(super) fn proofs(&self) -> PathBuf {
        self.path.join("proofs")
    }

    /// The name that is kept here; one is made up if there is none.
    pub(super) fn name(&self) -> eyre::Result<String> {
        let file = self.path.join("name");
        let failed = || format!("the worker's name in {}", file.display());
        match fs::read_to_string(&file) {
            Ok(text) => super::name(text.trim()).map_err(|error| eyre::eyre!(error)).wrap_err_with(failed),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let name = format!("worker-{:08x}", OsRng.next_u32());
                fs::write(&file, &name).wrap_err_with(failed)?;
                Ok(name)
            }
            Err(error) => Err(error).wrap_err_with(failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_workers_and_keeps_its_name() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("worker");
        let folder = Folder::open(&path).unwrap();
        let name = folder.name().unwrap();
        assert!(super::super::name(&name).is_ok(), "{name}");
        let error = Folder::open(&path).map(drop).unwrap_err().to_string();
        assert!(error.contains("--dir"), "{error}");
        drop(folder);
        let folder = Folder::open(&path).unwrap();
        assert_eq!(folder.name().unwrap(), name);
        fs::write(path.join("name"), "").unwrap();
        assert!(folder.name().is_err());
    }
}

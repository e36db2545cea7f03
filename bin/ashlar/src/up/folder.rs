//! The folder of a chain that `ashlar up` runs.

use alloy_primitives::{B256, hex};
use eyre::{WrapErr, ensure};
use k256::{ecdsa::SigningKey, elliptic_curve::rand_core::OsRng};
use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Where everything of the chain is.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder if there is none. Others cannot look into it: it has keys.
    pub(super) fn open(path: &Path) -> eyre::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .wrap_err_with(|| format!("making the folder {}", path.display()))?;
        let path = path.canonicalize().wrap_err_with(|| path.display().to_string())?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The file of a key; a new one is generated if there is none.
    pub(super) fn key(&self, name: &str) -> eyre::Result<PathBuf> {
        let folder = self.0.join("keys");
        fs::create_dir_all(&folder).wrap_err_with(|| folder.display().to_string())?;
        let file = folder.join(format!("{name}.key"));
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        match opened {
            Ok(mut opened) => {
                let key = B256::from_slice(&SigningKey::random(&mut OsRng).to_bytes());
                writeln!(opened, "{}", hex::encode_prefixed(key))
                    .and_then(|()| opened.sync_all())
                    .wrap_err_with(|| format!("writing {}", file.display()))?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let length = fs::metadata(&file).wrap_err_with(|| file.display().to_string())?.len();
                ensure!(
                    length > 0,
                    "{} is empty: remove it, if it had never another content",
                    file.display()
                );
            }
            Err(error) => return Err(error).wrap_err_with(|| format!("making {}", file.display())),
        }
        Ok(file)
    }

    /// Writes a file so that it is there whole or not at all.
    pub(super) fn write(&self, name: &str, content: &str) -> eyre::Result<PathBuf> {
        let (file, beside) = (self.file(name), self.file(&format!("{name}.new")));
        let written = fs::File::create(&beside).and_then(|mut opened| {
            opened.write_all(content.as_bytes())?;
            opened.sync_all()
        });
        written
            .and_then(|()| fs::rename(&beside, &file))
            .wrap_err_with(|| format!("writing {}", file.display()))?;
        Ok(file)
    }
}

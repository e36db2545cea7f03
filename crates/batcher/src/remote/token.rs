//! What shows a server that a worker is one of its own.

use std::{
    fmt::{self, Debug, Formatter},
    fs, io,
    path::{Path, PathBuf},
};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// Characters of a token.
const LENGTH: std::ops::RangeInclusive<usize> = 32..=256;

/// A secret that server and workers share.
#[derive(Clone)]
pub struct Token(String);

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read the file.
    #[error("{0} can be read by other users of this machine: make it yours alone (chmod 600)")]
    Open(PathBuf),
    /// What is in the file is no token.
    #[error("{0} does not hold a token: 32 to 256 letters, digits, hyphens, dots or underscores")]
    Form(PathBuf),
}

impl Token {
    /// Reads the token of a file that nobody else can read.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Read { path: path.to_owned(), source };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
                return Err(TokenError::Open(path.to_owned()));
            }
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        Self::new(text.trim()).ok_or_else(|| TokenError::Form(path.to_owned()))
    }

    fn new(text: &str) -> Option<Self> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        (LENGTH.contains(&text.len()) && text.bytes().all(is_good)).then(|| Self(text.to_owned()))
    }

    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Whether a header is that, in a time that does not tell how much of it is right.
    pub(super) fn admits(&self, header: Option<&[u8]>) -> bool {
        header.is_some_and(|header| self.header().as_bytes().ct_eq(header).into())
    }
}

impl Debug for Token {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("Token(..)")
    }
}

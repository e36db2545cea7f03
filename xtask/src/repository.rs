//! Where things are in the source tree.

use std::env;
use std::path::{Path, PathBuf};

/// Root of the source tree.
pub(crate) fn root() -> PathBuf {
    // Cargo says at run time where the package is; the constant serves a binary that was started directly.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// Where build outputs go: `CARGO_TARGET_DIR`, or `target` in the source tree.
pub(crate) fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

//! Where a node's log goes.

use eyre::{WrapErr, eyre};
use std::{fs::OpenOptions, path::Path, sync::Mutex};
use tracing_subscriber::EnvFilter;

/// Names what is logged, such as `debug` or `ashlar_node=debug`.
const VARIABLE: &str = "ASHLAR_LOG";

fn filter() -> eyre::Result<EnvFilter> {
    let wanted = std::env::var(VARIABLE).unwrap_or_else(|_| "info".to_owned());
    EnvFilter::try_new(&wanted).wrap_err_with(|| format!("{VARIABLE} is {wanted:?}"))
}

/// Appends to a file.
pub(crate) fn to_file(file: &Path) -> eyre::Result<()> {
    let opened = OpenOptions::new().create(true).append(true).open(file);
    let opened = opened.wrap_err_with(|| format!("opening {}", file.display()))?;
    let log =
        tracing_subscriber::fmt().with_env_filter(filter()?).with_ansi(false).with_writer(Mutex::new(opened));
    log.try_init().map_err(|error| eyre!(error))
}

/// Writes to stderr.
pub(crate) fn to_stderr() -> eyre::Result<()> {
    let log = tracing_subscriber::fmt().with_env_filter(filter()?).with_writer(std::io::stderr);
    log.try_init().map_err(|error| eyre!(error))
}

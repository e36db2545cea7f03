//! Results on stdout.

use eyre::WrapErr;
use std::io::{ErrorKind, Write, stdout};

/// Prints a result and a newline. A reader that has seen enough, as `head` has, is no error.
pub(crate) fn print(text: &str) -> eyre::Result<()> {
    match writeln!(stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.wrap_err("writing to stdout"),
    }
}

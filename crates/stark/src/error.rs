//! Why there is no proof.

use thiserror::Error;

/// Why tables were not proven. That a trace does not hold is no reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum Error {
    #[error("no table has fixed columns")]
    NoFixedColumns,
    #[error("table {table} sends no messages")]
    NoMessages { table: usize },
    #[error("table {table} has {rows} rows, which is no power of 2 or fewer than {least}")]
    Rows { table: usize, rows: usize, least: usize },
    #[error("the commitment scheme refuses: {0}")]
    Scheme(String),
}

impl Error {
    pub(crate) fn scheme(error: impl core::fmt::Debug) -> Self {
        Self::Scheme(format!("{error:?}"))
    }
}

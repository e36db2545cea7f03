//! How far the bench is, for the person at the terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on stderr with the time left; nothing where there is no terminal.
pub(super) struct Meter(ProgressBar);

impl Meter {
    /// Of so many transactions in all runs.
    pub(super) fn new(transactions: usize) -> Self {
        let bar = ProgressBar::new(transactions.try_into().unwrap_or(u64::MAX));
        // A template that does not parse would be a bar that looks different, no reason to stop.
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}, {eta} left") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// What is done now.
    pub(super) fn say(&self, what: String) {
        self.0.set_message(what);
    }

    pub(super) fn advance(&self, transactions: usize) {
        self.0.inc(transactions.try_into().unwrap_or(u64::MAX));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

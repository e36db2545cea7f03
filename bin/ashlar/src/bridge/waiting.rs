//! What the person at the terminal sees while something is waited for: a line that changes, or a line for each change.

use crate::progress::words;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

pub(super) struct Waiting {
    bar: ProgressBar,
    last: String,
}

impl Waiting {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        // A template that does not parse would be a line that looks different, no reason to stop.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, last: String::new() }
    }

    /// A line that stays.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// What is waited for now, and for how long about.
    pub(super) fn show(&mut self, what: &str, left: Option<Duration>) {
        let time = left.map(|left| format!(", about {} left", words(left))).unwrap_or_default();
        if self.bar.is_hidden() && self.last != what {
            eprintln!("{what}{time}");
        }
        self.bar.set_message(format!("{what}{time}"));
        what.clone_into(&mut self.last);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

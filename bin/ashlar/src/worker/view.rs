//! What the person at the terminal sees of a worker: lines that stay for what happened, and one that changes for what is done now.

use crate::{
    output,
    progress::{of_batch, words},
};
use ashlar_batcher::{Finish, Progress, WorkStep};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::{
    io::{Write, stderr},
    time::Duration,
};

/// Where it is shown.
pub(super) struct Shown {
    json: bool,
    bar: ProgressBar,
    /// The batch that is being proven.
    batch: Option<u64>,
    /// What is being done, in words.
    phase: String,
    is_away: bool,
}

impl Shown {
    pub(super) fn new(json: bool) -> Self {
        let bar = ProgressBar::new_spinner();
        // A template that does not parse would be a line that looks different, no reason to stop.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { json, bar, batch: None, phase: String::new(), is_away: false }
    }

    /// What is waited for.
    pub(super) fn wait(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    pub(super) fn ready(&self, name: &str, node: &str) -> eyre::Result<()> {
        self.wait("waiting for a batch");
        self.tell(
            &json!({"event": "ready", "name": name, "node": node}),
            &format!("ready     {name}, for the node at {node}"),
        )
    }

    /// How far the proof is.
    pub(super) fn proving(&mut self, progress: &Progress) {
        let text = of_batch(progress);
        self.bar.set_message(text.clone());
        let is_new = self.batch.replace(progress.batch) != Some(progress.batch);
        if is_new {
            let event = json!({"event": "job", "batch": progress.batch});
            // Who reads is gone, perhaps: the proof is worth more.
            self.tell(&event, &format!("job       batch {}", progress.batch)).ok();
        }
        // Where there is no line that changes, one for each part.
        let phase = progress.phase.to_string();
        if (is_new || phase != self.phase) && self.bar.is_hidden() && !self.json {
            writeln!(stderr(), "{text}").ok();
        }
        self.phase = phase;
    }

    /// What a step came to.
    pub(super) fn done(&mut self, step: &WorkStep) -> eyre::Result<()> {
        self.batch = None;
        self.wait("waiting for a batch");
        match step {
            WorkStep::Idle => Ok(()),
            WorkStep::Proven { batch, finish, time } => self.proven(*batch, finish, *time),
            WorkStep::Failed { batch, reason } => self.tell(
                &json!({"event": "failed", "batch": batch, "reason": reason}),
                &format!("failed    batch {batch}: {reason}"),
            ),
            WorkStep::Lost { batch } => self.tell(
                &json!({"event": "lost", "batch": batch}),
                &format!("lost      batch {batch}: another worker has it now"),
            ),
            WorkStep::Stopped => self.tell(
                &json!({"event": "stopped"}),
                "stopped   the batch is given back; finished parts of its proof are kept",
            ),
        }
    }

    fn proven(&self, batch: u64, finish: &Finish, time: Duration) -> eyre::Result<()> {
        let event = |result: &str, reason: Value| {
            let seconds = time.as_secs();
            json!({"event": "proven", "batch": batch, "seconds": seconds, "result": result, "reason": reason})
        };
        let text = format!("proven    batch {batch} in {}", words(time));
        match finish {
            Finish::Stored => self.tell(&event("stored", Value::Null), &text),
            Finish::Known => {
                self.tell(&event("known", Value::Null), &format!("{text}; another worker was faster"))
            }
            Finish::Refused { reason } => {
                self.tell(&event("refused", json!(reason)), &format!("{text}; the node refuses it: {reason}"))
            }
        }
    }

    /// The node does not answer, or not as one does that has jobs. Told once.
    pub(super) fn away(&mut self, reason: &str) -> eyre::Result<()> {
        self.wait("waiting for the node");
        if std::mem::replace(&mut self.is_away, true) {
            return Ok(());
        }
        self.tell(
            &json!({"event": "away", "reason": reason}),
            &format!(
                "away      {reason}; it is tried again. Does the node run, and is --node the address of its prover.listen?"
            ),
        )
    }

    /// The node answers.
    pub(super) fn back(&mut self) -> eyre::Result<()> {
        match std::mem::replace(&mut self.is_away, false) {
            true => self.tell(&json!({"event": "back"}), "back      the node answers"),
            false => Ok(()),
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn tell(&self, event: &Value, text: &str) -> eyre::Result<()> {
        let line = if self.json { event.to_string() } else { text.to_owned() };
        self.bar.suspend(|| output::print(&line))
    }
}

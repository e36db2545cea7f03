//! What the person at the terminal sees while a proof is made: a bar, or plain lines where there is no terminal.

#[cfg(test)]
mod tests;

use ashlar_prover::{Event, SegmentFigures, Workload, aggregate::RecursionFigures};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Progress of one proof on stderr.
pub(crate) struct Progress {
    bar: ProgressBar,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    work: Workload,
    /// When the proof that is being made was begun.
    since: Option<Instant>,
    /// Where finished proofs are kept.
    kept_in: Option<PathBuf>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        // A template that does not parse would be a bar that looks different, no reason to stop.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, state: Mutex::default() }
    }

    /// A line that stays.
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// What is being done now, before the proofs.
    pub(crate) fn step(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    /// From now on, what is done is making these proofs.
    pub(crate) fn start(&self, work: Workload, kept_in: Option<&Path>) {
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {elapsed}  {msg}") {
            self.bar.set_style(style);
        }
        self.bar.set_length(work.weight());
        *self.state() = State { work, since: None, kept_in: kept_in.map(Path::to_owned) };
    }

    pub(crate) fn on_event(&self, event: &Event<'_>) {
        match event {
            Event::Started { .. } => {
                self.state().since = Some(Instant::now());
                self.show_segment("executing");
            }
            Event::Tracing => self.show_segment("making traces"),
            Event::Proving => self.show_segment("proving"),
            Event::Discarded { reason } => {
                self.say(&format!("a proof is kept, but not good ({reason}): it is made again"));
            }
            Event::Finished(figures) => self.segment_is_done(figures),
            Event::Aggregating { circuit } => {
                self.state().since = Some(Instant::now());
                let (finished, all) = self.state().work.recursion_count();
                self.show(&format!("recursion proof {} of {all}: {}", finished + 1, circuit.name()));
            }
            Event::Aggregated(figures) => self.recursion_is_done(figures),
            Event::Verifying => self.step("verifying the proof"),
        }
    }

    fn segment_is_done(&self, figures: &SegmentFigures) {
        let mut state = self.state();
        let weight = state.work.segment_is_done(figures);
        state.since = None;
        let (finished, all) = state.work.segment_count();
        drop(state);
        let time = figures.job + figures.trace + figures.prove;
        self.done(weight, &format!("segment {finished} of {all}"), figures.resumed, time);
    }

    fn recursion_is_done(&self, figures: &RecursionFigures) {
        let mut state = self.state();
        let weight = state.work.recursion_is_done(figures);
        state.since = None;
        let (finished, all) = state.work.recursion_count();
        drop(state);
        let what = format!("recursion proof {finished} of {all}, {},", figures.circuit.name());
        self.done(weight, &what, figures.resumed, figures.time);
    }

    /// The last proofs are being made.
    pub(crate) fn final_begins(&self) {
        self.state().since = Some(Instant::now());
        self.show("the final proof: two last circuits");
    }

    pub(crate) fn final_is_done(&self, time: Duration) {
        let mut state = self.state();
        let weight = state.work.final_is_done();
        state.since = None;
        drop(state);
        self.done(weight, "the final proof", false, time);
    }

    fn done(&self, weight: u64, what: &str, resumed: bool, time: Duration) {
        self.bar.inc(weight);
        if self.bar.is_hidden() {
            let how = if resumed { "was finished before" } else { "is proven" };
            eprintln!("{what} {how} ({}){}", words(time), self.left());
        }
    }

    /// Says what the present segment is at.
    fn show_segment(&self, phase: &str) {
        let (finished, all) = self.state().work.segment_count();
        self.show(&format!("segment {} of {all}: {phase}", finished + 1));
    }

    fn show(&self, what: &str) {
        self.bar.set_message(format!("{what}{}", self.left()));
    }

    /// The time left, as the end of a sentence.
    fn left(&self) -> String {
        let state = self.state();
        let Some(left) = state.work.time_left() else { return String::new() };
        let spent = state.since.map_or(Duration::ZERO, |since| since.elapsed());
        format!(", {} left", words(left.saturating_sub(spent)))
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// The last words of an interrupted run.
    pub(crate) fn interrupted(&self) {
        self.finish();
        let state = self.state();
        let counts =
            [(state.work.segment_count(), "segments"), (state.work.recursion_count(), "recursion proofs")];
        let counts = counts.into_iter().filter(|((_, all), _)| *all > 0);
        let (mut finished, mut parts) = (0, Vec::new());
        for ((done, all), what) in counts {
            finished += done;
            parts.push(format!("{done} of {all} {what}"));
        }
        match &state.kept_in {
            Some(folder) if finished > 0 => eprintln!(
                "interrupted: {} are finished and kept in {}; the same command goes on from there",
                parts.join(" and "),
                folder.display()
            ),
            _ => eprintln!("interrupted before any proof was finished"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the proof of a batch is.
pub(crate) fn of_batch(proof: &ashlar_batcher::Progress) -> String {
    let percent = proof.done.saturating_mul(100).checked_div(proof.total).unwrap_or(0);
    let left = proof.left.map(|left| format!(", {} left", words(left))).unwrap_or_default();
    format!("batch {}: {}, {percent} %{left}", proof.batch, proof.phase)
}

/// A duration for people.
pub(crate) fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0..10) => format!("{:.1} s", time.as_secs_f64()),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

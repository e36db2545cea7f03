//! What the person at the terminal sees while a proof is made: a bar, or plain lines where there is no terminal.

use ashlar_prover::{Event, SegmentFigures};
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
    /// Cells of each segment: the time that it takes goes with them.
    cells: Vec<u64>,
    /// Segments that are finished.
    finished: usize,
    /// Cells of those that were proven now, and the time for them.
    proven: (u64, Duration),
    /// When work on the present segment began.
    since: Option<Instant>,
    /// Where segments are kept.
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

    /// What is being done now, before the segments.
    pub(crate) fn step(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    /// From now on, what is done is proving these segments.
    pub(crate) fn start(&self, cells: Vec<u64>, kept_in: Option<&Path>) {
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {elapsed}  {msg}") {
            self.bar.set_style(style);
        }
        self.bar.set_length(cells.iter().sum());
        let mut state = self.state();
        (state.cells, state.kept_in) = (cells, kept_in.map(Path::to_owned));
    }

    pub(crate) fn on_event(&self, event: &Event<'_>) {
        match event {
            Event::Started { .. } => {
                self.state().since = Some(Instant::now());
                self.show("executing");
            }
            Event::Tracing => self.show("making traces"),
            Event::Proving => self.show("proving"),
            Event::Discarded { reason } => {
                let number = self.state().finished + 1;
                self.say(&format!("segment {number} is kept, but not good ({reason}): it is proven again"));
            }
            Event::Finished(figures) => self.finished(figures),
            Event::Verifying => self.step("verifying the proof"),
        }
    }

    fn finished(&self, figures: &SegmentFigures) {
        let time = figures.job + figures.trace + figures.prove;
        let mut state = self.state();
        let cells = state.cells.get(state.finished).copied().unwrap_or(0);
        state.finished += 1;
        state.since = None;
        if !figures.resumed {
            state.proven.0 += cells;
            state.proven.1 += time;
        }
        let (finished, all, left) = (state.finished, state.cells.len(), state.time_left());
        drop(state);
        self.bar.inc(cells);
        if self.bar.is_hidden() {
            let what = if figures.resumed { "was finished before" } else { "is proven" };
            let left = left.map_or_else(String::new, |left| format!(", {} left", words(left)));
            eprintln!("segment {finished} of {all} {what} ({}){left}", words(time));
        }
    }

    /// Says what the present segment is at.
    fn show(&self, phase: &str) {
        let state = self.state();
        let left = state.time_left().map_or_else(String::new, |left| format!(", {} left", words(left)));
        let message = format!("segment {} of {}: {phase}{left}", state.finished + 1, state.cells.len());
        drop(state);
        self.bar.set_message(message);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// The last words of an interrupted run.
    pub(crate) fn interrupted(&self) {
        self.finish();
        let state = self.state();
        match &state.kept_in {
            Some(folder) if state.finished > 0 => eprintln!(
                "interrupted: {} of {} segments are finished and kept in {}; the same command goes on from there",
                state.finished,
                state.cells.len(),
                folder.display()
            ),
            _ => eprintln!("interrupted before a segment was finished"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// At the speed so far: none before the first segment is proven, and after the last.
    fn time_left(&self) -> Option<Duration> {
        let (cells, time) = self.proven;
        let left: u64 = self.cells.iter().skip(self.finished).sum();
        if cells == 0 || left == 0 {
            return None;
        }
        let spent = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        Some(time.mul_f64(left as f64 / cells as f64).saturating_sub(spent))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_words() {
        for (seconds, text) in
            [(0.25, "0.2 s"), (42.9, "42 s"), (125.0, "2 min 05 s"), (7_500.0, "2 h 05 min")]
        {
            assert_eq!(words(Duration::from_secs_f64(seconds)), text);
        }
    }

    #[test]
    fn time_left_goes_with_the_cells_that_are_left() {
        let mut state = State { cells: vec![10, 30, 20], finished: 1, ..State::default() };
        assert_eq!(state.time_left(), None, "nothing was proven yet");
        state.proven = (10, Duration::from_secs(5));
        assert_eq!(state.time_left(), Some(Duration::from_secs(25)));
        state.finished = 3;
        assert_eq!(state.time_left(), None, "nothing is left");
    }
}

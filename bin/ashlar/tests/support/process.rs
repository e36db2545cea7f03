//! `ashlar` as a process that goes on until it is told to end.

use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// Longest time in which something has to happen that a test waits for.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running `ashlar`; it is killed with the value.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Process {
    /// Starts it in a folder, with a file for what it says on stderr.
    pub(crate) fn start_in(folder: &Path, arguments: &[&str], log: PathBuf) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .current_dir(folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let (talk, (sender, lines)) = (BufReader::new(child.stdout.take().unwrap()), channel());
        thread::spawn(move || talk.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, log }
    }

    /// The next line on stdout, which is JSON.
    pub(crate) fn line(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|_| panic!("it says nothing: {}", self.log()));
        serde_json::from_str(&line).unwrap()
    }

    /// What it said on stderr.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If it is gone already, there is nothing to stop.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

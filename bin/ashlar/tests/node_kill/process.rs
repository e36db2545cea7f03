//! `ashlar node` as a process.

use serde_json::Value;
use std::{
    fs::OpenOptions,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use crate::support::until;

/// A running node; it is killed with the value.
pub(crate) struct Process {
    child: Child,
    ready: Arc<Mutex<Option<String>>>,
}

impl Process {
    pub(crate) fn start(settings: &Path) -> Self {
        let log =
            OpenOptions::new().create(true).append(true).open(settings.with_file_name("node.log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .args(["node", "--json", "--config"])
            .arg(settings)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let ready = Arc::<Mutex<Option<String>>>::default();
        let (talk, shown) = (child.stdout.take().unwrap(), Arc::clone(&ready));
        thread::spawn(move || {
            for line in BufReader::new(talk).lines().map_while(Result::ok) {
                let Ok(line) = serde_json::from_str::<Value>(&line) else { return };
                *shown.lock().unwrap() = line["rpc"].as_str().map(str::to_owned);
            }
        });
        Self { child, ready }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.lock().unwrap().is_some()
    }

    /// Where it answers.
    pub(crate) fn wait_until_ready(&self) -> String {
        until("the node answers", || self.is_ready());
        self.ready.lock().unwrap().clone().unwrap()
    }

    /// As a crash does: with the signal that no process sees.
    pub(crate) fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "the node ended by itself: see node.log");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// In order.
    pub(crate) fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success(), "the node fails at its end: see node.log");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If it is gone already, there is nothing to stop.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

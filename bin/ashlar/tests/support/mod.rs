//! Running the command from outside.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A scratch folder that goes away with the test.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ashlar-prove-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.0.join(name), bytes).unwrap();
        self.path(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

pub(crate) fn small() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../inputs/small").to_str().unwrap().to_owned()
}

pub(crate) fn ashlar(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ashlar")).args(arguments).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_str(stdout(output)).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// Runs `verify --json` on bytes that must be refused, and returns the reason.
pub(crate) fn refusal(scratch: &Scratch, bytes: &[u8], more: &[&str]) -> String {
    let file = scratch.write("refused.proof", bytes);
    let output = ashlar(&[&["verify", &file, "--json"], more].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let report = json(&output);
    assert_eq!(report["accepted"], false);
    report["reason"].as_str().unwrap().to_owned()
}

//! Compiles changed contracts and runs the tests on them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use eyre::{OptionExt, WrapErr, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::mutants::Mutant;
use crate::repository;

/// What the tests say of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Verdict {
    /// The compiler refuses it.
    Invalid,
    /// This test fails.
    Killed {
        by: String,
    },
    Survived,
}

/// Tests of `crates/contracts/tests/verifier`, those that are quick first. Each run stops at the first that fails.
const STAGES: [&[&str]; 3] = [
    &["narrow::proofs_of_the_narrow_table_are_accepted", "honest::proofs_of_every_shape_are_accepted"],
    &[
        "mutations::both_verifiers_give_one_verdict_on_changed_proofs_of_small_tables",
        "mutations::forged",
        "mutations::a_second_row",
    ],
    &["honest::mutated_proofs_are_refused_for_the_same_reason"],
];

/// Those that are about the deployed contracts.
const DEPLOYED: [&[&str]; 1] = [&[
    "real::",
    "calldata::",
    "registry::",
    "mutations::both_verifiers_give_one_verdict_on_changed_real_proofs",
]];

pub(super) struct Judge {
    contracts: PathBuf,
    work: PathBuf,
    sources: BTreeMap<String, String>,
    tests: PathBuf,
    forge: bool,
}

impl Judge {
    /// Builds the tests, and sees that they pass without a change.
    pub(super) fn new(
        contracts: &Path,
        work: &Path,
        sources: &BTreeMap<String, String>,
        forge: bool,
    ) -> eyre::Result<Self> {
        let judge = Self {
            contracts: contracts.to_owned(),
            work: work.to_owned(),
            sources: sources.clone(),
            tests: build_tests()?,
            forge,
        };
        let mut worker = judge.worker(0)?;
        ensure!(worker.compile(sources, &CONTRACTS)?, "the contracts do not compile");
        for stages in [&STAGES[..], &DEPLOYED] {
            let failed = worker.run_tests(stages)?;
            ensure!(failed.is_none(), "without a change a test fails: {failed:?}");
        }
        drop(worker);
        Ok(judge)
    }

    pub(super) fn worker(&self, number: usize) -> eyre::Result<Worker<'_>> {
        let folder = self.work.join(format!("worker-{number}"));
        fs::create_dir_all(folder.join("artifacts"))?;
        let script = repository::root().join("xtask/src/solidity/compile.cjs");
        let mut compiler = Command::new("node")
            .arg(script)
            .arg(&self.contracts)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .wrap_err("node does not start")?;
        let input = compiler.stdin.take().ok_or_eyre("no input")?;
        let output = BufReader::new(compiler.stdout.take().ok_or_eyre("no output")?);
        Ok(Worker { judge: self, folder, compiler, input, output })
    }
}

/// The tests' executable.
fn build_tests() -> eyre::Result<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["test", "--package", "ashlar-contracts", "--test", "verifier", "--no-run"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(repository::root())
        .stderr(Stdio::inherit())
        .output()
        .wrap_err("running cargo")?;
    ensure!(output.status.success(), "the tests do not compile");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line)?;
        if let Some(path) = message["executable"].as_str() {
            return Ok(path.into());
        }
    }
    bail!("cargo names no executable")
}

/// File and contract of what the tests read.
const CONTRACTS: [(&str, &str); 3] = [
    ("test/Harness.sol", "Harness"),
    ("src/FinalVerifier.sol", "FinalVerifier"),
    ("src/VerifiedStatements.sol", "VerifiedStatements"),
];

/// Judges one change at a time.
pub(super) struct Worker<'a> {
    judge: &'a Judge,
    folder: PathBuf,
    compiler: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        // It ends when its input does; this one does not wait for that.
        drop(self.compiler.kill());
        drop(self.compiler.wait());
    }
}

impl Worker<'_> {
    pub(super) fn judge(&mut self, mutant: &Mutant) -> eyre::Result<Verdict> {
        let mut sources = self.judge.sources.clone();
        let source = sources.get_mut(&mutant.file).ok_or_eyre("a source")?;
        *source = mutant.apply(source);
        let mut failed = None;
        if !is_of_deployed(&mutant.file) {
            if !self.compile(&sources, &CONTRACTS[..1])? {
                return Ok(Verdict::Invalid);
            }
            failed = self.run_tests(&STAGES)?;
        }
        // Some of the rest is of proofs of full size only.
        if failed.is_none() {
            if !self.compile(&sources, &CONTRACTS[1..])? {
                return Ok(Verdict::Invalid);
            }
            failed = self.run_tests(&DEPLOYED)?;
        }
        if failed.is_none() && self.judge.forge {
            failed = self.run_forge(&sources)?;
        }
        Ok(failed.map_or(Verdict::Survived, |by| Verdict::Killed { by }))
    }

    /// Puts the compiled contracts where the tests look; false if they do not compile. Contracts that are not asked for stay
    /// those of another change, so tests that read them must not run.
    fn compile(
        &mut self,
        sources: &BTreeMap<String, String>,
        contracts: &[(&str, &str)],
    ) -> eyre::Result<bool> {
        for (_, contract) in CONTRACTS {
            let tree = self.judge.contracts.join(format!("artifacts/{contract}.json"));
            fs::copy(tree, self.artifact(contract))?;
        }
        writeln!(self.input, "{}", json!({"sources": sources, "contracts": contracts}))?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line).wrap_err("the compiler's answer")?;
        let Some(code) = answer["code"].as_object() else { return Ok(false) };
        for (contract, code) in code {
            fs::write(self.artifact(contract), code.to_string())?;
        }
        Ok(true)
    }

    fn artifact(&self, contract: &str) -> PathBuf {
        self.folder.join(format!("artifacts/{contract}.json"))
    }

    /// The first test that fails, or the first stage in which one does.
    fn run_tests(&self, stages: &[&[&str]]) -> eyre::Result<Option<String>> {
        for stage in stages {
            let output = Command::new(&self.judge.tests)
                .args(*stage)
                .env("ASHLAR_ARTIFACTS", self.folder.join("artifacts"))
                .env("ASHLAR_FINAL_MUTATIONS", "100")
                .env("RUST_BACKTRACE", "0")
                .current_dir(repository::root().join("crates/contracts"))
                .output()
                .wrap_err("running the tests")?;
            if !output.status.success() {
                let text = String::from_utf8_lossy(&output.stdout);
                let failed = text.lines().find_map(|line| line.strip_suffix(" ... FAILED"));
                return Ok(Some(
                    failed.and_then(|line| line.strip_prefix("test ")).unwrap_or("a test").to_owned(),
                ));
            }
        }
        Ok(None)
    }

    /// Forge's tests on a copy of the contracts.
    fn run_forge(&self, sources: &BTreeMap<String, String>) -> eyre::Result<Option<String>> {
        let copy = self.folder.join("contracts");
        for part in ["contracts/src", "contracts/test", "contracts/scripts", "specs/vectors"] {
            copy_folder(&repository::root().join(part), &self.folder.join(part))?;
        }
        fs::copy(self.judge.contracts.join("foundry.toml"), copy.join("foundry.toml"))?;
        for (file, text) in sources {
            fs::write(copy.join(file), text)?;
        }
        let packages = copy.join("node_modules");
        if !packages.exists() {
            std::os::unix::fs::symlink(self.judge.contracts.join("node_modules"), packages)?;
        }
        let output = Command::new(copy.join("scripts/forge")).args(["test", "--fail-fast"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let failed = text.lines().find_map(|line| line.strip_prefix("[FAIL"));
        let name = failed.and_then(|line| line.split("] ").last()).unwrap_or("forge");
        Ok((!output.status.success()).then(|| format!("forge: {}", name.split('(').next().unwrap_or(name))))
    }
}

fn copy_folder(from: &Path, to: &Path) -> eyre::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Whether the harness, which takes any shape and words, does not have this file.
fn is_of_deployed(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    file.starts_with("src/generated/")
        || ["FinalVerifier.sol", "VerifiedStatements.sol", "PublicWords.sol"].contains(&name)
}

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
    /// It changes nothing in the code of any contract.
    SameCode,
    Survived,
}

/// Stages of tests of `crates/contracts/tests/verifier`. A run ends with the first stage in which one fails.
type Stages = [&'static [&'static str]];

/// On small tables: what takes less than a second.
const SMALL: &Stages = &[
    &["narrow::proofs_of_the_narrow_table_are_accepted", "honest::proofs_of_every_shape_are_accepted"],
    &[
        "mutations::both_verifiers_give_one_verdict_on_changed_proofs_of_small_tables",
        "mutations::forged",
        "mutations::a_second_row",
        "commitments::a_",
        "commitments::two_rows",
    ],
];

/// On small tables: the rest.
const SMALL_SLOW: &Stages =
    &[&["honest::mutated_proofs_are_refused_for_the_same_reason"], &["commitments::another_encoding"]];

/// On the deployed contracts and proofs of full size: what takes less than a second.
const DEPLOYED: &Stages = &[&[
    "calldata::",
    "registry::",
    "real::proofs_of",
    "real::refuses_a_statement",
    "real::refuses_another_program",
    "real::refuses_statements",
    "mutations::both_verifiers_give_one_verdict_on_changed_real_proofs",
]];

/// On the deployed contracts: the rest.
const DEPLOYED_SLOW: &Stages = &[&["real::"]];

/// Forge's tests: of the libraries one by one, of the verifier, of the registry and what is joined.
const KERNELS: &str = "test/{Kernels,Steps,Ext}.t.sol";
const VERIFIER: &str = "test/{Verifier,Calls,Final,JoinedFinal}.t.sol";
const REGISTRY: &str = "test/{VerifiedStatements,VerifiedStatementsModel,JoinedStatements}.t.sol";

pub(super) struct Judge {
    contracts: PathBuf,
    work: PathBuf,
    sources: BTreeMap<String, String>,
    tests: PathBuf,
    forge: bool,
    /// Of the contracts without a change.
    code: BTreeMap<String, Value>,
}

impl Judge {
    /// Builds the tests, and sees that they pass without a change.
    pub(super) fn new(
        contracts: &Path,
        work: &Path,
        sources: &BTreeMap<String, String>,
        forge: bool,
    ) -> eyre::Result<Self> {
        let mut judge = Self {
            contracts: contracts.to_owned(),
            work: work.to_owned(),
            sources: sources.clone(),
            tests: build_tests()?,
            forge,
            code: BTreeMap::new(),
        };
        let mut worker = judge.worker(0)?;
        let code = worker.compile(sources, &CONTRACTS)?.ok_or_eyre("the contracts do not compile")?;
        for stages in [SMALL, SMALL_SLOW, DEPLOYED, DEPLOYED_SLOW] {
            let failed = worker.run_tests(stages)?;
            ensure!(failed.is_none(), "without a change a test fails: {failed:?}");
        }
        if forge {
            for tests in [KERNELS, VERIFIER, REGISTRY] {
                let failed = worker.run_forge(tests, sources)?;
                ensure!(failed.is_none(), "without a change a test of forge's fails: {failed:?}");
            }
        }
        drop(worker);
        judge.code = code;
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

/// The tests' executable, with the features of the whole workspace, as everything else is built.
fn build_tests() -> eyre::Result<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--test", "verifier", "--no-run", "--locked"])
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

/// The compiler's.
#[derive(Deserialize)]
struct Answer {
    /// By contract; none if there is an error.
    code: Option<BTreeMap<String, Value>>,
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
    /// What the tests say of a change; forge's, which take longest, come last, but first if the others are known to see
    /// nothing.
    pub(super) fn judge(&mut self, mutant: &Mutant, was_missed: bool) -> eyre::Result<Verdict> {
        let mut sources = self.judge.sources.clone();
        let source = sources.get_mut(&mutant.file).ok_or_eyre("a source")?;
        *source = mutant.apply(source);
        if was_missed && let Some(by) = self.failed_in_forge(&mutant.file, &sources)? {
            return Ok(Verdict::Killed { by });
        }
        let verdict = self.judge_without_forge(&mutant.file, &sources)?;
        if verdict == Verdict::Survived
            && !was_missed
            && let Some(by) = self.failed_in_forge(&mutant.file, &sources)?
        {
            return Ok(Verdict::Killed { by });
        }
        Ok(verdict)
    }

    fn judge_without_forge(
        &mut self,
        file: &str,
        sources: &BTreeMap<String, String>,
    ) -> eyre::Result<Verdict> {
        let mut stages = Vec::new();
        let mut is_same = true;
        if !is_of_deployed(file) {
            let Some(code) = self.compile(sources, &CONTRACTS[..1])? else { return Ok(Verdict::Invalid) };
            is_same = self.is_same(&code);
            if !is_same {
                if let Some(by) = self.run_tests(SMALL)? {
                    return Ok(Verdict::Killed { by });
                }
                stages.push(SMALL_SLOW);
            }
        }
        // Some of the rest is of proofs of full size only.
        let Some(code) = self.compile(sources, &CONTRACTS[1..])? else { return Ok(Verdict::Invalid) };
        is_same &= self.is_same(&code);
        if is_same && !is_of_consumers(file) {
            return Ok(Verdict::SameCode);
        }
        for stages in [DEPLOYED].into_iter().chain(stages).chain([DEPLOYED_SLOW]) {
            if let Some(by) = self.run_tests(stages)? {
                return Ok(Verdict::Killed { by });
            }
        }
        Ok(Verdict::Survived)
    }

    fn is_same(&self, code: &BTreeMap<String, Value>) -> bool {
        code.iter().all(|(contract, code)| self.judge.code.get(contract) == Some(code))
    }

    /// Puts the compiled contracts where the tests look and returns them; none if they do not compile. Tests must not run
    /// that read others, which stay those of another change.
    fn compile(
        &mut self,
        sources: &BTreeMap<String, String>,
        contracts: &[(&str, &str)],
    ) -> eyre::Result<Option<BTreeMap<String, Value>>> {
        writeln!(self.input, "{}", json!({"sources": sources, "contracts": contracts}))?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer: Answer = serde_json::from_str(&line).wrap_err("the compiler's answer")?;
        for (contract, code) in answer.code.iter().flatten() {
            fs::write(self.artifact(contract), code.to_string())?;
        }
        Ok(answer.code)
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
                .env("ASHLAR_FINAL_STEP", "7")
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

    /// Which of forge's tests of this file fails, if they are asked for.
    fn failed_in_forge(
        &self,
        file: &str,
        sources: &BTreeMap<String, String>,
    ) -> eyre::Result<Option<String>> {
        if !self.judge.forge {
            return Ok(None);
        }
        let groups: &[&str] = match () {
            () if is_of_consumers(file) => &[REGISTRY, VERIFIER],
            () if is_of_deployed(file) => &[VERIFIER],
            () => &[KERNELS, VERIFIER],
        };
        for tests in groups {
            if let Some(by) = self.run_forge(tests, sources)? {
                return Ok(Some(by));
            }
        }
        Ok(None)
    }

    /// Some of forge's tests, on a copy of the contracts.
    fn run_forge(&self, tests: &str, sources: &BTreeMap<String, String>) -> eyre::Result<Option<String>> {
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
        let output = Command::new(copy.join("scripts/forge"))
            .args(["test", "--fail-fast", "--match-path", tests])
            .env("FOUNDRY_PROFILE", "mutants")
            .output()?;
        if output.status.success() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let Some(failed) = text.lines().find_map(|line| line.strip_prefix("[FAIL")) else {
            // Not a test that fails: the tests do not compile with this change.
            println!("forge: {text}{}", String::from_utf8_lossy(&output.stderr));
            return Ok(None);
        };
        let name = failed.split("] ").last().unwrap_or(failed);
        Ok(Some(format!("forge: {}", name.split('(').next().unwrap_or(name))))
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

fn file_name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// Whether the harness, which takes any shape and words, does not have this file.
fn is_of_deployed(file: &str) -> bool {
    file.starts_with("src/generated/")
        || is_of_consumers(file)
        || ["FinalVerifier.sol", "PublicWords.sol"].contains(&file_name(file))
}

/// Whether this file has code for other contracts than those that are deployed.
fn is_of_consumers(file: &str) -> bool {
    ["VerifiedStatements.sol", "JoinedStatements.sol"].contains(&file_name(file))
}

//! `cargo xtask eest`: the Ethereum Execution Spec Tests through `stf`, and a selection of them through the guest.

mod blockchain;
mod common;
mod guest;
mod state;

use clap::Args;
use eyre::{WrapErr, bail, eyre};
use serde::Serialize;
use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Runs the Ethereum Execution Spec Tests: state tests and blockchain tests, natively through `stf`.
///
/// The fixtures are not in the repository. ASHLAR_FIXTURES names a folder that contains `eest/state_tests` and
/// `eest/blockchain_tests`, as released by ethereum/execution-spec-tests (v5.4.0).
#[derive(Args)]
pub(crate) struct Arguments {
    /// Run only files whose path contains this.
    #[arg(long)]
    pub(crate) filter: Option<String>,
    /// Also run about this many accepted blocks inside the VM, spread over forks and folders.
    #[arg(long, default_value_t = 0)]
    pub(crate) vm: usize,
    /// Show every failure, not only the first 20.
    #[arg(long)]
    pub(crate) all_failures: bool,
}

/// What came of one test.
pub(crate) enum Verdict {
    Passed,
    /// The test runs rules from before Cancun, which `stf` does not have.
    BeforeCancun,
    Failed(String),
}

/// One test's name and verdict, with the block to run in the VM where one was accepted.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    pub(crate) block: Option<guest::Candidate>,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let outcome = play(arguments)?;
    if outcome.failed() > 0 { bail!("{} tests failed", outcome.failed()) } else { Ok(()) }
}

/// How many tests came to what.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Out of scope: rules from before Cancun.
    pub(crate) before_cancun: usize,
}

/// What a run of the suites came to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) state_tests: Counts,
    pub(crate) blockchain_tests: Counts,
    pub(crate) vm: guest::VmCounts,
}

impl Outcome {
    pub(crate) const fn failed(&self) -> usize {
        self.state_tests.failed + self.blockchain_tests.failed + self.vm.failed
    }
}

/// Runs the suites, printing failures and counts.
pub(crate) fn play(arguments: &Arguments) -> eyre::Result<Outcome> {
    let root = fixtures()?;
    let mut candidates = Vec::new();
    let mut suite = |kind: Kind| -> eyre::Result<Counts> {
        let files = files(&root.join(kind.folder()), arguments.filter.as_deref())?;
        let cases = run_files(kind, &files, arguments.vm > 0)?;
        let counts = report(kind, &cases, arguments.all_failures);
        candidates.extend(cases.into_iter().filter_map(|case| case.block));
        Ok(counts)
    };
    let (state_tests, blockchain_tests) = (suite(Kind::State)?, suite(Kind::Blockchain)?);
    let vm = match arguments.vm {
        0 => guest::VmCounts::default(),
        wanted => guest::run(candidates, wanted)?,
    };
    Ok(Outcome { state_tests, blockchain_tests, vm })
}

#[derive(Clone, Copy)]
enum Kind {
    State,
    Blockchain,
}

impl Kind {
    const fn folder(self) -> &'static str {
        match self {
            Self::State => "eest/state_tests",
            Self::Blockchain => "eest/blockchain_tests",
        }
    }
}

fn fixtures() -> eyre::Result<PathBuf> {
    let Some(folder) = env::var_os("ASHLAR_FIXTURES") else {
        bail!("set ASHLAR_FIXTURES to the folder that contains eest/state_tests and eest/blockchain_tests");
    };
    let root = PathBuf::from(folder);
    if root.join("eest").is_dir() { Ok(root) } else { bail!("{} has no folder `eest`", root.display()) }
}

fn files(folder: &Path, filter: Option<&str>) -> eyre::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).wrap_err_with(|| format!("reading {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json")
                && filter.is_none_or(|text| path.to_string_lossy().contains(text))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Runs all files on all cores; cases come back in the order of the files.
fn run_files(kind: Kind, files: &[PathBuf], keep_blocks: bool) -> eyre::Result<Vec<Case>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((index, path)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    files.get(index).map(|path| (index, path))
                } {
                    let cases = run_file(kind, path, keep_blocks)
                        .wrap_err_with(|| format!("{} is not a fixture", path.display()));
                    if let Ok(mut results) = results.lock() {
                        results.push((index, cases));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().map_err(|_| eyre!("a test thread panicked"))?;
    results.sort_by_key(|(index, _)| *index);
    let mut cases = Vec::new();
    for (_, file) in results {
        cases.extend(file?);
    }
    Ok(cases)
}

fn run_file(kind: Kind, path: &Path, keep_blocks: bool) -> eyre::Result<Vec<Case>> {
    let bytes = fs::read(path)?;
    let group = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let mut cases = match kind {
        Kind::State => state::run(&bytes, &group)?,
        Kind::Blockchain => blockchain::run(&bytes, &group)?,
    };
    if !keep_blocks {
        cases.iter_mut().for_each(|case| case.block = None);
    }
    Ok(cases)
}

/// Prints the counts and the failures.
fn report(kind: Kind, cases: &[Case], all_failures: bool) -> Counts {
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    for case in cases {
        match &case.verdict {
            Verdict::Passed => counts.passed += 1,
            Verdict::BeforeCancun => counts.before_cancun += 1,
            Verdict::Failed(reason) => failures.push(format!("{}: {reason}", case.name)),
        }
    }
    counts.failed = failures.len();
    let shown = if all_failures { failures.len() } else { 20 };
    failures.iter().take(shown).for_each(|failure| println!("FAILED {failure}"));
    let Counts { passed, failed, before_cancun } = counts;
    println!(
        "{}: {passed} passed, {failed} failed, {before_cancun} before Cancun (out of scope), {} in all",
        kind.folder(),
        cases.len()
    );
    counts
}

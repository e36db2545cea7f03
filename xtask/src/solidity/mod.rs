//! `cargo xtask soak solidity`: the contracts with one change each. A change that no test notices says that something can go
//! without anybody seeing it.

mod judge;
mod mutants;
mod statements;
#[cfg(test)]
mod tests;
mod tokens;
mod yul;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::Args;
use eyre::{OptionExt, WrapErr, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::repository;
use judge::{Judge, Verdict};
use mutants::{Kind, Mutant, Name};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Try a choice of so many changes, and write no result.
    #[arg(long)]
    sample: Option<usize>,
    /// Decides which changes are chosen.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop after so many minutes; what was tried is kept, and the next run goes on from there.
    #[arg(long)]
    minutes: Option<u64>,
    /// Changes that are tried at once.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Only changes in files whose names have this in them.
    #[arg(long)]
    file: Option<String>,
    /// Only changes of these kinds.
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// Run forge's tests too on what the other tests do not notice; that takes up to a minute each.
    #[arg(long)]
    forge: bool,
}

impl Arguments {
    fn ask_for(&self, mutant: &Mutant) -> bool {
        let is_of_files = self.file.as_ref().is_none_or(|part| mutant.file.contains(part));
        is_of_files && (self.kinds.is_empty() || self.kinds.contains(&mutant.kind))
    }

    fn are_of_all(&self) -> bool {
        self.sample.is_none() && self.file.is_none() && self.kinds.is_empty()
    }
}

/// Changes of which somebody has found that they change nothing, with the reason.
#[derive(Deserialize, Serialize)]
struct Equivalent {
    #[serde(flatten)]
    name: Name,
    reason: String,
}

/// A change and what came of it.
struct Case {
    mutant: Mutant,
    name: Name,
    /// Of all sources with the change: what was found out holds as long as this is the same.
    digest: String,
    verdict: Option<Verdict>,
    /// No test of an earlier run noticed it.
    was_missed: bool,
}

/// A line of the file of what was found out.
#[derive(Deserialize, Serialize)]
struct Record {
    digest: String,
    verdict: Verdict,
}

/// What was found out, a line a change. In the tree, as a whole run takes hours: any machine goes on with it.
const RECORDS: &str = "soak-solidity.jsonl";

/// The sources that are changed: interfaces and generated tables of contents have nothing to change.
const SOURCES: [&str; 3] = ["src", "src/libraries", "src/generated"];

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<Option<Value>> {
    let contracts = repository::root().join("contracts");
    let sources = read_sources(&contracts)?;
    let work = repository::target_dir().join("solidity-mutants");
    fs::create_dir_all(&work)?;
    // A choice is judged anew, and nothing is kept of it.
    let is_sample = arguments.sample.is_some();
    let records = if is_sample {
        work.join("sample.jsonl")
    } else {
        repository::root().join("bench/results").join(RECORDS)
    };
    let known = if is_sample { HashMap::new() } else { known(&records)? };
    let equivalents = equivalents(&contracts)?;
    let mut cases = cases(&sources, arguments, &known, &equivalents);
    let judge = Judge::new(&contracts, &work, &sources, arguments.forge)?;
    try_all(&judge, &mut cases, &records, arguments)?;
    if arguments.are_of_all() {
        tidy(&records, &cases)?;
    }
    check_equivalents(&equivalents, &cases)?;
    let report = report(&cases, &equivalents)?;
    let survivors = report["survivors"].as_array().map_or(0, Vec::len);
    println!("{report:#}");
    if !arguments.are_of_all() {
        ensure!(survivors == 0, "{survivors} changes are not noticed by any test");
        return Ok(None);
    }
    Ok(Some(report))
}

/// File below `contracts`, and its text.
fn read_sources(contracts: &Path) -> eyre::Result<BTreeMap<String, String>> {
    let mut sources = BTreeMap::new();
    let mut put = |file: String| -> eyre::Result<()> {
        let text = fs::read_to_string(contracts.join(&file)).wrap_err_with(|| file.clone())?;
        sources.insert(file, text);
        Ok(())
    };
    for folder in SOURCES {
        for entry in fs::read_dir(contracts.join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".sol") {
                put(format!("{folder}/{name}"))?;
            }
        }
    }
    put("test/Harness.sol".to_owned())?;
    Ok(sources)
}

fn cases(
    sources: &BTreeMap<String, String>,
    arguments: &Arguments,
    known: &HashMap<String, Verdict>,
    equivalents: &[Equivalent],
) -> Vec<Case> {
    let mut cases = Vec::new();
    for (file, text) in sources.iter().filter(|(file, _)| file.starts_with("src/")) {
        let mutants = mutants::mutants(file, text).into_iter();
        for mutant in mutants.filter(|mutant| arguments.ask_for(mutant)) {
            let digest = digest(sources, &mutant);
            let name = mutant.name(text);
            // A change that was not noticed is tried again, as there may be another test by now, if it changes anything.
            let is_equivalent = equivalents.iter().any(|equivalent| equivalent.name == name);
            let known = known.get(&digest);
            let was_missed = known == Some(&Verdict::Survived) && !is_equivalent;
            let verdict = known.filter(|_| !was_missed).cloned();
            cases.push(Case { name, mutant, digest, verdict, was_missed });
        }
    }
    cases.sort_by_key(|case| case.mutant.kind);
    if let Some(count) = arguments.sample {
        let order = |case: &Case| Sha256::digest(format!("{} {}", arguments.seed, case.digest)).to_vec();
        cases.sort_by_key(order);
        cases.truncate(count);
    }
    cases
}

fn digest(sources: &BTreeMap<String, String>, mutant: &Mutant) -> String {
    let mut hash = Sha256::new();
    for (file, text) in sources {
        hash.update(file);
        hash.update(if *file == mutant.file { mutant.apply(text) } else { text.clone() });
    }
    // Long enough that no two of some thousand are one.
    hex::encode(&hash.finalize()[..12])
}

/// What earlier runs found out; of two verdicts the later one.
fn known(records: &Path) -> eyre::Result<HashMap<String, Verdict>> {
    let Ok(text) = fs::read_to_string(records) else { return Ok(HashMap::new()) };
    let mut known = HashMap::new();
    for line in text.lines() {
        let Record { digest, verdict } = serde_json::from_str(line)?;
        known.insert(digest, verdict);
    }
    Ok(known)
}

/// Leaves what holds for these cases, in their order.
fn tidy(records: &Path, cases: &[Case]) -> eyre::Result<()> {
    let mut text = String::new();
    for case in cases {
        let missed = case.was_missed.then_some(&Verdict::Survived);
        if let Some(verdict) = case.verdict.as_ref().or(missed) {
            let record = Record { digest: case.digest.clone(), verdict: verdict.clone() };
            text += &serde_json::to_string(&record)?;
            text.push('\n');
        }
    }
    fs::write(records, text).wrap_err_with(|| records.display().to_string())
}

fn try_all(judge: &Judge, cases: &mut [Case], records: &Path, arguments: &Arguments) -> eyre::Result<()> {
    let start = std::time::Instant::now();
    let file = fs::OpenOptions::new().create(true).append(true).open(records)?;
    let total = cases.len();
    let file = Mutex::new(file);
    let queue = Mutex::new(cases.iter_mut().enumerate().filter(|(_, case)| case.verdict.is_none()));
    let work = |worker: usize| -> eyre::Result<()> {
        let mut worker = judge.worker(worker)?;
        loop {
            if arguments.minutes.is_some_and(|minutes| start.elapsed().as_secs() >= 60 * minutes) {
                return Ok(());
            }
            let next = queue.lock().ok().and_then(|mut queue| queue.next());
            let Some((i, case)) = next else { return Ok(()) };
            let verdict = worker.judge(&case.mutant, case.was_missed)?;
            println!(
                "{i}/{total} {:?} {verdict:?}: {} | {} -> {}",
                case.mutant.kind, case.name.line, case.name.from, case.name.to
            );
            let record = Record { digest: case.digest.clone(), verdict: verdict.clone() };
            case.verdict = Some(verdict);
            if let Ok(mut file) = file.lock() {
                writeln!(file, "{}", serde_json::to_string(&record)?)?;
            }
        }
    };
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..arguments.jobs).map(|worker| scope.spawn(move || work(worker))).collect();
        for worker in workers {
            match worker.join() {
                Ok(result) => result?,
                Err(_) => bail!("a worker panicked"),
            }
        }
        Ok(())
    })
}

/// The list of `contracts/equivalent-mutants.json`.
fn equivalents(contracts: &Path) -> eyre::Result<Vec<Equivalent>> {
    let path: PathBuf = contracts.join("equivalent-mutants.json");
    let text = fs::read_to_string(&path).wrap_err_with(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

/// Fails if a change on the list is noticed. That each is of a change that there is, a test sees to.
fn check_equivalents(equivalents: &[Equivalent], cases: &[Case]) -> eyre::Result<()> {
    for equivalent in equivalents {
        let case = cases.iter().find(|case| case.name == equivalent.name);
        let verdict = case.and_then(|case| case.verdict.as_ref());
        let is_noticed = matches!(verdict, Some(Verdict::Killed { .. }));
        ensure!(!is_noticed, "not equivalent, as a test fails: {:?}", equivalent.name);
    }
    Ok(())
}

fn report(cases: &[Case], equivalents: &[Equivalent]) -> eyre::Result<Value> {
    let mut kinds: BTreeMap<Kind, BTreeMap<&str, u32>> = BTreeMap::new();
    let mut tests: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut survivors, mut unnoticed) = (Vec::new(), Vec::new());
    for case in cases {
        let equivalent = equivalents.iter().find(|equivalent| equivalent.name == case.name);
        let outcome = match (&case.verdict, equivalent) {
            (None, _) => "not tried",
            (Some(Verdict::Invalid), _) => "does not compile",
            (Some(Verdict::SameCode), _) => "same code",
            (Some(Verdict::Killed { by }), _) => {
                *tests.entry(by.as_str()).or_default() += 1;
                "noticed"
            }
            (Some(Verdict::Survived), Some(equivalent)) => {
                unnoticed.push(serde_json::to_value(equivalent)?);
                "equivalent"
            }
            (Some(Verdict::Survived), None) => {
                survivors.push(serde_json::to_value(&case.name)?);
                "survived"
            }
        };
        let counts = kinds.entry(case.mutant.kind).or_default();
        *counts.entry("all").or_default() += 1;
        *counts.entry(outcome).or_default() += 1;
    }
    let named: serde_json::Map<String, Value> = kinds
        .iter()
        .map(|(kind, counts)| {
            let name = serde_json::to_value(kind)?;
            Ok((name.as_str().ok_or_eyre("a name")?.to_owned(), serde_json::to_value(counts)?))
        })
        .collect::<eyre::Result<_>>()?;
    Ok(json!({"changes": named, "noticed by": tests, "survivors": survivors, "equivalents": unnoticed}))
}

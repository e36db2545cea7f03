//! `cargo xtask soak worst-case`: a batch whose transaction uses its limit of proving cost up is proven within the time that the
//! limit promises (`specs/020-proving-cost.md`, "Time").

mod bench;
mod cases;
mod process;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alloy_primitives::keccak256;
use clap::Args;
use eyre::{WrapErr, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::repository;
use bench::{Bench, Figures, Planned};
use cases::Case;

/// Most of the promised time that a batch may take (`specs/020-proving-cost.md`, "Time").
pub(crate) const SLACK: f64 = 2.5;

/// Proofs after which the reference is made anew: what else a machine does changes.
const REFERENCE_EVERY: usize = 8;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Limit of a transaction's proving cost, log2 of cycle equivalents.
    #[arg(long, value_name = "N", default_value_t = 23, value_parser = clap::value_parser!(u32).range(23..=24))]
    cost_bits: u32,
    /// Prove only this one, print what it took, and write no result.
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Print the names, and prove nothing.
    #[arg(long)]
    list: bool,
    /// Print what each will take, and prove nothing: the share of the promise that its cells foretell.
    #[arg(long)]
    plan: bool,
}

/// A batch that was proven, and the reference that was last proven before it.
#[derive(Deserialize, Serialize)]
struct Proven {
    about: String,
    /// Keccak-256 of the batch's input: what was found out holds as long as this is the same.
    input: String,
    figures: Figures,
    reference: Figures,
}

impl Proven {
    /// Seconds that the batch may take at the reference's speed.
    fn promised(&self, seconds_of: fn(&Figures) -> f64) -> f64 {
        self.figures.cost as f64 * seconds_of(&self.reference) / self.reference.equivalents
    }

    /// Share of the promised time of all cores that it took.
    fn share(&self) -> f64 {
        let seconds = |figures: &Figures| figures.processor_seconds;
        seconds(&self.figures) / self.promised(seconds)
    }

    /// Share of the promised time by the clock.
    fn share_by_clock(&self) -> f64 {
        let seconds = |figures: &Figures| figures.seconds;
        seconds(&self.figures) / self.promised(seconds)
    }

    fn json(&self) -> eyre::Result<Value> {
        let mut value = serde_json::to_value(&self.figures)?;
        value["about"] = self.about.clone().into();
        value["promised_seconds"] = json!(rounded(self.promised(|figures| figures.seconds)));
        value["share"] = json!(rounded(self.share()));
        value["share_by_clock"] = json!(rounded(self.share_by_clock()));
        value["reference"] = json!({
            "seconds": self.reference.seconds,
            "processor_seconds": self.reference.processor_seconds,
            "equivalents_per_second": (self.reference.equivalents / self.reference.seconds).round(),
        });
        Ok(value)
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The result; none if there is only something to print.
pub(crate) fn run(arguments: &Arguments) -> eyre::Result<Option<Value>> {
    let mut cases = cases::all()?;
    if arguments.list {
        cases.iter().for_each(|case| println!("{:<18} {}", case.name, case.about));
        return Ok(None);
    }
    if let Some(name) = &arguments.case {
        cases.retain(|case| case.name == name);
        ensure!(!cases.is_empty(), "no case has the name {name}: --list prints all");
    }
    let guest = bench::guest()?;
    if arguments.plan {
        return plan(&Bench::new(&guest)?, &cases, 1 << arguments.cost_bits).map(|()| None);
    }
    let mut soak = Soak::new(Bench::new(&guest)?, arguments.cost_bits, cases.len())?;
    let mut found = Vec::with_capacity(cases.len());
    for case in &cases {
        found.push((case.name, soak.prove(case)?));
    }
    let broken = broken(&found);
    if !broken.is_empty() {
        bail!(
            "more than {SLACK} times what the limit promises, so no result is written: {}",
            broken.join(", ")
        );
    }
    let most = found.iter().max_by(|one, other| one.1.share().total_cmp(&other.1.share()));
    let proven = found.iter().map(|(name, proven)| Ok(((*name).to_owned(), proven.json()?)));
    let result = json!({
        "cost_bits": arguments.cost_bits,
        "program_key": soak.bench.program_key(),
        "profile": PROFILE,
        "slack": SLACK,
        "largest share": most.map(|(name, proven)| json!({"case": name, "share": rounded(proven.share())})),
        "cases": proven.collect::<eyre::Result<serde_json::Map<_, _>>>()?,
    });
    if arguments.case.is_some() {
        println!("{}", serde_json::to_string_pretty(&result)?);
        return Ok(None);
    }
    Ok(Some(result))
}

/// Those that took longer than the limit promises.
fn broken(found: &[(&str, Proven)]) -> Vec<String> {
    let broken = found.iter().filter(|(_, proven)| proven.share() > SLACK);
    broken.map(|(name, proven)| format!("{name} ({:.2})", proven.share())).collect()
}

/// Time is that of cells, about: so many of the batch, against those of as many equivalents of the reference.
fn plan(bench: &Bench<'_>, cases: &[Case], limit: u64) -> eyre::Result<()> {
    let reference = bench.plan(&cases::transfers(limit)?)?;
    let line = |name: &str, planned: Planned| {
        let Planned { cost, equivalents, segments, cells } = planned;
        let share = cells as f64 / cost as f64 * reference.equivalents / reference.cells as f64;
        println!(
            "{name:<18} {equivalents:>9} of {cost:>9} equivalents, {segments:>3} segments of {cells:>10} cells: {share:.2}"
        );
    };
    line("transfers", reference);
    for case in cases {
        line(case.name, bench.plan(&case.batch(limit)?).wrap_err(case.name)?);
    }
    Ok(())
}

/// How this program, and the prover in it, was compiled.
const PROFILE: &str = if cfg!(debug_assertions) { "dev (dependencies optimised)" } else { "release" };

/// Proofs one after the other, each kept in a file.
struct Soak<'p> {
    bench: Bench<'p>,
    limit: u64,
    folder: PathBuf,
    /// How many there are, how many are done, how many of these were proven now.
    total: usize,
    done: usize,
    now: usize,
    reference: Option<Figures>,
    start: Instant,
}

impl<'p> Soak<'p> {
    fn new(bench: Bench<'p>, cost_bits: u32, total: usize) -> eyre::Result<Self> {
        let profile = PROFILE.split(' ').next().unwrap_or_default();
        let key = bench.program_key();
        let name = format!("soak-worst-case-{}-{cost_bits}-{profile}", key.get(..16).unwrap_or(&key));
        let folder = repository::target_dir().join(name);
        fs::create_dir_all(&folder).wrap_err_with(|| format!("making {}", folder.display()))?;
        let limit = 1 << cost_bits;
        Ok(Self { bench, limit, folder, total, done: 0, now: 0, reference: None, start: Instant::now() })
    }

    /// The case's figures, from its file or by proving it.
    fn prove(&mut self, case: &Case) -> eyre::Result<Proven> {
        let batch = case.batch(self.limit)?;
        let input = keccak256(batch.input.borrow().encode()?).to_string();
        let file = self.folder.join(format!("{}.json", case.name));
        let found = match kept(&file)?.filter(|kept| kept.input == input) {
            Some(kept) => kept,
            None => {
                let reference = self.reference()?;
                let figures = self.bench.prove(&batch).wrap_err_with(|| format!("proving {}", case.name))?;
                let proven = Proven { about: case.about.clone(), input, figures, reference };
                fs::write(&file, serde_json::to_string_pretty(&proven)? + "\n")?;
                self.now += 1;
                proven
            }
        };
        self.done += 1;
        let Figures { transactions_cost, equivalents, cost, seconds, segments, .. } = found.figures;
        eprintln!(
            "{} of {}, {} left: {}: {segments} segments in {seconds:.1} s, {:.2} of the promise (by the clock {:.2}); \
             {equivalents} of {cost} equivalents, {:.1} % of the limit",
            self.done,
            self.total,
            self.left(),
            case.name,
            found.share(),
            found.share_by_clock(),
            transactions_cost as f64 / self.limit as f64 * 100.0,
        );
        Ok(found)
    }

    /// What transfers take, on the machine as it is now.
    fn reference(&mut self) -> eyre::Result<Figures> {
        if let Some(known) = self.reference.as_ref().filter(|_| !self.now.is_multiple_of(REFERENCE_EVERY)) {
            return Ok(known.clone());
        }
        let made = self.bench.prove(&cases::transfers(self.limit)?).wrap_err("proving transfers")?;
        let speed = made.equivalents / made.seconds;
        eprintln!("transfers: {:.1} s, {speed:.0} equivalents a second", made.seconds);
        self.reference = Some(made.clone());
        Ok(made)
    }

    /// The time for the other cases, by that of those that were proven now.
    fn left(&self) -> String {
        let each = self.start.elapsed().checked_div(self.now.try_into().unwrap_or(0));
        let left = each.map(|each| each * (self.total - self.done).try_into().unwrap_or(0));
        left.map_or("?".to_owned(), |left: Duration| format!("{} min", left.as_secs().div_ceil(60)))
    }
}

/// What an earlier run has found out.
fn kept(file: &Path) -> eyre::Result<Option<Proven>> {
    if !file.exists() {
        return Ok(None);
    }
    let text = fs::read(file).wrap_err_with(|| format!("reading {}", file.display()))?;
    // One that was interrupted while it was written is none.
    Ok(serde_json::from_slice(&text).ok())
}

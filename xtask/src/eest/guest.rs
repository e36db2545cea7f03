//! A selection of accepted blocks through the guest: the VM's output must be the native one.

use crate::repository;
use ashlar_primitives::BatchInputOwned;
use ashlar_stf::execute_batch;
use ashlar_witness::{HashKey, batch_hints};
use eyre::{WrapErr, eyre};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A block that `stf` accepted.
pub(crate) struct Candidate {
    pub(crate) name: String,
    /// Fork and folder: the selection takes from each group in turn.
    pub(crate) group: String,
    pub(crate) input: BatchInputOwned,
}

/// What the blocks in the VM came to.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct VmCounts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) cycles: u64,
    /// Passed, by fork and folder.
    pub(crate) groups: BTreeMap<String, usize>,
}

/// Runs about `wanted` candidates on all cores.
pub(super) fn run(candidates: Vec<Candidate>, wanted: usize) -> eyre::Result<VmCounts> {
    let path = repository::root().join("guests/elf/block.elf");
    let elf =
        fs::read(&path).wrap_err_with(|| format!("reading {}: run `cargo xtask guest`", path.display()))?;
    let program = ashlar_vm::Program::from_elf(&elf)?;
    let selected = select(candidates, wanted);
    let bar = ProgressBar::new(selected.len().try_into()?)
        .with_style(ProgressStyle::with_template("in the VM {pos}/{len} {bar:30} {eta} left")?);
    let (next, counts) = (AtomicUsize::new(0), Mutex::new(VmCounts::default()));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(candidate) = selected.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = compare(&program, candidate);
                    bar.inc(1);
                    if let Ok(mut counts) = counts.lock() {
                        counts.add(candidate, result);
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    let counts = counts.into_inner().map_err(|_| eyre!("a thread of the VM panicked"))?;
    counts.groups.iter().for_each(|(group, count)| println!("  {group}: {count}"));
    println!("in the VM: {} passed, {} failed, {} cycles", counts.passed, counts.failed, counts.cycles);
    Ok(counts)
}

impl VmCounts {
    fn add(&mut self, candidate: &Candidate, result: eyre::Result<u64>) {
        match result {
            Ok(cycles) => {
                self.passed += 1;
                self.cycles += cycles;
                *self.groups.entry(candidate.group.clone()).or_default() += 1;
            }
            Err(error) => {
                self.failed += 1;
                println!("FAILED in the VM {}: {error:#}", candidate.name);
            }
        }
    }
}

/// Takes candidates from all groups in turn, evenly spaced within a group.
fn select(candidates: Vec<Candidate>, wanted: usize) -> Vec<Candidate> {
    let mut groups = BTreeMap::<String, Vec<Candidate>>::new();
    for candidate in candidates {
        groups.entry(candidate.group.clone()).or_default().push(candidate);
    }
    let share = wanted.div_ceil(groups.len().max(1));
    groups
        .into_values()
        .flat_map(|group| {
            let step = group.len().div_ceil(share).max(1);
            group.into_iter().step_by(step)
        })
        .collect()
}

/// Runs one block natively and in the VM; returns the cycles.
fn compare(program: &ashlar_vm::Program, candidate: &Candidate) -> eyre::Result<u64> {
    let input = ashlar_witness::prune(candidate.input.clone())?;
    let bytes = input.borrow().encode()?;
    let native = execute_batch(&bytes)?.hash();
    let hints = batch_hints(&bytes, &HashKey::of(&bytes));
    let run = ashlar_vm::run(program, &hints, ashlar_vm::Options::default())?;
    match (run.exit.code, run.committed.as_slice()) {
        (0, [hash]) if *hash == native.0 => Ok(run.cycles),
        (0, _) => Err(eyre!("other output")),
        (code, _) => Err(eyre!("exit code {code}: {}", run.exit.log)),
    }
}

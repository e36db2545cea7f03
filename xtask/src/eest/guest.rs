//! A selection of accepted blocks through the guest: the VM's output must be the native one.

use crate::repository;
use ashlar_primitives::BatchInputOwned;
use ashlar_stf::execute_batch;
use eyre::{WrapErr, eyre};
use std::{collections::BTreeMap, fs};

/// A block that `stf` accepted.
pub(crate) struct Candidate {
    pub(crate) name: String,
    /// Fork and folder: the selection takes from each group in turn.
    pub(crate) group: String,
    pub(crate) input: BatchInputOwned,
}

/// Runs about `wanted` candidates; returns how many failed.
pub(super) fn run(candidates: Vec<Candidate>, wanted: usize) -> eyre::Result<usize> {
    let path = repository::root().join("guests/elf/block.elf");
    let elf =
        fs::read(&path).wrap_err_with(|| format!("reading {}: run `cargo xtask guest`", path.display()))?;
    let program = ashlar_vm::Program::from_elf(&elf)?;
    let (mut passed, mut failed, mut cycles) = (0_usize, 0_usize, 0_u64);
    let mut groups = BTreeMap::<String, usize>::new();
    for candidate in select(candidates, wanted) {
        match compare(&program, &candidate) {
            Ok(spent) => {
                passed += 1;
                cycles += spent;
                *groups.entry(candidate.group).or_default() += 1;
            }
            Err(error) => {
                failed += 1;
                println!("FAILED in the VM {}: {error:#}", candidate.name);
            }
        }
    }
    groups.iter().for_each(|(group, count)| println!("  {group}: {count}"));
    println!("in the VM: {passed} passed, {failed} failed, {cycles} cycles");
    Ok(failed)
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
    let run = ashlar_vm::run(program, &ashlar_witness::hints(&bytes), ashlar_vm::Options::default())?;
    match (run.exit.code, run.committed.as_slice()) {
        (0, [hash]) if *hash == native.0 => Ok(run.cycles),
        (0, _) => Err(eyre!("other output")),
        (code, _) => Err(eyre!("exit code {code}: {}", run.exit.log)),
    }
}

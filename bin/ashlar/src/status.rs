//! `ashlar status`: a rollup chain at a glance.

use crate::{output, progress::words};
use alloy_primitives::U64;
use ashlar_sdk::{Node, Proving, ProvingJob, Status};
use clap::Args;
use eyre::eyre;
use serde_json::json;
use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How often the node is asked when it is watched.
const INTERVAL: Duration = Duration::from_secs(2);

/// Most failures in a row that are waited out when a node is watched.
const FAILURES_MAX: u32 = 30;

/// Shows a rollup chain at a glance: blocks, batches, Ethereum, and what is being proven.
///
/// All of it is the node's word. How far something of yours is, `ashlar bridge status` asks Ethereum, too.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The rollup's node.
    #[arg(long, value_name = "URL")]
    rpc: String,

    /// Print one JSON object instead of text; with --watch, one for each change, a line each.
    #[arg(long)]
    json: bool,

    /// Print it again whenever something changes, until the command is interrupted.
    #[arg(long)]
    watch: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let node = Node::new(&arguments.rpc);
    let status = node.status().map_err(|error| match error.refusal() {
        Some(_) => eyre!("{error}: --rpc has to be the node of a rollup, not Ethereum's"),
        None => error.into(),
    })?;
    if !arguments.watch {
        return print(arguments, &status);
    }
    let (mut last, mut failures) = (status, 0);
    print(arguments, &last)?;
    loop {
        thread::sleep(INTERVAL);
        match node.status() {
            Ok(status) if without_clock(&status) == without_clock(&last) => failures = 0,
            Ok(status) => {
                failures = 0;
                print(arguments, &status)?;
                last = status;
            }
            Err(error) if failures >= FAILURES_MAX => return Err(error.into()),
            Err(error) => {
                failures += 1;
                eprintln!("{error}");
            }
        }
    }
}

/// What is a change, and not only time that passes.
fn without_clock(status: &Status) -> Status {
    let mut status = status.clone();
    status.l1.last_seen = None;
    if let Some(prover) = &mut status.prover {
        prover.seconds_left = None;
    }
    status
}

fn print(arguments: &Arguments, status: &Status) -> eyre::Result<()> {
    match (arguments.json, arguments.watch) {
        (true, true) => output::print(&serde_json::to_string(&json(status))?),
        (true, false) => output::print(&serde_json::to_string_pretty(&json(status))?),
        (false, watch) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let end = if watch { "\n" } else { "" };
            output::print(&format!("{}{end}", text(status, now)))
        }
    }
}

fn json(status: &Status) -> serde_json::Value {
    let number = |number: Option<U64>| number.map(|number| number.to::<u64>());
    json!({
        "head": status.head.to::<u64>(),
        "sealed_batch": number(status.sealed_batch),
        "proven_batch": number(status.proven_batch),
        "committed_batch": number(status.committed_batch),
        "executed_batch": number(status.executed_batch),
        "finalized_batch": number(status.finalized_batch),
        "operations_included": status.operations_included.to::<u64>(),
        "operations_known": status.operations_known.to::<u64>(),
        "l1": {
            "head": number(status.l1.head),
            "last_seen": number(status.l1.last_seen),
            "error": status.l1.error,
            "held": status.l1.held,
        },
        "prover": status.prover.as_ref().map(|prover| json!({
            "batch": prover.batch.to::<u64>(),
            "phase": prover.phase,
            "done": prover.done.to::<u64>(),
            "total": prover.total.to::<u64>(),
            "seconds_left": number(prover.seconds_left),
        })),
        "jobs": status.jobs.iter().map(|job| json!({
            "batch": job.batch.to::<u64>(),
            "worker": job.worker,
            "failures": job.failures.to::<u64>(),
        })).collect::<Vec<_>>(),
    })
}

/// At this time, seconds since 1970.
fn text(status: &Status, now: u64) -> String {
    let batch = |number: Option<U64>| number.unwrap_or_default().to::<u64>();
    let seen = status.l1.last_seen.map(|seen| now.saturating_sub(seen.to()));
    let seen = seen.map(|age| format!(", seen {} ago", words(Duration::from_secs(age)))).unwrap_or_default();
    let ethereum = match (&status.l1.error, status.l1.head) {
        (Some(error), _) => format!("does not answer{seen}: {error}"),
        (None, Some(head)) => format!("block {head}{seen}"),
        (None, None) => "not seen yet".to_owned(),
    };
    let settling =
        status.l1.held.as_ref().map_or("not held back".to_owned(), |held| format!("held back: {held}"));
    let lines = [
        ("block", status.head.to_string()),
        ("batches sealed", batch(status.sealed_batch).to_string()),
        ("proven", batch(status.proven_batch).to_string()),
        ("on Ethereum", batch(status.committed_batch).to_string()),
        ("executed", batch(status.executed_batch).to_string()),
        ("final", batch(status.finalized_batch).to_string()),
        ("operations", format!("{} of {} in blocks", status.operations_included, status.operations_known)),
        ("Ethereum", ethereum),
        ("settling", settling),
        ("prover", status.prover.as_ref().map_or("has nothing to do".to_owned(), proving)),
        ("workers", workers(&status.jobs)),
    ];
    lines.map(|(name, value)| format!("{name:<17} {value}")).join("\n")
}

/// Who is at which batch.
fn workers(jobs: &[ProvingJob]) -> String {
    if jobs.is_empty() {
        return "none".to_owned();
    }
    let jobs = jobs.iter().map(|ProvingJob { batch, worker, failures }| {
        let failed = if failures.is_zero() { String::new() } else { format!(", {failures} times failed") };
        format!("batch {batch}: {}{failed}", worker.as_deref().unwrap_or("nobody"))
    });
    jobs.collect::<Vec<_>>().join("; ")
}

fn proving(prover: &Proving) -> String {
    let Proving { batch, phase, done, total, seconds_left } = prover;
    let left = seconds_left.map(|left| format!(", about {} left", words(Duration::from_secs(left.to()))));
    // Nobody reads the units themselves; nothing is said before there is a total.
    let share = done.to::<u64>().saturating_mul(100).checked_div(total.to());
    let share = share.map(|percent| format!(", {percent} %")).unwrap_or_default();
    format!("batch {batch}: {phase}{share}{}", left.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        serde_json::from_value(json!({
            "head": "0x4d2", "sealedBatch": "0xc", "provenBatch": "0xb", "committedBatch": "0xa",
            "executedBatch": "0xa", "finalizedBatch": null, "operationsIncluded": "0x5", "operationsKnown": "0x6",
            "l1": {"head": "0x1f4", "lastSeen": "0x64", "error": null},
            "prover": {"batch": "0xc", "phase": "segments", "done": "0x3", "total": "0x14", "secondsLeft": "0x96"},
            "jobs": [
                {"batch": "0xc", "worker": "node", "failures": "0x0"}, {"batch": "0xd", "worker": null, "failures": "0x2"},
            ],
        }))
        .unwrap()
    }

    #[test]
    fn a_chain_fits_a_glance() {
        let expected = "\
block             1234
batches sealed    12
proven            11
on Ethereum       10
executed          10
final             0
operations        5 of 6 in blocks
Ethereum          block 500, seen 3.0 s ago
settling          not held back
prover            batch 12: segments, 15 %, about 2 min 30 s left
workers           batch 12: node; batch 13: nobody, 2 times failed";
        assert_eq!(text(&status(), 103), expected);
        let mut away = status();
        (away.l1.error, away.prover, away.jobs) = (Some("refused".into()), None, Vec::new());
        away.l1.held = Some("no money".into());
        let said = text(&away, 220);
        assert!(said.contains("Ethereum          does not answer, seen 2 min 00 s ago: refused"), "{said}");
        assert!(said.contains("settling          held back: no money"), "{said}");
        assert!(said.contains("prover            has nothing to do\nworkers           none"), "{said}");
    }

    #[test]
    fn time_that_passes_is_no_change() {
        let (now, mut later) = (status(), status());
        later.l1.last_seen = None;
        later.prover.as_mut().unwrap().seconds_left = None;
        assert_eq!(without_clock(&now), without_clock(&later));
        later.head = U64::from(1);
        assert_ne!(without_clock(&now), without_clock(&later));
        assert_eq!(json(&now)["prover"]["seconds_left"], 150);
    }
}

//! What the person at the terminal sees of a running chain.

use crate::progress::of_batch;
use ashlar_ethereum::Progress as Sending;
use ashlar_node::{Snapshot, Stop, View};
use eyre::OptionExt;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::Value;
use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, SystemTime},
};

/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(250);

/// Where it is shown.
pub(super) struct Shown {
    json: bool,
    steps: ProgressBar,
}

impl Shown {
    pub(super) fn new(json: bool) -> Self {
        let steps = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            steps.set_style(style);
        }
        steps.enable_steady_tick(Duration::from_millis(200));
        Self { json, steps }
    }

    /// What is being done now.
    pub(super) fn step(&self, text: &str) {
        if self.steps.is_hidden() {
            // Nobody reads it any more where the terminal was closed, which must not keep the end from being orderly.
            writeln!(stderr(), "{text}").ok();
        }
        self.steps.set_message(text.to_owned());
    }

    /// The chain can be used.
    pub(super) fn ready(&self, details: &Value) -> eyre::Result<()> {
        if self.json {
            println!("{details}");
            return Ok(());
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.steps.suspend(|| {
            println!("ready  {}  chain id {}", text(&details["rpc"]), details["chainId"]);
            println!(
                "       settles on {}, contract {}",
                text(&details["l1"]),
                text(&details["contracts"]["chain"])
            );
            if let Some(workers) = details["workers"].as_str() {
                println!("       jobs for workers at {workers}");
            }
            for account in details["accounts"].as_array().into_iter().flatten() {
                println!(
                    "       account {}  key in {}",
                    text(&account["address"]),
                    text(&account["keyFile"])
                );
            }
            println!("       everything is in {}; Ctrl-C stops", text(&details["folder"]));
        });
        details["rpc"].as_str().map(drop).ok_or_eyre("the address is missing")
    }

    pub(super) fn end(&self) {
        self.steps.finish_and_clear();
    }
}

/// Shows what the chain does until it stops.
pub(super) fn follow(view: &View, stop: &Stop, shown: &Shown) {
    if shown.json || !stderr().is_terminal() {
        while !stop.wait(INTERVAL) {}
        return;
    }
    shown.steps.set_message("");
    let lines = MultiProgress::new();
    let [blocks, batches, proof, ethereum] = [0; 4].map(|_| {
        let line = lines.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            line.set_style(style);
        }
        line
    });
    while !stop.wait(INTERVAL) {
        // A store that cannot be read is told of by the component that needs it.
        let Ok(now) = view.snapshot() else { continue };
        blocks.set_message(format!(
            "blocks    {}; {} transactions wait{}",
            now.head,
            now.waiting.0,
            if now.waiting.1 > 0 {
                format!(", {} more cannot be executed yet", now.waiting.1)
            } else {
                String::new()
            }
        ));
        batches.set_message(batches_line(&now));
        proof.set_message(proof_line(&now));
        ethereum.set_message(ethereum_line(&now));
    }
    lines.clear().ok();
}

fn batches_line(now: &Snapshot) -> String {
    let settled = now.ethereum.view.as_ref().map_or(0, |view| view.settlement.executed);
    let open = now.head.saturating_sub(now.sealed_block);
    format!(
        "batches   {} sealed, {} proven, {settled} on Ethereum; {open} blocks in none",
        now.sealed, now.proven
    )
}

fn proof_line(now: &Snapshot) -> String {
    let proof = now.proving.as_ref().map_or("none is being made here".to_owned(), of_batch);
    format!("proof     {proof}")
}

fn ethereum_line(now: &Snapshot) -> String {
    if let Some(away) = &now.ethereum.away {
        let seconds = SystemTime::now().duration_since(away.since).unwrap_or_default().as_secs();
        return format!("Ethereum  does not answer since {seconds} s: {}", away.error);
    }
    let head = now.ethereum.view.as_ref().map_or(0, |view| view.head.number);
    if let Some(held) = &now.held {
        return format!("Ethereum  block {head}; settling is held back: {held}");
    }
    let sending = match &now.settling {
        Some(Sending::InFlight { key, .. }) => format!("{} is sent", String::from_utf8_lossy(key)),
        Some(Sending::Confirming { key, .. }) => format!("{} is in a block", String::from_utf8_lossy(key)),
        _ => "nothing to send".to_owned(),
    };
    format!("Ethereum  block {head}; {sending}")
}

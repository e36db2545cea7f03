//! `ashlar bench`: figures, with the machine they were measured on.

mod ecrecover;
mod layers;
mod node;
mod prover;
mod vm;

use ashlar_vm::bench::Host;
use clap::Subcommand;
use serde_json::{Value, json};
use std::{env, process::Command};

/// Measures parts of the system on this machine.
#[derive(Subcommand)]
pub(crate) enum Arguments {
    Vm(vm::Arguments),
    Node(node::Arguments),
    Prover(prover::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    match arguments {
        Arguments::Vm(arguments) => vm::run(arguments),
        Arguments::Node(arguments) => node::run(arguments),
        Arguments::Prover(arguments) => prover::run(arguments),
    }
}

/// What every result says of its origin: machine, command, version, and the commit where the sources are at hand.
fn origin() -> Value {
    let Host { cpu, cores, memory_gib, avx512 } = Host::this();
    // The program's own path is no part of the command.
    let command: Vec<_> = ["ashlar".to_owned()].into_iter().chain(env::args().skip(1)).collect();
    json!({
        "machine": {"cpu": cpu, "cores": cores, "memory_gib": memory_gib, "avx512": avx512},
        "command": command.join(" "),
        "version": env!("CARGO_PKG_VERSION"),
        "commit": commit(),
    })
}

/// The commit checked out where the command runs, if that is a checkout.
fn commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

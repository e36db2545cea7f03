//! `cargo xtask`: the development tasks that have logic.

mod anvil;
mod book;
mod circuits;
mod contracts;
mod cost_table;
mod costs;
mod eest;
mod final_proof;
mod guest;
mod inputs;
mod mixes;
mod origin;
mod repository;
mod rollup;
mod soak;
mod solidity;
mod wasm;
mod worst_case;

use std::process::ExitCode;

use clap::Parser;

/// Development tasks of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    Book(book::Arguments),
    Circuits(circuits::Arguments),
    Contracts(contracts::Arguments),
    CostTable(cost_table::Arguments),
    Costs(costs::Arguments),
    Eest(eest::Arguments),
    FinalProof(final_proof::Arguments),
    Guest(guest::Arguments),
    Inputs(inputs::Arguments),
    Convert(inputs::ConvertArguments),
    Soak(soak::Arguments),
    Wasm(wasm::Arguments),
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            // What failed and why, for the person at the terminal: no backtrace.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> eyre::Result<ExitCode> {
    // Cargo runs this program in the place of rustc while it builds guests: not a command line of ours.
    if let Some(code) = guest::run_as_rustc()? {
        return Ok(code);
    }
    match Task::parse() {
        Task::Book(arguments) => book::run(&arguments)?,
        Task::Circuits(arguments) => circuits::run(&arguments)?,
        Task::Contracts(arguments) => contracts::run(&arguments)?,
        Task::CostTable(arguments) => cost_table::run(&arguments)?,
        Task::Costs(arguments) => costs::run(&arguments)?,
        Task::Eest(arguments) => eest::run(&arguments)?,
        Task::FinalProof(arguments) => final_proof::run(&arguments)?,
        Task::Guest(arguments) => guest::run(&arguments)?,
        Task::Inputs(arguments) => inputs::run(&arguments)?,
        Task::Convert(arguments) => inputs::convert(&arguments)?,
        Task::Soak(arguments) => soak::run(&arguments)?,
        Task::Wasm(arguments) => wasm::run(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

//! The `ashlar` command: results on stdout, talk on stderr.

mod allocator;
mod bench;
mod bridge;
mod circuits;
mod execute;
mod final_file;
mod finalize;
mod guest;
mod input;
mod interrupt;
mod join;
mod l1;
mod logging;
mod node;
mod output;
mod progress;
mod proof;
mod prove;
mod proving;
mod report;
mod security;
mod soundness;
mod statement;
mod status;
mod up;
mod verify;
mod worker;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// ZK rollup stack: runs a rollup chain; executes Ethereum blocks, proves them, and verifies the proofs, here and on Ethereum.
///
/// Results go to stdout, everything else to stderr. With --json, the result is one JSON object.
#[derive(Parser)]
#[command(name = "ashlar", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Arguments),
    Node(node::Arguments),
    Worker(worker::Arguments),
    Execute(execute::Arguments),
    Prove(prove::Arguments),
    Join(join::Arguments),
    Verify(verify::Arguments),
    #[command(subcommand)]
    L1(l1::Arguments),
    #[command(subcommand)]
    Bridge(bridge::Arguments),
    Status(status::Arguments),
    Soundness(soundness::Arguments),
    #[command(subcommand)]
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    allocator::keep_memory();
    let Arguments { command } = Arguments::parse();
    let result = match command {
        Command::Up(arguments) => up::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Node(arguments) => node::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Worker(arguments) => worker::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Execute(arguments) => execute::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Prove(arguments) => prove::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Join(arguments) => join::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::L1(arguments) => l1::run(&arguments),
        Command::Bridge(arguments) => bridge::run(&arguments),
        Command::Status(arguments) => status::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Soundness(arguments) => soundness::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // The chain of causes on one line each, without a backtrace: it is for the person at the terminal.
            eprintln!("error: {error}");
            error.chain().skip(1).for_each(|cause| eprintln!("  because: {cause}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// Two options of one name, say, would be a panic when the command is typed.
    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}

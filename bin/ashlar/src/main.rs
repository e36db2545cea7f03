//! The `ashlar` command: results on stdout, talk on stderr.

mod bench;
mod execute;
mod guest;
mod input;
mod output;
mod rpc;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// ZK rollup stack: executes and proves Ethereum blocks.
#[derive(Parser)]
#[command(name = "ashlar", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(subcommand)]
    Bench(bench::Arguments),
    Execute(execute::Arguments),
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let result = match command {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Execute(arguments) => execute::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes on one line each, without a backtrace: it is for the person at the terminal.
            eprintln!("error: {error}");
            error.chain().skip(1).for_each(|cause| eprintln!("  because: {cause}"));
            ExitCode::FAILURE
        }
    }
}

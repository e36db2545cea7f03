//! `ashlar bridge`: assets between Ethereum and a rollup chain.

mod advice;
mod claim;
mod deposit;
mod recover;
mod report;
mod status;
mod waiting;
mod withdraw;

use crate::l1::account::Sender;
use alloy_primitives::Address;
use ashlar_sdk::Chain;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Moves assets between Ethereum and a rollup chain.
///
/// A deposit is sent on Ethereum and arrives on the chain in minutes. A withdrawal is sent on the chain; when its batch is proven
/// and executed on Ethereum, anybody can claim it there for its receiver. Neither expires, and a command that is interrupted
/// while it waits has lost nothing: `ashlar bridge status` says how far things are.
///
/// Two nodes are asked: what Ethereum can tell is not believed of the rollup's node, and proofs are checked before they are sent.
#[derive(Subcommand)]
pub(crate) enum Arguments {
    Deposit(deposit::Arguments),
    Withdraw(withdraw::Arguments),
    Claim(claim::Arguments),
    Recover(recover::Arguments),
    Status(status::Arguments),
}

/// What all of them need to know.
#[derive(Args)]
struct Common {
    /// The Ethereum node. Take one that you trust: it decides what is true.
    #[arg(long, value_name = "URL")]
    l1: String,

    /// The rollup's node.
    #[arg(long, value_name = "URL")]
    l2: String,

    /// The registry of chains on Ethereum (Bridgehub) that the rollup has to be in. Without it the rollup's node names it, and a
    /// false node could name one of its own, with a bridge of its own: name it here if the rollup's node is not yours.
    #[arg(long, value_name = "ADDRESS")]
    bridgehub: Option<Address>,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

impl Common {
    fn connect(&self) -> eyre::Result<Chain> {
        let chain = match self.bridgehub {
            Some(bridgehub) => Chain::connect_to(&self.l2, &self.l1, bridgehub),
            None => Chain::connect(&self.l2, &self.l1),
        };
        chain.map_err(advice::connecting)
    }
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<ExitCode> {
    match arguments {
        Arguments::Deposit(arguments) => deposit::run(arguments),
        Arguments::Withdraw(arguments) => withdraw::run(arguments).map(|()| ExitCode::SUCCESS),
        Arguments::Claim(arguments) => claim::run(arguments).map(|()| ExitCode::SUCCESS),
        Arguments::Recover(arguments) => recover::run(arguments).map(|()| ExitCode::SUCCESS),
        Arguments::Status(arguments) => status::run(arguments).map(|()| ExitCode::SUCCESS),
    }
}

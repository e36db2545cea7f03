//! `ashlar l1`: the verifier's contracts on Ethereum.

pub(crate) mod account;
mod deploy;
mod node;
mod submit;
mod verify;

use crate::{
    final_file::FinalFile,
    proof::{self, Proof},
};
use clap::Subcommand;
use eyre::{WrapErr, bail};
use std::{path::Path, process::ExitCode};

/// Deploys the verifier to Ethereum, and has it verify final proofs.
#[derive(Subcommand)]
pub(crate) enum Arguments {
    DeployVerifier(deploy::Arguments),
    Verify(verify::Arguments),
    Submit(submit::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<ExitCode> {
    match arguments {
        Arguments::DeployVerifier(arguments) => deploy::run(arguments).map(|()| ExitCode::SUCCESS),
        Arguments::Verify(arguments) => verify::run(arguments),
        Arguments::Submit(arguments) => submit::run(arguments).map(|()| ExitCode::SUCCESS),
    }
}

/// Reads a final proof; whether it is good is for the contract to say.
fn read_final(path: &Path) -> eyre::Result<FinalFile> {
    let bytes = proof::read(path)?;
    match Proof::decode(&bytes).wrap_err_with(|| format!("{} holds no proof", path.display()))? {
        Proof::Final(file) => Ok(file),
        Proof::Aggregate(_) => bail!(
            "{} holds an aggregated proof, which no contract verifies: make it final with `ashlar join --final {}`",
            path.display(),
            path.display()
        ),
        Proof::Run(_) => bail!(
            "{} holds a proof of segments, which no contract verifies: make the proof with `ashlar prove --final`",
            path.display()
        ),
    }
}

//! `ashlar soundness`: what proofs are worth, calculated.

use crate::output;
use ashlar_soundness::{Overview, TARGET_BITS, overview};
use clap::Args;
use std::process::ExitCode;

/// Calculates the security of proofs of every layer, and what they cost a verifier in a circuit.
///
/// Every error term of the proof systems of segments and of recursion is printed for the parameters and tables that this
/// binary proves and verifies with: proven bits in the unique decoding regime, without a conjecture; then how much of the
/// tables of recursion each circuit takes. Exit code 1 if a layer has less than 100 bits, a condition of the calculation
/// is not met or a circuit does not fit. The formulas are derived in crates/soundness/README.md.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<ExitCode> {
    let overview: Overview = overview()?;
    match arguments.json {
        true => output::print(&serde_json::to_string_pretty(&overview)?)?,
        false => output::print(overview.to_string().trim_end())?,
    }
    if overview.holds {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "error: a layer has less than {TARGET_BITS} bits, a condition of the calculation is not met, or a circuit \
         does not fit"
    );
    Ok(ExitCode::FAILURE)
}

//! `ashlar verify`: what a proof states, if it proves it.

use crate::{guest, input::describe, output, report::security_bits};
use ashlar_primitives::PublicOutput;
use ashlar_prover::Prover;
use ashlar_verifier::{PROOF_BYTES_MAX, ProgramKey, RunProof, Verifier, VerifyingKey};
use ashlar_vm::{Program, SHAPES};
use clap::Args;
use eyre::{WrapErr, ensure, eyre};
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

/// Verifies a proof and prints what it states.
///
/// Exit code 0 says that the program of the key, run on some input, puts out what is printed. The default is the key of
/// the block guest inside this binary: then the printed blocks are valid and lead from the one state root to the other.
/// Exit code 1 says that the proof is refused, and stderr says why (with --json, `reason` on stdout).
#[derive(Args)]
pub(crate) struct Arguments {
    /// The proof, as `ashlar prove` writes it.
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    /// Verifying key of another program (specs/007-proof.md).
    #[arg(long, value_name = "FILE", conflicts_with = "elf")]
    key: Option<PathBuf>,

    /// ELF file of another program; its key is computed first, which takes some seconds.
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// What an accepted proof states.
struct Statement {
    program_key: ProgramKey,
    /// The guest's output as bytes, and as what it means if it is a block guest's.
    output: Vec<u8>,
    batch: Option<PublicOutput>,
    segments: usize,
    security_bits: f64,
    proof_bytes: usize,
    time: Duration,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<ExitCode> {
    let bytes = read_proof(&arguments.proof)?;
    let key = key(arguments)?;
    match (verify(&bytes, key), arguments.json) {
        (Ok(statement), true) => output::print(&serde_json::to_string_pretty(&statement.json())?)?,
        (Ok(statement), false) => output::print(&statement.to_string())?,
        (Err(refused), true) => {
            let report = json!({"accepted": false, "reason": format!("{refused:#}")});
            output::print(&serde_json::to_string_pretty(&report)?)?;
            return Ok(ExitCode::FAILURE);
        }
        (Err(refused), false) => return Err(refused.wrap_err("the proof is refused")),
    }
    Ok(ExitCode::SUCCESS)
}

fn read_proof(path: &Path) -> eyre::Result<Vec<u8>> {
    let what = || format!("cannot read {}", path.display());
    let bytes = fs::metadata(path).wrap_err_with(what)?.len();
    ensure!(bytes <= PROOF_BYTES_MAX as u64, "{} is too long for a proof: {bytes} bytes", path.display());
    fs::read(path).wrap_err_with(what)
}

fn key(arguments: &Arguments) -> eyre::Result<VerifyingKey> {
    let read = |path: &Path| fs::read(path).wrap_err_with(|| format!("cannot read {}", path.display()));
    match (&arguments.key, &arguments.elf) {
        (Some(path), _) => {
            VerifyingKey::decode(&read(path)?).wrap_err_with(|| format!("no key in {}", path.display()))
        }
        (None, Some(path)) => {
            let program = Program::from_elf(&read(path)?)
                .map_err(|error| eyre!("{} is no program of the machine: {error}", path.display()))?;
            Ok(Prover::new(&program)?.key().clone())
        }
        (None, None) => guest::block_key(),
    }
}

fn verify(bytes: &[u8], key: VerifyingKey) -> eyre::Result<Statement> {
    let start = Instant::now();
    let proof = RunProof::decode(bytes)?;
    let verifier = Verifier::new(key);
    verifier.verify(&proof)?;
    let time = start.elapsed();
    let shapes = proof.segments.iter().filter_map(|segment| SHAPES.get(usize::from(segment.shape)).copied());
    Ok(Statement {
        program_key: verifier.program_key(),
        batch: PublicOutput::decode(&proof.output).ok(),
        segments: proof.segments.len(),
        security_bits: security_bits(shapes),
        output: proof.output,
        proof_bytes: bytes.len(),
        time,
    })
}

impl Statement {
    fn json(&self) -> Value {
        let mut report = json!({
            "accepted": true,
            "program_key": self.program_key.to_string(),
            "output": alloy_primitives::hex::encode_prefixed(&self.output),
            "segments": self.segments,
            "security_bits": self.security_bits,
            "proof_bytes": self.proof_bytes,
            "seconds": self.time.as_secs_f64(),
        });
        if let Some(batch) = &self.batch {
            describe(batch, &mut report);
        }
        report
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "the proof is valid")?;
        match &self.batch {
            Some(batch) => {
                writeln!(f, "chain id          {}", batch.chain_id)?;
                writeln!(f, "chain rules       {}", batch.config_hash)?;
                writeln!(f, "first block       {}", batch.first_block)?;
                writeln!(f, "last block        {}", batch.last_block)?;
                writeln!(f, "state root before {}", batch.pre_state_root)?;
                writeln!(f, "state root after  {}", batch.post_state_root)?;
            }
            None => {
                writeln!(f, "output            {}", alloy_primitives::hex::encode_prefixed(&self.output))?
            }
        }
        writeln!(f, "program key       {}", self.program_key)?;
        writeln!(f, "security          {:.1} bits, proven", self.security_bits)?;
        writeln!(f, "segments          {}", self.segments)?;
        write!(f, "time              {:.2} s", self.time.as_secs_f64())
    }
}

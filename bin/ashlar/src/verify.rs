//! `ashlar verify`: what a proof states, if it proves it.

use crate::{
    circuits,
    final_file::FinalFile,
    guest, output,
    proof::{self, Proof},
    security::{Layers, security_bits},
    statement::{Statement, list},
};
use ashlar_prover::Prover;
use ashlar_verifier::{
    ProgramKey, RunProof, Verifier, VerifyingKey,
    aggregate::{AggregateProof, AggregateVerifier, Run},
};
use ashlar_vm::{Program, SHAPES};
use clap::Args;
use eyre::{WrapErr, bail, eyre};
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
/// Takes proofs of segments, aggregated and final ones, and sees which one it is. Exit code 0 says that the program of the key,
/// run on some input, puts out what is printed. The default is the key of the block guest inside this binary: then the
/// printed blocks are valid and lead from the one state root to the other. Exit code 1 says that the proof is refused,
/// and stderr says why (with --json, `reason` on stdout).
#[derive(Args)]
pub(crate) struct Arguments {
    /// The proof, as `ashlar prove` or `ashlar join` writes it.
    #[arg(value_name = "FILE")]
    proof: PathBuf,

    /// Verifying key of another program (specs/007-proof.md).
    #[arg(long, value_name = "FILE", conflicts_with = "elf")]
    key: Option<PathBuf>,

    /// ELF file of another program; its key is computed first, which takes some seconds.
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,

    /// Accept an aggregated or final proof whatever programs it is of. What it says is worth as much as the programs whose keys
    /// are printed.
    #[arg(long, conflicts_with_all = ["key", "elf"])]
    any_program: bool,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// An accepted proof.
struct Accepted {
    statements: Vec<Statement>,
    kind: Kind,
    security_bits: f64,
    proof_bytes: usize,
    time: Duration,
}

/// What kind of proof it is.
#[derive(Clone, Copy)]
enum Kind {
    Segments { count: usize },
    Aggregate,
    Final { calldata_bytes: usize },
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<ExitCode> {
    let bytes = proof::read(&arguments.proof)?;
    let key = if arguments.any_program { None } else { Some(key(arguments)?) };
    match (verify(&bytes, key), arguments.json) {
        (Ok(accepted), true) => output::print(&serde_json::to_string_pretty(&accepted.json())?)?,
        (Ok(accepted), false) => output::print(&accepted.to_string())?,
        (Err(refused), true) => {
            let report = json!({"accepted": false, "reason": format!("{refused:#}")});
            output::print(&serde_json::to_string_pretty(&report)?)?;
            return Ok(ExitCode::FAILURE);
        }
        (Err(refused), false) => return Err(refused.wrap_err("the proof is refused")),
    }
    Ok(ExitCode::SUCCESS)
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

/// Without a key, a proof of any programs is accepted.
fn verify(bytes: &[u8], key: Option<VerifyingKey>) -> eyre::Result<Accepted> {
    let start = Instant::now();
    let accepted = match (Proof::decode(bytes)?, key) {
        (Proof::Run(proof), Some(key)) => Accepted { proof_bytes: bytes.len(), ..verify_run(proof, key)? },
        (Proof::Run(proof), None) => bail!(
            "a proof of segments can be verified only with its program's key: name that of program {} with --key or \
             --elf instead of --any-program",
            proof.program_key
        ),
        (Proof::Aggregate(proof), key) => {
            let accepted = verify_aggregate(*proof, key.map(|key| key.program_key()))?;
            Accepted { proof_bytes: bytes.len(), ..accepted }
        }
        (Proof::Final(file), key) => verify_final(file, key.map(|key| key.program_key()))?,
    };
    Ok(Accepted { time: start.elapsed(), ..accepted })
}

fn verify_run(proof: RunProof, key: VerifyingKey) -> eyre::Result<Accepted> {
    Verifier::new(key).verify(&proof)?;
    let shapes = proof.segments.iter().filter_map(|segment| SHAPES.get(usize::from(segment.shape)).copied());
    Ok(Accepted {
        kind: Kind::Segments { count: proof.segments.len() },
        security_bits: security_bits(Layers::Segments(shapes.collect())),
        statements: vec![Statement::new(proof.program_key, proof.output)],
        proof_bytes: 0,
        time: Duration::ZERO,
    })
}

fn verify_aggregate(proof: AggregateProof, expected: Option<ProgramKey>) -> eyre::Result<Accepted> {
    if let Some(expected) = expected {
        check_programs(&proof.runs, expected)?;
    }
    AggregateVerifier::new(circuits::keys()?).verify(&proof)?;
    Ok(Accepted {
        kind: Kind::Aggregate,
        security_bits: security_bits(Layers::Aggregate),
        statements: Statement::all(proof.runs, expected)?,
        proof_bytes: 0,
        time: Duration::ZERO,
    })
}

fn verify_final(file: FinalFile, expected: Option<ProgramKey>) -> eyre::Result<Accepted> {
    if let Some(expected) = expected {
        check_programs(&file.runs, expected)?;
    }
    file.verify()?;
    Ok(Accepted {
        kind: Kind::Final { calldata_bytes: file.calldata().len() },
        security_bits: security_bits(Layers::Final),
        proof_bytes: file.proof.len(),
        statements: Statement::all(file.runs, expected)?,
        time: Duration::ZERO,
    })
}

fn check_programs(runs: &[Run], expected: ProgramKey) -> eyre::Result<()> {
    let mut others: Vec<_> = runs.iter().map(|run| run.program_key).collect();
    others.sort();
    others.dedup();
    others.retain(|key| *key != expected);
    if others.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = others.iter().map(ProgramKey::to_string).collect();
    bail!(
        "the proof is of program {}, not of {expected} alone (--any-program accepts a proof of any programs)",
        names.join(", ")
    )
}

impl Accepted {
    fn json(&self) -> Value {
        let statements = || self.statements.iter().map(Statement::json).collect::<Vec<_>>();
        let mut report = match (self.kind, self.statements.as_slice()) {
            (Kind::Segments { count }, [statement]) => {
                let mut report = statement.json();
                report["kind"] = json!("segments");
                report["segments"] = json!(count);
                report
            }
            (Kind::Final { calldata_bytes }, _) => {
                json!({"kind": "final", "statements": statements(), "calldata_bytes": calldata_bytes})
            }
            _ => json!({"kind": "aggregate", "statements": statements()}),
        };
        report["accepted"] = json!(true);
        report["security_bits"] = json!(self.security_bits);
        report["proof_bytes"] = json!(self.proof_bytes);
        report["seconds"] = json!(self.time.as_secs_f64());
        report
    }
}

impl Display for Accepted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "the proof is valid")?;
        list(f, &self.statements)?;
        writeln!(f, "security          {:.1} bits, proven", self.security_bits)?;
        match self.kind {
            Kind::Segments { count } => writeln!(f, "segments          {count}")?,
            Kind::Aggregate => writeln!(f, "proof             {} bytes, aggregated", self.proof_bytes)?,
            Kind::Final { calldata_bytes } => {
                writeln!(f, "proof             {} bytes, final", self.proof_bytes)?;
                writeln!(f, "calldata          {calldata_bytes} bytes")?;
            }
        }
        write!(f, "time              {:.2} s", self.time.as_secs_f64())
    }
}

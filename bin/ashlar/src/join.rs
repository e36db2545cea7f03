//! `ashlar join`: aggregated proofs become one.

use crate::{
    circuits,
    finalize::{FinalFigures, finalize},
    output,
    progress::{Progress, words},
    proof::{self, Proof},
    prove::{check_place, clean_up, on_interrupt, work_dir, write_proof},
    report::{list_recursion, peak_memory, recursion_json},
    security::{Layers, security_bits},
    statement::{Statement, list},
};
use ashlar_prover::{
    SegmentStore, Workload,
    aggregate::{Aggregator, JoinFailure, ProvenAggregate, RecursionFigures, join},
};
use ashlar_verifier::aggregate::AggregateProof;
use clap::Args;
use eyre::{WrapErr, bail};
use serde_json::{Value, json};
use std::{
    fmt::{self, Display, Formatter},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// Joins aggregated proofs to one, which states all that they state.
///
/// Takes proofs that `ashlar prove --aggregate` made, of any programs, and keeps their order. Each is verified first. Name
/// all of them in one command: the statements of a joined proof form a tree whose shape follows from their number, so a
/// joined proof can rarely be joined again. With --final, the joined proof, or a single one, becomes the proof that a
/// contract on Ethereum verifies. What is finished is kept in the work folder, and the same command goes on from
/// there, as with `ashlar prove`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The proofs, in the order that their statements will have.
    #[arg(value_name = "FILE", required = true)]
    proofs: Vec<PathBuf>,

    /// Make the proof that a contract on Ethereum verifies. The file is JSON: the statements, the proof, and the calldata of
    /// the contract's call. One proof is enough then. More than 16 statements take a run of the joiner, which is proven, too.
    #[arg(long = "final")]
    is_final: bool,

    /// Where the joined proof goes. A file that is there is replaced when the proof is complete.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Where finished parts are kept until the proof is complete. One process at a time may work in it
    /// [default: FILE.parts].
    #[arg(long, value_name = "FOLDER")]
    work_dir: Option<PathBuf>,

    /// Leave what is finished in the work folder.
    #[arg(long)]
    keep_parts: bool,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// What joining came to.
struct Report {
    statements: Vec<Statement>,
    proofs: usize,
    recursion: Vec<RecursionFigures>,
    final_proof: Option<FinalFigures>,
    proof_bytes: usize,
    verify: Duration,
    total: Duration,
    peak_memory: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let start = Instant::now();
    check_place(&arguments.output)?;
    let progress = Arc::new(Progress::new());
    on_interrupt(Arc::clone(&progress))?;
    let result = join_files(arguments, &progress, start);
    progress.finish();
    let report = result?;
    match arguments.json {
        true => output::print(&serde_json::to_string_pretty(&report.json())?),
        false => output::print(&report.to_string()),
    }
}

fn join_files(arguments: &Arguments, progress: &Progress, start: Instant) -> eyre::Result<Report> {
    if arguments.proofs.len() < 2 && !arguments.is_final {
        bail!("one proof is nothing to join: name more, or make it final with --final");
    }
    progress.step("reading the proofs");
    let proofs: Vec<_> = arguments.proofs.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let count = proofs.len();
    let mut work = Workload::joins(count);
    if arguments.is_final {
        work.then_final();
    }
    let folder = arguments.work_dir.clone().unwrap_or_else(|| work_dir(&arguments.output, "parts"));
    let store = SegmentStore::open(&folder).wrap_err("there is no place for finished parts")?;
    progress.start(work, Some(store.folder()));
    progress.step("verifying the proofs");
    let aggregator = Aggregator::new(circuits::keys()?);
    let joined = join(&aggregator, proofs, Some(&store), &mut |event| progress.on_event(&event));
    let joined = match joined {
        Ok(joined) => joined,
        Err(failure) => {
            // An empty folder is no use to anyone. That it stays, if it does, is no reason to hide the failure.
            if let Err(error) = store.remove(&[] as &[String]) {
                progress.say(&format!("note: {error}"));
            }
            return Err(name_input(failure, &arguments.proofs));
        }
    };
    let ProvenAggregate { proof, recursion, mut ids, verify, .. } = joined;
    let statements = Statement::all(proof.runs.clone(), None)?;
    let peak = peak_memory();
    let (proof, final_proof) = if arguments.is_final {
        let finalized = finalize(proof, aggregator, Some(&store), progress)?;
        ids.extend(finalized.ids);
        (Proof::Final(finalized.file), Some(finalized.figures))
    } else {
        (Proof::Aggregate(Box::new(proof)), None)
    };
    let file_bytes = write_proof(&proof, &arguments.output)?;
    if !arguments.keep_parts {
        clean_up(store, &ids, progress)?;
    }
    progress.say(&format!("the proof is in {}", arguments.output.display()));
    Ok(Report {
        statements,
        proofs: count,
        recursion,
        proof_bytes: final_proof.map_or(file_bytes, |figures| figures.proof_bytes()),
        final_proof,
        verify,
        total: start.elapsed(),
        peak_memory: peak.max(final_proof.and_then(|figures| figures.peak_memory())),
    })
}

fn read(path: &Path) -> eyre::Result<AggregateProof> {
    let bytes = proof::read(path)?;
    match Proof::decode(&bytes).wrap_err_with(|| format!("{} holds no proof", path.display()))? {
        Proof::Aggregate(proof) => Ok(*proof),
        Proof::Run(_) => bail!(
            "{} holds a proof of segments: only aggregated ones can be joined, so make it with `ashlar prove --aggregate`",
            path.display()
        ),
        Proof::Final(_) => bail!(
            "{} holds a final proof, which nothing can be joined with: take the aggregated proof that it was made of",
            path.display()
        ),
    }
}

/// Says which file a failure is about.
fn name_input(failure: JoinFailure, paths: &[PathBuf]) -> eyre::Report {
    let input = match &failure {
        JoinFailure::Input { input, .. } | JoinFailure::NoPlace { input, .. } => Some(*input),
        _ => None,
    };
    let path = input.and_then(|input| paths.get(input));
    match path {
        Some(path) => eyre::Report::new(failure).wrap_err(format!("{} cannot be joined", path.display())),
        None => failure.into(),
    }
}

impl Report {
    const fn layers(&self) -> Layers {
        match self.final_proof {
            Some(_) => Layers::Final,
            None => Layers::Aggregate,
        }
    }

    fn json(&self) -> Value {
        let mut report = json!({
            "kind": if self.final_proof.is_some() { "final" } else { "aggregate" },
            "statements": self.statements.iter().map(Statement::json).collect::<Vec<_>>(),
            "proofs": self.proofs,
            "security_bits": security_bits(self.layers()),
            "proof_bytes": self.proof_bytes,
            "recursion": self.recursion.iter().map(recursion_json).collect::<Vec<_>>(),
            "seconds": {"verify": self.verify.as_secs_f64(), "total": self.total.as_secs_f64()},
            "peak_memory_bytes": self.peak_memory,
        });
        if let Some(figures) = &self.final_proof {
            report["final"] = figures.json();
        }
        report
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        list(f, &self.statements)?;
        writeln!(f)?;
        writeln!(f, "security      {:.1} bits, proven", security_bits(self.layers()))?;
        writeln!(f, "proof         {} bytes", self.proof_bytes)?;
        list_recursion(f, &self.recursion)?;
        if let Some(figures) = &self.final_proof {
            write!(f, "{figures}")?;
        }
        if let Some(bytes) = self.peak_memory {
            writeln!(f, "peak memory   {:.1} GiB", bytes as f64 / f64::from(1 << 30))?;
        }
        write!(f, "time          {}", words(self.total))
    }
}

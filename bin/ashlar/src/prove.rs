//! `ashlar prove`: a block's execution, proven.

use crate::{
    circuits,
    finalize::finalize_proof,
    guest,
    input::{Block, Source},
    output,
    progress::Progress,
    proof::Proof,
    proving::{How, Setup, Times},
};
use ashlar_prover::{SegmentStore, aggregate::Aggregator, write_atomically};
use clap::Args;
use eyre::{WrapErr, bail};
use std::{
    path::{Path, PathBuf},
    process::exit,
    sync::Arc,
    time::Instant,
};

/// Exit code of a command that SIGINT ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// Proves the execution of a block and writes the proof to a file.
///
/// The block is executed natively and in the guest, the run is cut into segments, and each segment is proven on its own:
/// memory holds one at a time. With --aggregate, each segment's proof is verified in a proof of constant size, and those are
/// folded until one is left; with --final, that becomes the proof that a contract on Ethereum verifies. What is finished is kept in the work folder. Interrupt it whenever you like (Ctrl-C, also a
/// kill or a loss of power): the same command goes on after the last finished proof. The whole is verified before it is
/// written.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,

    /// Where the proof goes. A file that is there is replaced when the proof is complete.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Make one proof of all segments, whose size does not depend on their number.
    #[arg(long)]
    aggregate: bool,

    /// Make the proof that a contract on Ethereum verifies. The file is JSON: the statement, the proof, and the calldata of
    /// the contract's call.
    #[arg(long = "final", conflicts_with = "aggregate")]
    is_final: bool,

    /// Where finished segments and parts of an aggregation are kept until the proof is complete. One process at a time may
    /// work in it [default: FILE.segments].
    #[arg(long, value_name = "FOLDER")]
    work_dir: Option<PathBuf>,

    /// Leave what is finished in the work folder.
    #[arg(long)]
    keep_segments: bool,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let start = Instant::now();
    check_place(&arguments.output)?;
    let progress = Arc::new(Progress::new());
    on_interrupt(Arc::clone(&progress))?;
    let result = prove(arguments, &progress, start);
    progress.finish();
    result
}

fn prove(arguments: &Arguments, progress: &Progress, start: Instant) -> eyre::Result<()> {
    let mut times = Times::default();
    progress.step("reading the block");
    let input = arguments.source.read()?;
    times.read = start.elapsed();
    progress.step("executing the block natively");
    let native = Instant::now();
    let block = Block::new(input)?;
    times.native = native.elapsed();

    let work_dir = arguments.work_dir.clone().unwrap_or_else(|| work_dir(&arguments.output, "segments"));
    let store = SegmentStore::open(&work_dir).wrap_err("there is no place for finished parts")?;
    let program = guest::block()?;
    let setup = Setup::new(&program, progress)?;
    let is_one = arguments.aggregate || arguments.is_final;
    let aggregator = is_one.then(circuits::keys).transpose()?.map(Aggregator::new);
    let how = How {
        aggregator: aggregator.as_ref(),
        is_final: arguments.is_final,
        store: Some(&store),
        watch: &mut |_| {},
    };
    let (mut proven, mut report) = setup.prove(block, times, how, progress)?;
    // What it committed to is not needed any more.
    drop(setup);
    if let (true, Some(aggregator)) = (arguments.is_final, aggregator) {
        proven.proof = finalize_proof(proven.proof, aggregator, Some(&store), &mut report, progress)?;
    }

    progress.step("writing the proof");
    let write = Instant::now();
    report.proof_bytes = write_proof(&proven.proof, &arguments.output)?;
    if !arguments.keep_segments {
        clean_up(store, &proven.ids, progress)?;
    }
    report.times.write = write.elapsed();
    report.times.total = start.elapsed();
    progress.say(&format!("the proof is in {}", arguments.output.display()));
    match arguments.json {
        true => output::print(&serde_json::to_string_pretty(&report.json())?),
        false => output::print(&report.to_string()),
    }
}

/// Writes a proof, whole or not at all, and says how many bytes it has.
pub(crate) fn write_proof(proof: &Proof, file: &Path) -> eyre::Result<usize> {
    let bytes = proof.encode()?;
    write_atomically(file, &bytes)
        .wrap_err_with(|| format!("the proof cannot be written to {}", file.display()))?;
    Ok(bytes.len())
}

/// Deletes what was kept of a proof that is written.
pub(crate) fn clean_up(store: SegmentStore, ids: &[String], progress: &Progress) -> eyre::Result<()> {
    let folder = store.folder().to_owned();
    if !store.remove(ids).wrap_err("the proof is written, but")? {
        progress.say(&format!("{} stays: it holds files that are not of this proof", folder.display()));
    }
    Ok(())
}

/// Hours later would be a bad time to learn that the proof cannot be written.
pub(crate) fn check_place(file: &Path) -> eyre::Result<()> {
    if file.is_dir() || file.file_name().is_none() {
        bail!("{} is a folder: name the file for the proof", file.display());
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            bail!("there is no folder {}: make it, or name another file for the proof", folder.display())
        }
        _ => Ok(()),
    }
}

/// The work folder beside the proof.
pub(crate) fn work_dir(output: &Path, kind: &str) -> PathBuf {
    let mut name = output.to_owned().into_os_string();
    name.push(".");
    name.push(kind);
    name.into()
}

/// Ends the process at once: files appear as a whole, so there is nothing to wait for.
pub(crate) fn on_interrupt(progress: Arc<Progress>) -> eyre::Result<()> {
    ctrlc::set_handler(move || {
        progress.interrupted();
        exit(INTERRUPTED);
    })
    .wrap_err("no handler for Ctrl-C")
}

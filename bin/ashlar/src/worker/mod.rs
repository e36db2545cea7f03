//! `ashlar worker`: proves batches for a node elsewhere.

mod folder;
mod view;

use crate::interrupt;
use ashlar_batcher::{RemoteJobs, SourceError, Token, WorkStep, Worker, WorkerError};
use ashlar_node::Stop;
use clap::Args;
use eyre::{WrapErr, eyre};
use folder::Folder;
use std::{path::PathBuf, time::Duration};
use view::Shown;

/// How long a worker waits that has no job.
const IDLE: Duration = Duration::from_secs(1);

/// How long it waits after a failure, at the most.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Proves batches of a rollup chain, for a node on another machine, until it is stopped.
///
/// The node gives jobs to whoever has its token. Its configuration file says where, and what the
/// token is:
///
///     [prover]
///     listen = "127.0.0.1:3060"
///     token = "keys/workers.token"
///
/// This makes a token, of which each worker has a copy:
///
///     (umask 077; openssl rand -hex 32 > keys/workers.token)
///
/// Nothing is encrypted: between machines belongs a proxy with TLS, or a tunnel, such as
/// `ssh -N -L 3060:127.0.0.1:3060 HOST`.
///
/// As many workers as you like share the work, a batch each. One takes all cores, and up to 8 GiB
/// of memory. Ctrl-C, SIGTERM and SIGHUP stop it after the part of the proof that it is at, and give
/// its job back. After a kill, or if the node is away, the same command goes on from the last
/// finished part: they are in the folder.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// Where the node gives jobs, as `ashlar node` and `ashlar up` print it: the address of prover.listen, not that of JSON-RPC.
    #[arg(long, value_name = "URL", value_parser = url)]
    node: String,

    /// The file with the node's token. Nobody else may be able to read it (chmod 600).
    #[arg(long, value_name = "FILE")]
    token: PathBuf,

    /// Where finished parts of proofs are kept. Each worker needs a folder of its own.
    #[arg(long, value_name = "FOLDER")]
    dir: PathBuf,

    /// What the worker is called in the node's log: 1 to 64 letters, digits, dots, hyphens or underscores. No two workers may have
    /// the same, as a worker that begins again gets back the job that it had [default: one that is made up, and kept in the folder].
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,

    /// Print one JSON object for each thing that happens, a line each, and no progress.
    #[arg(long)]
    json: bool,
}

fn url(text: &str) -> Result<String, String> {
    match text.starts_with("http://") || text.starts_with("https://") {
        true => Ok(text.to_owned()),
        false => Err("it has to begin with http:// or https://".to_owned()),
    }
}

fn name(text: &str) -> Result<String, String> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    match (1..=64).contains(&text.len()) && text.bytes().all(is_good) {
        true => Ok(text.to_owned()),
        false => Err("it has 1 to 64 letters, digits, dots, hyphens or underscores".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let token = Token::read(&arguments.token).wrap_err("the token")?;
    let folder = Folder::open(&arguments.dir)?;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => folder.name()?,
    };
    let stop = Stop::default();
    interrupt::order(&stop)?;
    let mut shown = Shown::new(arguments.json);
    shown.wait("preparing");
    let jobs = RemoteJobs::new(&arguments.node, token);
    let worker = Worker::new(jobs, &name, &folder.proofs())?;
    shown.ready(&name, &arguments.node)?;
    let ended = work(&worker, &stop, &mut shown);
    shown.end();
    ended
}

/// Proves one batch after the other.
fn work(worker: &Worker<RemoteJobs>, stop: &Stop, shown: &mut Shown) -> eyre::Result<()> {
    let mut failures = 0u32;
    while !stop.is_ordered() {
        let step = worker.step(&|| stop.is_ordered(), &mut |progress| shown.proving(progress));
        let pause = match step {
            Ok(step) => {
                failures = 0;
                shown.back()?;
                shown.done(&step)?;
                if matches!(step, WorkStep::Proven { .. }) { Duration::ZERO } else { IDLE }
            }
            Err(WorkerError::Source(SourceError::Remote(reason))) => {
                shown.away(&reason)?;
                failures = failures.saturating_add(1);
                IDLE.saturating_mul(1 << failures.min(10)).min(BACKOFF_MAX)
            }
            Err(WorkerError::Source(SourceError::Token)) => {
                return Err(eyre!(
                    "the node refuses the token: --token has to be a copy of the file that prover.token in the node's configuration \
                     names, and --node that node"
                ));
            }
            Err(error) => return Err(error.into()),
        };
        stop.wait(pause);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_checked_when_they_are_typed() {
        assert!(url("http://127.0.0.1:3060").is_ok() && url("https://prove.example/jobs").is_ok());
        assert!(url("127.0.0.1:3060").is_err() && url("").is_err());
        assert!(name("far-1.a_B").is_ok() && name(&"a".repeat(64)).is_ok());
        for bad in ["", "a b", "ä", &"a".repeat(65)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}

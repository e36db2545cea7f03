//! Proves batches.

use ashlar_prover::{
    Event, Plan, Prover, ProverError, SegmentStore, Session, SessionFailure, StoreFailure, Workload,
    aggregate::{Aggregator, Finalizer, FinalizerError},
    write_atomically,
};
use ashlar_verifier::Verifier;
use ashlar_vm::{Options, Program};
use ashlar_witness::{HashKey, batch_hints};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};
use thiserror::Error;

use crate::{
    guest::{DamagedGuest, ProofVerifier, circuit_keys, rollup_key, rollup_program},
    jobs::{Finish, Job, JobError},
    progress::{Phase, Progress, Tracker},
    source::{JobSource, Order, SourceError},
};

/// How often a worker says that it is still at a job. Between two parts of a proof it cannot.
const RENEWAL: Duration = Duration::from_secs(60);

/// Name of the file that has the final proof until the queue has it.
const FINAL: &str = "final";

/// Name of the file that has the key of the run.
const HASH_KEY: &str = "hash-key";

/// Why a worker cannot go on.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// A part of this program is damaged.
    #[error(transparent)]
    Guest(#[from] DamagedGuest),
    /// The program cannot be committed to.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// Jobs cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The folder for finished parts cannot be used.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why a batch is not proven.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
enum Unproven {
    #[error("the worker is told to stop")]
    Stopped,
    #[error("the job is another's")]
    Lost,
    #[error(transparent)]
    Prover(#[from] ProverError),
    #[error("the guest puts out another hash than that of the batch's output")]
    OtherOutput,
    #[error(transparent)]
    Store(#[from] StoreFailure),
    #[error(transparent)]
    Session(#[from] SessionFailure),
    #[error(transparent)]
    Finalizer(#[from] FinalizerError),
    #[error(transparent)]
    Source(SourceError),
}

/// What a step of a worker came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkStep {
    /// There is no job.
    Idle,
    /// A batch was proven, and this became of the proof.
    Proven {
        /// The batch.
        batch: u64,
        /// What became of the proof.
        finish: Finish,
        /// How long it took.
        time: Duration,
    },
    /// A batch could not be proven, which the queue knows.
    Failed {
        /// The batch.
        batch: u64,
        /// Why.
        reason: String,
    },
    /// The job went to another worker in the meantime.
    Lost {
        /// The batch.
        batch: u64,
    },
    /// It was told to stop, and gave its job back. What is finished is kept.
    Stopped,
}

/// Proves the batches of a source, one after the other. What is made once is made at the first use and kept: the program's commitment,
/// the recursion circuits, the last circuits.
pub struct Worker<J> {
    jobs: J,
    name: String,
    folder: PathBuf,
    program: &'static Program,
    prover: Prover<'static>,
    verifier: Verifier,
    aggregator: Aggregator,
    finalizer: OnceLock<Finalizer>,
    judge: ProofVerifier,
}

impl<J: JobSource> Worker<J> {
    /// Of this name, with a folder for finished parts that it alone uses. Commits to the program, which takes a moment.
    pub fn new(jobs: J, name: &str, folder: &Path) -> Result<Self, WorkerError> {
        let program = rollup_program()?;
        let prover = Prover::new(program)?;
        if *prover.key() != rollup_key()? {
            return Err(DamagedGuest::OtherKey.into());
        }
        Ok(Self {
            jobs,
            name: name.to_owned(),
            folder: folder.to_owned(),
            program,
            verifier: prover.verifier(),
            prover,
            aggregator: Aggregator::new(circuit_keys()?),
            finalizer: OnceLock::new(),
            judge: ProofVerifier::of_batches()?,
        })
    }

    /// Takes a job and proves it. `is_stopped` is asked between parts of the proof, each of which takes seconds to a minute;
    /// `on_progress` is told what is done.
    pub fn step(
        &self,
        is_stopped: &dyn Fn() -> bool,
        on_progress: &mut dyn FnMut(&Progress),
    ) -> Result<WorkStep, WorkerError> {
        let Some(Order { job, input }) = self.jobs.take(&self.name)? else { return Ok(WorkStep::Idle) };
        let batch = job.key.batch;
        let begun = Instant::now();
        self.forget_before(&job)?;
        let folder = self.folder_of(&job);
        let mut watch = Watch {
            jobs: &self.jobs,
            worker: &self.name,
            job: &job,
            is_stopped,
            on_progress,
            tracker: Tracker::new(batch),
            renewed: Instant::now(),
            end: None,
        };
        watch.look();
        match self.prove(&job, &input, &folder, &mut watch) {
            Ok(proof) => {
                let finish = self.jobs.finish(&self.name, &job, &proof)?;
                remove(&folder)?;
                Ok(WorkStep::Proven { batch, finish, time: begun.elapsed() })
            }
            Err(Unproven::Stopped) => {
                ignore_lost(self.jobs.release(&self.name, &job))?;
                Ok(WorkStep::Stopped)
            }
            Err(Unproven::Lost) => Ok(WorkStep::Lost { batch }),
            Err(Unproven::Source(error)) => Err(error.into()),
            Err(unproven) => {
                let reason = with_causes(&unproven);
                ignore_lost(self.jobs.fail(&self.name, &job, &reason))?;
                Ok(WorkStep::Failed { batch, reason })
            }
        }
    }

    fn prove(
        &self,
        job: &Job,
        input: &[u8],
        folder: &Path,
        watch: &mut Watch<'_, J>,
    ) -> Result<Vec<u8>, Unproven> {
        watch.go_on()?;
        let store = SegmentStore::open(folder)?;
        // It was proven before, and the queue did not hear of it.
        let kept = folder.join(FINAL);
        if let Ok(proof) = fs::read(&kept)
            && self.judge.verify(&job.output.hash(), &proof).is_ok()
        {
            return Ok(proof);
        }
        let hints = batch_hints(input, &hash_key(folder)?);
        let plan = Plan::new(self.program, &hints, Options::default())?;
        if plan.run.committed != [job.output.hash().0] {
            return Err(Unproven::OtherOutput);
        }
        let mut work = Workload::aggregation(&plan.metering);
        work.then_final();
        watch.tracker.start(work);
        let session = Session { prover: &self.prover, verifier: &self.verifier, store: Some(&store) };
        let proven = session.aggregate(&self.aggregator, &plan, job.output.encode(), &mut |event| {
            watch.on_event(&event, &store);
        });
        // Why the store was closed says more than that it was.
        watch.go_on()?;
        let aggregate = proven?.proof;
        drop(plan);
        watch.tracker.begin(Phase::Final);
        watch.look();
        watch.go_on()?;
        let finalizer = match self.finalizer.get() {
            Some(finalizer) => finalizer,
            None => {
                let made = Finalizer::new()?;
                self.finalizer.get_or_init(|| made)
            }
        };
        let proof = finalizer.prove(self.aggregator.keys(), &aggregate, &mut |_| watch.look())?.0;
        write_atomically(&kept, &proof).map_err(|source| StoreFailure::Io { path: kept, source })?;
        Ok(proof)
    }

    fn folder_of(&self, job: &Job) -> PathBuf {
        self.folder.join(format!("{:010}-{}", job.key.batch, job.key.version))
    }

    /// Removes what is kept of lower batches: they were proven elsewhere.
    fn forget_before(&self, job: &Job) -> Result<(), WorkerError> {
        let failed = |source| WorkerError::Folder { path: self.folder.clone(), source };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let batch = name.to_str().and_then(|name| name.split_once('-')?.0.parse::<u64>().ok());
            if batch.is_some_and(|batch| batch < job.key.batch) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// The key of the maps in a batch's run. Whoever sends transactions must not know it, and it stays until the batch is proven, as
/// the finished parts are of one run.
fn hash_key(folder: &Path) -> Result<HashKey, StoreFailure> {
    let path = folder.join(HASH_KEY);
    let failed = |source| StoreFailure::Io { path: path.clone(), source };
    match fs::read(&path) {
        Ok(bytes) if bytes.len() == 4 * HashKey::WORDS => {
            let mut words = bytes.as_chunks::<4>().0.iter();
            let words =
                [0; HashKey::WORDS].map(|_: u32| words.next().map_or(0, |word| u32::from_le_bytes(*word)));
            return Ok(HashKey::new(words));
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        // None yet, or one of another format.
        Ok(_) | Err(_) => {}
    }
    let key = HashKey::random();
    write_atomically(&path, key.words().map(u32::to_le_bytes).as_flattened()).map_err(failed)?;
    Ok(key)
}

/// Looks after a proof while it is made.
struct Watch<'w, J> {
    jobs: &'w J,
    worker: &'w str,
    job: &'w Job,
    is_stopped: &'w dyn Fn() -> bool,
    on_progress: &'w mut dyn FnMut(&Progress),
    tracker: Tracker,
    renewed: Instant,
    /// Why it is not to go on.
    end: Option<Unproven>,
}

impl<J: JobSource> Watch<'_, J> {
    fn on_event(&mut self, event: &Event<'_>, store: &SegmentStore) {
        self.tracker.on_event(event);
        self.look();
        if self.end.is_some() {
            store.close();
        }
    }

    /// Tells the progress, keeps the lease, and sees whether to go on.
    fn look(&mut self) {
        (self.on_progress)(&self.tracker.progress());
        if self.end.is_none() && (self.is_stopped)() {
            self.end = Some(Unproven::Stopped);
        }
        if self.end.is_none() && self.renewed.elapsed() >= RENEWAL {
            self.renewed = Instant::now();
            match self.jobs.renew(self.worker, self.job) {
                // A server that is away for a moment must not cost the proof: the next time is soon enough.
                Ok(()) | Err(SourceError::Remote(_)) => {}
                Err(SourceError::Job(JobError::Lost(_))) => self.end = Some(Unproven::Lost),
                Err(error) => self.end = Some(Unproven::Source(error)),
            }
        }
    }

    fn go_on(&mut self) -> Result<(), Unproven> {
        self.end.take().map_or(Ok(()), Err)
    }
}

/// A job that is lost need not be given back.
fn ignore_lost(given_back: Result<(), SourceError>) -> Result<(), SourceError> {
    match given_back {
        Err(SourceError::Job(JobError::Lost(_))) => Ok(()),
        other => other,
    }
}

fn remove(folder: &Path) -> Result<(), WorkerError> {
    fs::remove_dir_all(folder).map_err(|source| WorkerError::Folder { path: folder.to_owned(), source })
}

/// An error with what caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_run_stays_and_is_secret_of_each_run() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [one, other] = folders.each_ref().map(|folder| hash_key(folder.path()).unwrap().words());
        assert_ne!(one, other);
        assert_eq!(
            hash_key(folders[0].path()).unwrap().words(),
            one,
            "the parts that are finished are of its run"
        );
        // A file that is none is no key, and no reason to stop.
        let path = folders[0].path().join(HASH_KEY);
        for bytes in [vec![], vec![0; 63], vec![0; 65]] {
            fs::write(&path, bytes).unwrap();
            let made = hash_key(folders[0].path()).unwrap().words();
            assert_ne!(made, [0; HashKey::WORDS]);
            assert_eq!(hash_key(folders[0].path()).unwrap().words(), made);
        }
        assert!(hash_key(&folders[0].path().join("none")).is_err(), "it cannot be kept");
    }
}

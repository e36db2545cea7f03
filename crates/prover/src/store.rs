//! Finished segments on disk, so that an interrupted run loses at most the one in progress.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ashlar_machine::Table;
use ashlar_verifier::{Boundary, ProgramKey};
use p3_field::PrimeField32;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tiny_keccak::{Hasher, Keccak};

use crate::job::SegmentJob;

/// First bytes of a file: changes with its format.
const MAGIC: [u8; 8] = *b"ASHLARS1";

/// Name of the file that a process locks while it works in the folder.
const LOCK: &str = "lock";

/// Identifies what the proof of a job states, the hints that it was made with, and its place in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentId {
    number: usize,
    hash: [u8; 32],
}

impl SegmentId {
    /// The identity of a job for this program.
    pub fn new(program: ProgramKey, job: &SegmentJob) -> Self {
        let mut keccak = Keccak::v256();
        keccak.update(&MAGIC);
        keccak.update(&program.0);
        keccak.update(&Table::ALL.map(|table| job.shape.heights[table as usize]));
        keccak.update(&job.input.start.cycle.to_le_bytes());
        keccak.update(&job.input.cycles.to_le_bytes());
        for boundary in [&job.start, &job.end] {
            let Boundary { root, pc, digest } = boundary;
            keccak.update(&pc.to_le_bytes());
            for element in root.iter().chain(digest) {
                keccak.update(&element.as_canonical_u32().to_le_bytes());
            }
        }
        // The last item may have any length.
        for word in &job.input.hints {
            keccak.update(&word.to_le_bytes());
        }
        let mut hash = [0; 32];
        keccak.finalize(&mut hash);
        Self { number: job.number, hash }
    }
}

/// The name of its file.
impl Display for SegmentId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}-", self.number)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(".segment")
    }
}

/// Why segments cannot be kept.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum StoreFailure {
    #[error("another process is proving in {0}: wait for it, or name another folder")]
    Locked(PathBuf),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{0} is closed: the work that is kept in it was told to stop")]
    Closed(PathBuf),
}

/// What the store has of a segment or of a task.
pub enum Stored<P> {
    /// Nothing.
    Nothing,
    /// A file that holds no proof; why not.
    Damaged(String),
    /// A proof. Nobody has verified it.
    Proof(Box<P>),
}

/// A folder with one file per finished segment or task. Nothing in it is believed: whoever loads a proof verifies it.
pub struct SegmentStore {
    folder: PathBuf,
    /// Released when it is dropped.
    _lock: File,
    is_closed: AtomicBool,
}

impl SegmentStore {
    /// Opens the folder, which is made if it does not exist. One process at a time has it.
    pub fn open(folder: &Path) -> Result<Self, StoreFailure> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreFailure::Io { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let path = folder.join(LOCK);
        let lock = File::create(&path).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock, is_closed: AtomicBool::new(false) }),
            Err(TryLockError::WouldBlock) => Err(StoreFailure::Locked(folder.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
        }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends the work of a session that uses it, at the next part: what is being made is still kept, and nothing is begun after
    /// it. It can be opened again when this one is dropped.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// What is kept of this segment or task.
    pub fn load<P: DeserializeOwned>(&self, id: &impl Display) -> Result<Stored<P>, StoreFailure> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(StoreFailure::Closed(self.folder.clone()));
        }
        let path = self.folder.join(id.to_string());
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Stored::Nothing),
            Err(source) => return Err(StoreFailure::Io { path, source }),
        };
        let Some(body) = bytes.strip_prefix(&MAGIC) else {
            return Ok(Stored::Damaged("it does not start as a kept proof does".into()));
        };
        match postcard::take_from_bytes(body) {
            Ok((proof, [])) => Ok(Stored::Proof(Box::new(proof))),
            Ok((_, rest)) => Ok(Stored::Damaged(format!("{} bytes follow the proof", rest.len()))),
            Err(error) => Ok(Stored::Damaged(format!("it does not decode: {error}"))),
        }
    }

    /// Keeps a proof. At any time there is all of the file or none of it.
    pub fn save<P: Serialize>(&self, id: &impl Display, proof: &P) -> Result<(), StoreFailure> {
        let path = self.folder.join(id.to_string());
        let write = || {
            let bytes = postcard::to_extend(proof, MAGIC.to_vec()).map_err(io::Error::other)?;
            write_atomically(&path, &bytes)
        };
        write().map_err(|source| StoreFailure::Io { path: path.clone(), source })
    }

    /// Deletes what is kept of this segment or task, if anything is.
    pub fn forget(&self, id: &impl Display) -> Result<(), StoreFailure> {
        self.delete(&id.to_string())
    }

    fn delete(&self, name: &str) -> Result<(), StoreFailure> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(StoreFailure::Io { path, source }),
            _ => Ok(()),
        }
    }

    /// Deletes what is kept of these, and the folder if nothing else is in it; says whether it is gone.
    pub fn remove(self, ids: &[impl Display]) -> Result<bool, StoreFailure> {
        for id in ids {
            self.forget(id)?;
        }
        self.delete(LOCK)?;
        match fs::remove_dir(&self.folder) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(false),
            Err(source) => Err(StoreFailure::Io { path: self.folder, source }),
        }
    }
}

/// Writes a file so that it has either what it had or all of the bytes, also after a loss of power.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let mut file = File::create(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)
}

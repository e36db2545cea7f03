//! Many changes of proofs: judged on all cores, counted by verdict, and where a soak was stopped it goes on.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use std::{fs, thread};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::mutator::{Mutated, Mutator};

/// Changes between two times that a soak writes down how far it is.
const STEP: u64 = 64;

/// What the verifier says of a changed proof, then what the circuit says.
pub(crate) type Verdicts = [Result<(), String>; 2];

/// A number from the environment, so that a soak can ask for more than the tests do.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| value.parse().expect(name))
}

/// Which of all changes are made.
pub(crate) fn seed() -> u64 {
    setting("ASHLAR_RECURSION_MUTATIONS_SEED", 1)
}

/// How many changes are made of each kind of proof.
pub(crate) fn count() -> u64 {
    setting("ASHLAR_RECURSION_MUTATIONS", 500)
}

/// How far a campaign is.
#[derive(Serialize, Deserialize)]
struct Progress {
    seed: u64,
    /// The first ones, all of which have one verdict.
    changes: u64,
    /// Time that it took, with interruptions left out.
    seconds: f64,
    /// How many the circuit refused for each reason.
    refused: BTreeMap<String, u64>,
}

impl Progress {
    /// What was written down for this seed, if anything was.
    fn load(path: Option<&Path>) -> Self {
        let none = Self { seed: seed(), changes: 0, seconds: 0.0, refused: BTreeMap::new() };
        let text = match path.map(fs::read) {
            None => return none,
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => return none,
            Some(text) => text.expect("a file"),
        };
        let found: Self = serde_json::from_slice(&text).expect("what a campaign wrote down");
        if found.seed == none.seed { found } else { none }
    }

    /// A kill leaves the file as it was, or as it is to be.
    fn save(&self, path: Option<&Path>) {
        let Some(path) = path else { return };
        let text = serde_json::to_string_pretty(self).expect("text") + "\n";
        let partial = path.with_extension("partial");
        fs::write(&partial, text).expect("a written file");
        fs::rename(&partial, path).expect("a renamed file");
    }
}

/// Changes the proofs in turn, `count` times together: each change has one verdict, and none is accepted. With a folder in
/// `ASHLAR_RECURSION_PROGRESS`, what is done is written to a file of this name there, and not done again.
pub(crate) fn every_change_has_one_verdict<P: Serialize + DeserializeOwned + Send + Sync>(
    name: &str,
    count: u64,
    honest: &[P],
    judge: impl Fn(usize, P) -> Verdicts + Sync,
) {
    let folder = std::env::var_os("ASHLAR_RECURSION_PROGRESS").map(PathBuf::from);
    let path = folder.map(|folder| folder.join(name).with_extension("json"));
    let mut progress = Progress::load(path.as_deref());
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mutators = || honest.iter().map(Mutator::new).collect::<Vec<_>>();
    let mut workers: Vec<_> = (0..threads).map(|_| mutators()).collect();
    while progress.changes < count {
        let start = Instant::now();
        let end = count.min(progress.changes + STEP);
        let next = AtomicU64::new(progress.changes);
        let work = |mutators: &mut Vec<Mutator<P>>| {
            let mut reasons = Vec::new();
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= end {
                    return reasons;
                }
                let which = (i % honest.len() as u64) as usize;
                let mutated = mutators[which].mutate(progress.seed.wrapping_mul(1 << 32).wrapping_add(i));
                reasons.push(reason(name, i, which, mutated, &judge));
            }
        };
        let found: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = workers.iter_mut().map(|worker| scope.spawn(|| work(worker))).collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_else(|e| resume_unwind(e)))
                .collect()
        });
        found.into_iter().for_each(|reason| *progress.refused.entry(reason).or_default() += 1);
        progress.changes = end;
        progress.seconds += start.elapsed().as_secs_f64();
        progress.save(path.as_deref());
    }
    for (reason, count) in &progress.refused {
        println!("{count:6} {reason}");
    }
}

/// Why the circuit refuses a changed proof, which the verifier refuses too.
fn reason<P>(
    name: &str,
    change: u64,
    which: usize,
    mutated: Mutated<P>,
    judge: &impl Fn(usize, P) -> Verdicts,
) -> String {
    let Mutated { what, proof } = mutated;
    let context = format!("{name}, change {change} of proof {which}, {what}");
    let verdicts = catch_unwind(AssertUnwindSafe(|| judge(which, proof)));
    let [native, circuit] = verdicts.unwrap_or_else(|_| panic!("{context}: a verifier panics"));
    // A change that both accept would be one of nothing that a verifier looks at: none is known.
    assert!(native.is_err() && circuit.is_err(), "{context}: {native:?}, {circuit:?}");
    circuit.err().unwrap_or_default()
}

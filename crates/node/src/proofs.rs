//! How far proofs are, and how long they take.

use ashlar_batcher::Progress;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long Ethereum takes with a proven batch, about: until a block has the transaction, and the next one follows it.
const SETTLE_TIME: Duration = Duration::from_secs(24);

/// Most batches between the one that is being proven and one whose time is estimated.
const AHEAD_MAX: u64 = 64;

/// What is known of the proofs that this process makes. Copies are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proofs(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The proof that is being made, and when that was so.
    current: Option<(Progress, Instant)>,
    /// Cost of the batch that was proven last, cycle equivalents, and how long it took.
    last: Option<(u64, Duration)>,
}

impl Proofs {
    /// A proof is so far; `None` if none is being made.
    pub(crate) fn show(&self, progress: Option<Progress>) {
        self.known().current = progress.map(|progress| (progress, Instant::now()));
    }

    /// A batch of this cost is proven.
    pub(crate) fn proven(&self, cost: u64, time: Duration) {
        self.known().last = Some((cost, time));
    }

    /// The proof that is being made.
    pub(crate) fn current(&self) -> Option<Progress> {
        let (progress, since) = self.known().current?;
        let left = progress.left.map(|left| left.saturating_sub(since.elapsed()));
        Some(Progress { left, ..progress })
    }

    /// How long it takes, about, until Ethereum has executed a batch that is not proven: what is left of the proof that is being
    /// made, then those of the batches up to this one, whose costs `cost` says, as fast as the last one. `None` as long as there
    /// is nothing to go by.
    pub(crate) fn time_left(&self, batch: u64, cost: impl Fn(u64) -> Option<u64>) -> Option<Duration> {
        let current = self.current()?;
        let ahead = batch.checked_sub(current.batch).filter(|ahead| *ahead <= AHEAD_MAX)?;
        let mut left = current.left?.saturating_add(SETTLE_TIME);
        if ahead > 0 {
            let (last_cost, last_time) = self.known().last?;
            let rest = (current.batch.saturating_add(1)..=batch).map(cost).sum::<Option<u64>>()?;
            let seconds = last_time.as_secs().saturating_mul(rest).checked_div(last_cost)?;
            left = left.saturating_add(Duration::from_secs(seconds));
        }
        Some(left)
    }

    /// The same for a batch that is proven.
    pub(crate) const fn settle_time() -> Duration {
        SETTLE_TIME
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_batcher::Phase;

    fn progress(left: Option<u64>) -> Progress {
        let left = left.map(Duration::from_secs);
        Progress { batch: 5, phase: Phase::Executing, done: 1, total: 4, left }
    }

    #[test]
    fn the_time_of_a_batch_is_that_of_all_before_it() {
        let proofs = Proofs::default();
        let left = |batch| proofs.time_left(batch, |number| (number < 9).then_some(number * 100));
        assert_eq!(left(5), None);
        proofs.show(Some(progress(None)));
        assert_eq!(left(5), None, "nothing to go by");
        proofs.show(Some(progress(Some(1_000))));
        let near = |left: Option<Duration>, expected: u64| {
            let seconds = left.unwrap().as_secs();
            assert!((expected - 10..=expected).contains(&seconds), "{seconds} {expected}");
        };
        near(left(5), 1_024);
        assert_eq!((left(4), left(6)), (None, None), "one is proven, of the other's speed nothing is known");
        proofs.proven(300, Duration::from_secs(600));
        near(left(6), 1_024 + 1_200);
        near(left(8), 1_024 + 2 * (600 + 700 + 800));
        assert_eq!((left(9), left(5 + AHEAD_MAX + 1)), (None, None));
        proofs.show(None);
        assert_eq!((left(5), proofs.current()), (None, None));
    }
}

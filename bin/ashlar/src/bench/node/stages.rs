//! One stage after the other, so that each has the machine for itself: shares of stages.

use super::{
    chain::{Chain, TimedStore, now},
    flow::WAITING_MAX,
    machine::processor_time,
    meter::Meter,
};
use ashlar_ethereum::SignedTransaction;
use ashlar_node::{BlockTimes, Sequencer};
use eyre::{WrapErr, ensure};
use serde_json::{Value, json};
use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

/// What a stage took.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    time: Duration,
    processor: Duration,
    /// In the store, of all threads together.
    reads: Duration,
    writes: Duration,
}

/// What all stages took.
#[derive(Debug, Default)]
pub(super) struct Stages {
    transactions: usize,
    admission: Spent,
    sequencing: Spent,
    reading: Spent,
    /// Parts of sequencing.
    blocks: BlockTimes,
}

impl Spent {
    /// Does something, and adds what it took.
    fn add<T>(&mut self, store: &TimedStore, act: impl FnOnce() -> eyre::Result<T>) -> eyre::Result<T> {
        let (processor, (reads, writes), begun) = (processor_time()?, store.times(), Instant::now());
        let result = act()?;
        self.time += begun.elapsed();
        self.processor += processor_time()?.saturating_sub(processor);
        let (reads_after, writes_after) = store.times();
        self.reads += reads_after.saturating_sub(reads);
        self.writes += writes_after.saturating_sub(writes);
        Ok(result)
    }
}

impl Stages {
    /// Takes all transactions through the stages, as many at once as wait in the pool at most. `sequencer` must have a block time within
    /// which it makes a block of any size.
    pub(super) fn measure(
        chain: &Chain,
        mut sequencer: Sequencer<TimedStore>,
        transactions: &[SignedTransaction],
        threads: usize,
        meter: &Meter,
    ) -> eyre::Result<Self> {
        let mut stages = Self { transactions: transactions.len(), ..Self::default() };
        let mut first = 1;
        for part in transactions.chunks(WAITING_MAX) {
            stages.admission.add(&chain.store, || admit(chain, part, threads))?;
            let last = stages.sequencing.add(&chain.store, || sequence(chain, &mut sequencer, first))?;
            let read = stages.reading.add(&chain.store, || {
                (first..=last).try_fold(0, |sum, number| Ok(sum + chain.read(number)?.0.len()))
            })?;
            ensure!(read == part.len(), "{read} of {} transactions are in blocks", part.len());
            meter.advance(part.len());
            first = last + 1;
        }
        stages.blocks = sequencer.times();
        Ok(stages)
    }

    pub(super) fn json(&self) -> Value {
        let all = self.all();
        let stages = [self.admission, self.sequencing, self.reading];
        let stage = |(name, spent): (&str, Spent)| {
            json!({
                "name": name,
                "seconds": spent.time.as_secs_f64(),
                "share": share(spent.time, all),
                "processor_seconds": spent.processor.as_secs_f64(),
                "processor_microseconds_per_transaction": self.each(spent.processor),
                "store_reads_seconds": spent.reads.as_secs_f64(),
                "store_writes_seconds": spent.writes.as_secs_f64(),
            })
        };
        let part = |(name, time): (&str, Duration)| {
            json!({
                "name": name,
                "seconds": time.as_secs_f64(),
                "share": share(time, all),
                "microseconds_per_transaction": self.each(time),
            })
        };
        let stages: Vec<_> =
            ["admission", "sequencing", "reading"].into_iter().zip(stages).map(stage).collect();
        json!({
            "transactions": self.transactions,
            "seconds": all.as_secs_f64(),
            "stages": stages,
            "sequencing": self.parts().map(part).to_vec(),
        })
    }

    /// Shares of the whole, by name.
    pub(super) fn shares(&self) -> Vec<(&'static str, f64)> {
        let all = self.all();
        let mut shares = vec![("admission", share(self.admission.time, all))];
        shares.extend(self.parts().map(|(name, time)| (name, share(time, all))));
        shares.push(("reading", share(self.reading.time, all)));
        shares
    }

    /// Parts of sequencing by name.
    fn parts(&self) -> [(&'static str, Duration); 5] {
        let BlockTimes { execution, ending, writing, pool } = self.blocks;
        let other = self.sequencing.time.saturating_sub(execution + ending + writing + pool);
        [
            ("execution", execution),
            ("tries and header", ending),
            ("durable write", writing),
            ("pool", pool),
            ("other", other),
        ]
    }

    fn all(&self) -> Duration {
        self.admission.time + self.sequencing.time + self.reading.time
    }

    /// Microseconds for each transaction.
    fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / self.transactions as f64
    }
}

fn share(part: Duration, all: Duration) -> f64 {
    part.as_secs_f64() / all.as_secs_f64()
}

/// Sends transactions from so many threads.
pub(super) fn admit(chain: &Chain, transactions: &[SignedTransaction], threads: usize) -> eyre::Result<()> {
    let next = AtomicUsize::new(0);
    let send = || -> eyre::Result<()> {
        while let Some(transaction) = transactions.get(next.fetch_add(1, SeqCst)) {
            let added = chain.pool.add(transaction.raw.clone(), &chain.accounts);
            added.wrap_err("a transaction is refused")?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let senders: Vec<_> = (0..threads).map(|_| scope.spawn(send)).collect();
        senders.into_iter().try_for_each(|sender| sender.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Makes blocks of all that waits, the first of which has this number. The number of the last one.
pub(super) fn sequence(
    chain: &Chain,
    sequencer: &mut Sequencer<TimedStore>,
    first: u64,
) -> eyre::Result<u64> {
    let mut next = first;
    while !chain.pool.is_empty() {
        let block = sequencer.step(now()?)?;
        ensure!(block.is_some(), "{} transactions wait, and are in no block", chain.pool.len());
        next += 1;
    }
    Ok(next - 1)
}

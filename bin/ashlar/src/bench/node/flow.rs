//! Everything at once, as in a node: threads that send, the sequencer, and a reader behind it.

use super::{chain::Chain, machine::processor_time, meter::Meter};
use alloy_primitives::{Address, B256};
use ashlar_ethereum::SignedTransaction;
use ashlar_node::Stop;
use ashlar_storage::{BlockRecord, InitialAccount};
use eyre::{OptionExt, WrapErr, bail, ensure};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    panic::resume_unwind,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Shortest time from one block to the next: the node's default.
const BLOCK_TIME: Duration = Duration::from_millis(250);

/// Transactions that may wait in the pool before senders wait, too.
pub(super) const WAITING_MAX: usize = 8_192;

/// Longest time without a block while transactions wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// How transactions are sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Threads that send, each of which waits until its transaction is durable.
    pub(super) threads: usize,
    /// Longest time in which transactions are sent.
    pub(super) time: Duration,
    /// Transactions per second; `None` for as many as are taken.
    pub(super) rate: Option<f64>,
}

/// What a run took.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) transactions: usize,
    gas: u64,
    blocks: u64,
    /// From the first transaction that is sent to the last that can be read.
    time: Duration,
    /// Of all threads.
    processor: Duration,
    /// Of each transaction, from its acknowledgement to its block being readable; ascending.
    latencies: Vec<Duration>,
}

/// What the threads of a run share.
struct Run<'r> {
    chain: &'r Chain,
    transactions: &'r [SignedTransaction],
    load: Load,
    begun: Instant,
    /// The next transaction to be sent.
    next: AtomicUsize,
    /// Transactions that are taken, and threads that still send.
    taken: AtomicUsize,
    sending: AtomicUsize,
    /// When each was acknowledged.
    acknowledged: Vec<OnceLock<Instant>>,
    stop: Stop,
}

/// Runs a chain from its genesis on until all transactions are in blocks and read back, or the time is over and those are that were
/// sent. Fails if one is refused or fails.
pub(super) fn flow(
    folder: &Path,
    genesis: &BTreeMap<Address, InitialAccount>,
    transactions: &[SignedTransaction],
    load: Load,
    meter: &Meter,
) -> eyre::Result<Flow> {
    let (made, blocks) = channel();
    let on_block = Box::new(move |block: &Arc<BlockRecord>| {
        // Without a reader the run is over.
        made.send(block.header.header.number).ok();
    });
    let (chain, sequencer) = Chain::begin(folder, genesis, BLOCK_TIME, on_block)?;
    let processor = processor_time()?;
    let run = Run {
        chain: &chain,
        transactions,
        load,
        begun: Instant::now(),
        next: AtomicUsize::new(0),
        taken: AtomicUsize::new(0),
        sending: AtomicUsize::new(load.threads),
        acknowledged: transactions.iter().map(|_| OnceLock::new()).collect(),
        stop: Stop::default(),
    };
    thread::scope(|scope| {
        let stop = &run.stop;
        let sequencing = scope.spawn(move || sequencer.run(stop));
        let senders: Vec<_> = (0..load.threads).map(|_| scope.spawn(|| run.send_all())).collect();
        let read = run.read_all(&blocks, meter);
        run.stop.order();
        let sequenced = sequencing.join().unwrap_or_else(|panic| resume_unwind(panic));
        for sender in senders {
            sender.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        }
        sequenced?;
        let flow = read?;
        Ok(Flow { processor: processor_time()?.saturating_sub(processor), ..flow })
    })
}

impl Run<'_> {
    /// Sends one transaction after the other until there are no more, or the time is over.
    fn send_all(&self) -> eyre::Result<()> {
        let result = self.try_send_all();
        if result.is_err() {
            self.stop.order();
        }
        self.sending.fetch_sub(1, SeqCst);
        result
    }

    fn try_send_all(&self) -> eyre::Result<()> {
        while self.begun.elapsed() < self.load.time && !self.stop.is_ordered() {
            let number = self.next.fetch_add(1, SeqCst);
            let Some(transaction) = self.transactions.get(number) else { break };
            if let Some(rate) = self.load.rate {
                let due = Duration::from_secs_f64(number as f64 / rate);
                thread::sleep(due.saturating_sub(self.begun.elapsed()));
            }
            while self.chain.pool.len() >= WAITING_MAX && !self.stop.is_ordered() {
                thread::sleep(Duration::from_millis(1));
            }
            let added = self.chain.pool.add(transaction.raw.clone(), &self.chain.accounts);
            added.wrap_err_with(|| format!("transaction {number} is refused"))?;
            if let Some(acknowledged) = self.acknowledged.get(number) {
                acknowledged.get_or_init(Instant::now);
            }
            self.taken.fetch_add(1, SeqCst);
        }
        Ok(())
    }

    /// Reads each block back when it is made, until all that was taken has been seen.
    fn read_all(&self, blocks: &Receiver<u64>, meter: &Meter) -> eyre::Result<Flow> {
        let hashes = self.transactions.iter().map(|transaction| transaction.hash);
        let numbers: HashMap<B256, usize> = hashes.zip(0..).collect();
        let mut readable = vec![None; self.transactions.len()];
        let (mut seen, mut gas, mut count) = (0, 0u64, 0);
        let mut last = Instant::now();
        while self.sending.load(SeqCst) > 0 || seen < self.taken.load(SeqCst) {
            let number = match blocks.recv_timeout(Duration::from_millis(20)) {
                Ok(number) => number,
                Err(RecvTimeoutError::Timeout) if last.elapsed() < PATIENCE && !self.stop.is_ordered() => {
                    continue;
                }
                Err(_) => bail!("there are no more blocks, and {seen} transactions are in one"),
            };
            let (hashes, used) = self.chain.read(number)?;
            last = Instant::now();
            for hash in &hashes {
                let place = numbers.get(hash).ok_or_eyre("a block has what nobody sent")?;
                let moment = readable.get_mut(*place).ok_or_eyre("a block has what nobody sent")?;
                ensure!(moment.replace(last).is_none(), "transaction {hash} is in two blocks");
            }
            meter.advance(hashes.len());
            (seen, gas, count) = (seen + hashes.len(), gas + used, count + 1);
        }
        let mut latencies = Vec::with_capacity(seen);
        for (acknowledged, readable) in self.acknowledged.iter().zip(readable) {
            match (acknowledged.get(), readable) {
                // It may be in a block before the thread that sent it goes on.
                (Some(acknowledged), Some(readable)) => {
                    latencies.push(readable.saturating_duration_since(*acknowledged));
                }
                (None, None) => {}
                _ => bail!("a transaction that was taken is in no block"),
            }
        }
        latencies.sort_unstable();
        let time = last.saturating_duration_since(self.begun);
        Ok(Flow { transactions: seen, gas, blocks: count, time, processor: Duration::ZERO, latencies })
    }
}

impl Flow {
    /// Transactions per second.
    pub(super) fn rate(&self) -> f64 {
        self.transactions as f64 / self.time.as_secs_f64()
    }

    pub(super) fn gigagas_per_second(&self) -> f64 {
        self.gas as f64 / self.time.as_secs_f64() / 1e9
    }

    /// The latency below which so many thousandths are.
    pub(super) fn latency(&self, thousandths: usize) -> Duration {
        let place = (self.latencies.len() * thousandths / 1_000).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(place).copied().unwrap_or_default()
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "transactions": self.transactions,
            "seconds": self.time.as_secs_f64(),
            "transactions_per_second": self.rate(),
            "gigagas_per_second": self.gigagas_per_second(),
            "gas_per_transaction": self.gas as f64 / self.transactions as f64,
            "blocks": self.blocks,
            "processor_seconds": self.processor.as_secs_f64(),
            "transactions_per_processor_second": self.transactions as f64 / self.processor.as_secs_f64(),
            "latency_seconds": {
                "median": self.latency(500).as_secs_f64(),
                "p99": self.latency(990).as_secs_f64(),
            },
        })
    }
}

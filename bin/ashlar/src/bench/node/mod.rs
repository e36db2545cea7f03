//! `ashlar bench node`: how many transactions a node takes, and where the time goes.

mod batch;
mod chain;
mod flow;
mod machine;
mod meter;
mod pair;
mod settle;
mod stages;
mod workload;

use super::origin;
use crate::output;
use alloy_primitives::Address;
use ashlar_batcher::{DataWay, calldata_room};
use ashlar_ethereum::SignedTransaction;
use ashlar_storage::InitialAccount;
use batch::Sealed;
use chain::Chain;
use clap::Args;
use eyre::{OptionExt, ensure};
use flow::{Flow, Load, flow};
use meter::Meter;
use serde_json::{Value, json};
use stages::{Stages, admit, sequence};
use std::{collections::BTreeMap, env, path::PathBuf, time::Duration};
use workload::{People, Workload, config};

/// A block time within which a block is filled whatever it takes.
const NO_HURRY: Duration = Duration::from_secs(3_600);

/// Share of the rate that a node takes at which latency is measured.
const CALM: f64 = 0.5;

/// Share of the calldata's room that a batch is made to fill, in per cent: its transactions differ in size.
const CALLDATA_PERCENT: u64 = 90;

/// What a reader of the figures has to know.
const NOTES: [&str; 7] = [
    "A node in one process, over its database on disk, without JSON-RPC, prover and Ethereum; rules as `ashlar up` has them. Every \
     transaction was included and succeeded, or there would be no figures.",
    "pipeline: senders, sequencer and a reader at once, as fast as they can. calm: the same at half of that rate. Latency is from the \
     acknowledgement, when the transaction is durable, to its block being readable; in the pipeline it is mostly waiting in the pool.",
    "stages: one after the other, so that each has the machine for itself.",
    "Whatever else the machine does makes all that is in seconds worse: such figures are bounds from below. Seconds of processors \
     are less disturbed.",
    "batch: the first batch that is sealed, with blobs; calldata_batch: one that fits into calldata. The gas on Ethereum is calculated: \
     the calldata of the settling transaction with a proof of average length, and what the contracts' tests measured.",
    "The pair is the bench's own, and smaller than pairs in use.",
    "settling: a chain of `ashlar up` with its anvil, which makes blocks at once; the machine proves and does everything else. Receivers \
     are new accounts. Seconds are from when the batch was seen to be sealed; gas is what Ethereum's receipt says.",
];

/// Measures a node: transactions per second through its whole pipeline (pool, sequencer, database, reading back) and the share of each
/// stage; latency; what batches publish, and what settling them takes.
///
/// Each workload runs on chains of its own, from a new genesis. Senders sign before the clock starts.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Transactions of each workload.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(10..=10_000_000))]
    transactions: u32,

    /// Accounts of the state. As many of them as there are transactions send.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(2..=10_000_000))]
    accounts: u32,

    /// Longest time in which transactions are sent, for each of the two runs that send while blocks are made.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,

    /// Threads that send at the same time, as wallets do.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    threads: u16,

    /// Workloads; all, if none is named.
    #[arg(long, value_enum, value_delimiter = ',')]
    workloads: Vec<Workload>,

    /// Where the databases are made, and removed again. The folder for temporary files, if none is named.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,

    /// Also has so many transfers proven and accepted by Ethereum, and measures the time from sealed to accepted. Takes anvil, as
    /// `ashlar up` does, and minutes.
    #[arg(long, value_name = "TRANSFERS", value_parser = clap::value_parser!(u16).range(1..=12_800))]
    settle: Option<u16>,

    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// What all workloads share.
struct Bench {
    folder: PathBuf,
    people: People,
    genesis: BTreeMap<Address, InitialAccount>,
    transactions: usize,
    threads: usize,
    time: Duration,
    meter: Meter,
}

/// What was measured of a workload.
struct Row {
    workload: Workload,
    pipeline: Flow,
    calm: Flow,
    stages: Stages,
    batch: Sealed,
    calldata_batch: Sealed,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let workloads = match arguments.workloads.is_empty() {
        true => Workload::ALL.to_vec(),
        false => arguments.workloads.clone(),
    };
    let bench = Bench::new(arguments, workloads.len())?;
    let rows: eyre::Result<Vec<_>> = workloads.into_iter().map(|workload| bench.measure(workload)).collect();
    let settling = match (&rows, arguments.settle) {
        (Ok(_), Some(count)) => Some(settle::measure(&bench.folder, count.into(), &bench.meter)),
        _ => None,
    };
    bench.meter.finish();
    let (rows, settling) = (rows?, settling.transpose()?);
    if arguments.json {
        let report = json!({
            "origin": origin(),
            "build": if cfg!(debug_assertions) { "development" } else { "release" },
            "notes": NOTES,
            "accounts": arguments.accounts,
            "threads": arguments.threads,
            "workloads": rows.iter().map(Row::json).collect::<Vec<_>>(),
            "settling": settling,
        });
        return output::print(&serde_json::to_string_pretty(&report)?);
    }
    let rows: Vec<_> = rows.iter().map(Row::text).chain(settling.iter().map(settle::text)).collect();
    output::print(&rows.join("\n\n"))
}

impl Bench {
    fn new(arguments: &Arguments, workloads: usize) -> eyre::Result<Self> {
        let transactions = usize::try_from(arguments.transactions)?;
        let accounts = usize::try_from(arguments.accounts)?;
        // Three runs of each workload.
        let meter = Meter::new(transactions * workloads * 3);
        meter.say("making accounts".to_owned());
        let people = People::new(accounts, accounts.min(transactions))?;
        let genesis = people.genesis(&config())?;
        Ok(Self {
            folder: arguments.folder.clone().unwrap_or_else(env::temp_dir),
            people,
            genesis,
            transactions,
            threads: arguments.threads.into(),
            time: Duration::from_secs(arguments.seconds),
            meter,
        })
    }

    fn measure(&self, workload: Workload) -> eyre::Result<Row> {
        let name = workload.name();
        self.meter.say(format!("{name}: signing"));
        let transactions = self.people.sign(workload, self.transactions)?;
        self.meter.say(format!("{name}: everything at once"));
        let pipeline = self.flow(&transactions, None)?;
        self.meter.say(format!("{name}: half of that"));
        let calm = self.flow(&transactions, Some(pipeline.rate() * CALM))?;
        self.meter.say(format!("{name}: one stage after the other"));
        let (chain, sequencer) = self.chain()?;
        let stages = Stages::measure(&chain, sequencer, &transactions, self.threads, &self.meter)?;
        self.meter.say(format!("{name}: batches"));
        let batch = Sealed::first(&chain, DataWay::Blobs)?;
        let calldata_batch = self.calldata_batch(&transactions, &batch)?;
        Ok(Row { workload, pipeline, calm, stages, batch, calldata_batch })
    }

    fn flow(&self, transactions: &[SignedTransaction], rate: Option<f64>) -> eyre::Result<Flow> {
        let load = Load { threads: self.threads, time: self.time, rate };
        let flow = flow(&self.folder, &self.genesis, transactions, load, &self.meter)?;
        ensure!(flow.transactions > 0, "no transaction was sent in {} s", self.time.as_secs());
        // What was not sent in time needs no time any more.
        self.meter.advance(transactions.len().saturating_sub(flow.transactions));
        Ok(flow)
    }

    fn chain(&self) -> eyre::Result<(Chain, ashlar_node::Sequencer<chain::TimedStore>)> {
        Chain::begin(&self.folder, &self.genesis, NO_HURRY, Box::new(|_| ()))
    }

    /// A batch of as many of these transactions as fit into calldata, if they publish as much as those of another batch.
    fn calldata_batch(&self, transactions: &[SignedTransaction], like: &Sealed) -> eyre::Result<Sealed> {
        let room = calldata_room(0) as f64 * CALLDATA_PERCENT as f64 / 100.0;
        let count = (room / like.pubdata_per_transaction()).floor() as usize;
        let count = count.clamp(1, transactions.len());
        let (chain, mut sequencer) = self.chain()?;
        admit(&chain, transactions.get(..count).ok_or_eyre("there are no transactions")?, self.threads)?;
        sequence(&chain, &mut sequencer, 1)?;
        let sealed = Sealed::first(&chain, DataWay::Calldata)?;
        ensure!(sealed.record.versioned_hashes.is_empty(), "the batch does not fit into calldata");
        Ok(sealed)
    }
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "name": self.workload.name(),
            "pipeline": self.pipeline.json(),
            "calm": self.calm.json(),
            "stages": self.stages.json(),
            "batch": self.batch.json(),
            "calldata_batch": self.calldata_batch.json(),
        })
    }

    fn text(&self) -> String {
        let latency = |flow: &Flow, thousandths| flow.latency(thousandths).as_secs_f64() * 1e3;
        let shares =
            self.stages.shares().into_iter().map(|(name, share)| format!("{name} {:.0} %", share * 1e2));
        format!(
            "{}\n  {:.0} transactions/s, {:.3} Ggas/s\n  latency {:.0} ms, 99 of 100 within {:.0} ms, at {:.0} transactions/s\n  {}\n  \
             {:.1} bytes of pubdata, {:.0} gas and {:.0} blob gas on Ethereum for each; in calldata {:.0} gas",
            self.workload.name(),
            self.pipeline.rate(),
            self.pipeline.gigagas_per_second(),
            latency(&self.calm, 500),
            latency(&self.calm, 990),
            self.calm.rate(),
            shares.collect::<Vec<_>>().join(", "),
            self.batch.pubdata_per_transaction(),
            self.batch.gas_per_transaction(),
            self.batch.blob_gas_per_transaction(),
            self.calldata_batch.gas_per_transaction(),
        )
    }
}

//! How long it takes from a sealed batch to its acceptance on Ethereum: a chain of `ashlar up` in a process of its own, with a real
//! proof and an anvil.

use super::{meter::Meter, workload::CHAIN_ID};

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U64, U256, keccak256};
use alloy_sol_types::SolEvent;
use ashlar_ethereum::{Account, BlockAt, Client, Unsigned};
use ashlar_sdk::Node;
use ashlar_settlement::abi::chain::RollupChain::BatchExecuted;
use eyre::{OptionExt, WrapErr, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Transfers that an account sends: no more may wait of one sender.
const PER_ACCOUNT: usize = 200;

/// Transactions in one request.
const PER_REQUEST: usize = 50;

/// Seconds from a block to its batch: long enough that the transfers come into one.
const BATCH_AGE: &str = "20";

/// Time between two looks at the chain.
const POLL: Duration = Duration::from_millis(100);

/// Most wei per gas that a transfer pays.
const MAX_FEE: u128 = 1_000_000_000_000;

/// A running `ashlar up`.
struct Up {
    process: Child,
    log: PathBuf,
    ready: Value,
    /// Removed with the chain.
    _folder: TempDir,
}

/// When a batch was first seen to be so far.
struct Seen {
    number: u64,
    sealed: Instant,
    proven: Option<Instant>,
    executed: Option<Instant>,
}

/// Has so many transfers proven and accepted by Ethereum.
pub(super) fn measure(folder: &Path, transfers: usize, meter: &Meter) -> eyre::Result<Value> {
    meter.say("settling: starting a chain".to_owned());
    let mut up = Up::start(folder, transfers.div_ceil(PER_ACCOUNT))?;
    meter.say("settling: sending".to_owned());
    let last_block = up.send(transfers)?;
    let seen = up.follow(last_block, meter)?;
    let batches = seen.iter().map(|seen| up.batch(seen)).collect::<eyre::Result<Vec<_>>>()?;
    up.stop()?;
    Ok(json!({ "transfers": transfers, "batches": batches }))
}

impl Up {
    fn start(folder: &Path, accounts: usize) -> eyre::Result<Self> {
        fs::create_dir_all(folder).wrap_err_with(|| format!("making {}", folder.display()))?;
        let folder = tempfile::Builder::new().prefix("ashlar-bench-").tempdir_in(folder)?;
        let log = folder.path().join("up.log");
        let mut process = Command::new(env::current_exe().wrap_err("finding this program")?)
            .args(["up", "--json", "--dir"])
            .arg(folder.path().join("chain"))
            .args(["--rpc", "127.0.0.1:0", "--l1-port", "0", "--batch-age", BATCH_AGE])
            .args(["--chain-id", &CHAIN_ID.to_string(), "--accounts", &accounts.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .wrap_err("starting `ashlar up`")?;
        let said = process.stdout.take().ok_or_eyre("`ashlar up` has no output")?;
        let mut up = Self { process, log, ready: Value::Null, _folder: folder };
        up.ready = up.read_ready(said)?;
        Ok(up)
    }

    fn read_ready(&self, said: ChildStdout) -> eyre::Result<Value> {
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        serde_json::from_str(&line).or_else(|_| bail!("`ashlar up` does not start: {}", self.said()))
    }

    /// What it said on stderr.
    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn text(&self, pointer: &str) -> eyre::Result<&str> {
        self.ready.pointer(pointer).and_then(Value::as_str).ok_or_eyre("`ashlar up` says too little")
    }

    fn l2(&self) -> eyre::Result<Client> {
        Ok(Client::new(self.text("/rpc")?))
    }

    /// Sends transfers to accounts that are new, and waits until they are in blocks: the number of the last one.
    fn send(&self, transfers: usize) -> eyre::Result<u64> {
        let accounts = self.ready["accounts"].as_array().ok_or_eyre("`ashlar up` names no accounts")?;
        let l2 = self.l2()?;
        let mut left = transfers;
        let mut sent = Vec::new();
        for account in accounts {
            let file = account["keyFile"].as_str().ok_or_eyre("an account has no key")?;
            let account = Account::from_file(Path::new(file))?;
            let count = left.min(PER_ACCOUNT);
            let signed =
                (0..count).map(|nonce| transfer(&account, nonce)).collect::<eyre::Result<Vec<_>>>()?;
            for part in signed.chunks(PER_REQUEST) {
                let send = |raw: &Bytes| ashlar_ethereum::Call::new("eth_sendRawTransaction", json!([raw]));
                l2.call_all(&part.iter().map(send).collect::<Vec<_>>())?;
            }
            sent.push((account.address(), u64::try_from(count)?));
            left -= count;
        }
        for (sender, count) in sent {
            while l2.nonce(sender, BlockAt::Latest)? < count {
                thread::sleep(POLL);
            }
        }
        Ok(l2.call::<U64>("eth_blockNumber", json!([]))?.to())
    }

    /// Waits until the batch of this block is executed on Ethereum. When it and those before it were how far.
    fn follow(&mut self, block: u64, meter: &Meter) -> eyre::Result<Vec<Seen>> {
        let node = Node::new(self.text("/rpc")?);
        let mut seen: Vec<Seen> = Vec::new();
        loop {
            ensure!(self.process.try_wait()?.is_none(), "`ashlar up` has ended: {}", self.said());
            let status = node.status()?;
            let now = Instant::now();
            let number = |batch: Option<U64>| batch.map_or(0, |batch| batch.to::<u64>());
            for number in seen.len() as u64 + 1..=number(status.sealed_batch) {
                seen.push(Seen { number, sealed: now, proven: None, executed: None });
            }
            for batch in &mut seen {
                if batch.number <= number(status.proven_batch) {
                    batch.proven.get_or_insert(now);
                }
                if batch.number <= number(status.executed_batch) {
                    batch.executed.get_or_insert(now);
                }
            }
            let last = node.batch_of_block(block)?;
            if last.is_some_and(|last| last.number.to::<u64>() <= number(status.executed_batch)) {
                return Ok(seen);
            }
            meter.say(match status.prover {
                Some(proving) => format!("settling: {} of {} {}", proving.done, proving.total, proving.phase),
                None => "settling".to_owned(),
            });
            thread::sleep(POLL);
        }
    }

    /// What there is to say of an executed batch.
    fn batch(&self, seen: &Seen) -> eyre::Result<Value> {
        let facts: Value = self.l2()?.call("ashlar_batch", json!([U64::from(seen.number)]))?;
        let l1 = Client::new(self.text("/l1")?);
        let chain: Address = self.text("/contracts/chain")?.parse()?;
        let topics = [BatchExecuted::SIGNATURE_HASH, B256::from(U256::from(seen.number))];
        let filter = json!({"address": chain, "topics": topics, "fromBlock": "0x0"});
        let logs: Vec<Value> = l1.call("eth_getLogs", json!([filter]))?;
        let log = logs.first().ok_or_eyre("Ethereum has no log of the batch")?;
        let receipt: Value = l1.call("eth_getTransactionReceipt", json!([log["transactionHash"]]))?;
        let quantity =
            |value: &Value| serde_json::from_value::<U64>(value.clone()).map(|value| value.to::<u64>());
        let since = |then: Option<Instant>| then.map(|then| (then - seen.sealed).as_secs_f64());
        Ok(json!({
            "number": seen.number,
            "transactions": quantity(&facts["transactions"])?,
            "operations": quantity(&facts["operations"])?,
            "proving_cost": quantity(&facts["cost"])?,
            "pubdata_bytes": quantity(&facts["pubdataBytes"])?,
            "data": facts["data"],
            "seconds_until_proven": since(seen.proven),
            "seconds_until_accepted": since(seen.executed),
            "gas": quantity(&receipt["gasUsed"])?,
        }))
    }

    /// Stops it as Ctrl-C does; its anvil ends with it.
    fn stop(mut self) -> eyre::Result<()> {
        self.interrupt();
        ensure!(self.process.wait()?.success(), "`ashlar up` does not end well: {}", self.said());
        Ok(())
    }

    fn interrupt(&self) {
        if let Some(id) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            // One that has ended needs no signal.
            kill_process(id, Signal::INT).ok();
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|status| status.is_none()) {
            self.interrupt();
            self.process.wait().ok();
        }
    }
}

/// A signed transfer of a wei to an account that nobody else sends to.
fn transfer(account: &Account, nonce: usize) -> eyre::Result<Bytes> {
    let nonce = u64::try_from(nonce)?;
    let to = Address::from_word(keccak256([account.address().as_slice(), &nonce.to_be_bytes()].concat()));
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: MAX_FEE,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(to),
        value: U256::ONE,
        ..TxEip1559::default()
    };
    Ok(account.sign(Unsigned::Plain(transaction))?.raw)
}

/// What a reader sees of a measured batch.
pub(super) fn text(report: &Value) -> String {
    let lines = report["batches"].as_array().into_iter().flatten().map(|batch| {
        format!(
            "  batch {}: {} transactions, {} operations; proven {:.0} s after it was sealed, accepted after {:.0} s, {} gas",
            batch["number"],
            batch["transactions"],
            batch["operations"],
            batch["seconds_until_proven"].as_f64().unwrap_or_default(),
            batch["seconds_until_accepted"].as_f64().unwrap_or_default(),
            batch["gas"],
        )
    });
    format!("settling\n{}", lines.collect::<Vec<_>>().join("\n"))
}

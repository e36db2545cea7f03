//! A chain in a folder of its own: store, pool and sequencer, as the node has them.

use super::workload::config;
use alloy_primitives::{Address, B256};
use ashlar_ethereum::OperationsLock;
use ashlar_mempool::{Limits, Mempool, StoreAccounts};
use ashlar_node::{OnBlock, Sequencer, SequencerSettings};
use ashlar_stf::rollup::genesis_header;
use ashlar_storage::{
    BlockRecord, ChainRecords, Changes, Direction, DiskStore, Entry, InitialAccount, StateDb, Store,
    StoreError, Table,
};
use eyre::{WrapErr, ensure, eyre};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// Memory in which the store keeps blocks of tables: the node's default.
const CACHE_BYTES: u64 = 256 << 20;

/// A store that counts the time of its calls, of all threads together.
pub(super) struct TimedStore {
    store: DiskStore,
    reads: AtomicU64,
    writes: AtomicU64,
}

impl TimedStore {
    /// Time of reads and of writes so far.
    pub(super) fn times(&self) -> (Duration, Duration) {
        let read = |time: &AtomicU64| Duration::from_nanos(time.load(Relaxed));
        (read(&self.reads), read(&self.writes))
    }
}

fn timed<T>(sum: &AtomicU64, act: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = act();
    sum.fetch_add(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX), Relaxed);
    result
}

impl Store for TimedStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        timed(&self.reads, || self.store.get(table, key))
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        timed(&self.reads, || self.store.scan(table, from, direction, limit))
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        timed(&self.writes, || self.store.write(changes))
    }
}

/// A chain without a sequencer, which belongs to the thread that makes blocks.
pub(super) struct Chain {
    pub(super) store: Arc<TimedStore>,
    pub(super) pool: Mempool,
    pub(super) accounts: StoreAccounts,
    /// Removed with the chain.
    _folder: TempDir,
}

impl Chain {
    /// A chain that begins with these accounts.
    pub(super) fn begin(
        folder: &Path,
        genesis: &BTreeMap<Address, InitialAccount>,
        block_time: Duration,
        on_block: OnBlock,
    ) -> eyre::Result<(Self, Sequencer<TimedStore>)> {
        fs::create_dir_all(folder).wrap_err_with(|| format!("making {}", folder.display()))?;
        let folder = tempfile::Builder::new().prefix("ashlar-bench-").tempdir_in(folder)?;
        let store = DiskStore::open(&folder.path().join("db"), CACHE_BYTES)?;
        let store = Arc::new(TimedStore { store, reads: AtomicU64::new(0), writes: AtomicU64::new(0) });
        let (config, time) = (config(), now()?);
        let state = StateDb::begin(Arc::clone(&store), genesis, |root| genesis_header(&config, root, time))?;
        let accounts = StoreAccounts(Arc::clone(&store) as _);
        let base_fee = config.base_fee_min;
        let pool = Mempool::open(Arc::clone(&store) as _, config, Limits::default(), &accounts, base_fee)?;
        let settings = SequencerSettings { beneficiary: Address::repeat_byte(0xfe), block_time };
        let lock = OperationsLock::default();
        let sequencer = Sequencer::new(config, settings, state, pool.clone(), lock, on_block);
        Ok((Self { store, pool, accounts, _folder: folder }, sequencer))
    }

    /// Reads a block back as whoever asks for it does: its record, and the place of each of its transactions. All must have
    /// succeeded. Their hashes, and the gas of the block.
    pub(super) fn read(&self, number: u64) -> eyre::Result<(Vec<B256>, u64)> {
        let block = self.store.block(number)?.ok_or_else(|| eyre!("block {number} is not there"))?;
        let BlockRecord { header, results, .. } = block;
        for (index, result) in (0..).zip(&results) {
            ensure!(result.receipt.is_success(), "transaction {} of block {number} failed", result.hash);
            let place = self.store.transaction_place(&result.hash)?;
            let is_here = place.is_some_and(|place| place.block == number && place.index == index);
            ensure!(is_here, "transaction {} is not where block {number} has it", result.hash);
        }
        Ok((results.iter().map(|result| result.hash).collect(), header.header.gas_used))
    }
}

/// Seconds since 1970.
pub(super) fn now() -> eyre::Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(now.wrap_err("the clock of this machine is before 1970: set it")?.as_secs())
}

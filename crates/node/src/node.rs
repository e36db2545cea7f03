//! A node: all components, wired together.

use crate::{
    adapters::{Settled, SharedPool, StoredAccounts},
    chain_file::{ChainFile, ChainFileError, Contracts},
    proofs::Proofs,
    sequencer::{Sequencer, SequencerSettings},
    settings::{DataWay, RpcSettings, Settings},
    settler::{Settler, SettlerStatus},
    stop::Stop,
    supervisor::{Ended, Supervisor},
    workers::{self, Logged},
};
use ashlar_batcher::{
    DamagedGuest, DataPolicy, JobQueue, JobServer, JobSettings, LocalJobs, Prices, Progress, SealSettings,
    SealStep, Sealer, ServerError, Token, TokenError, WorkStep, Worker, WorkerError, rollup_key,
};
use ashlar_ethereum::{
    Account, AccountError, Client, FeeLimits, L1Status, Sender, SenderError, SenderSettings, SharedStatus,
    Watcher, WatcherError, WatcherSettings,
};
use ashlar_mempool::Mempool;
use ashlar_primitives::rollup::RollupConfig;
use ashlar_rpc::{ChainDetails, Heads, L1Contracts, Server, StartError};
use ashlar_stf::rollup::{ChainState, base_fee, next_excess};
use ashlar_storage::{ChainError, ChainRecords, DiskStore, StateDbError, StoreError};
use std::{
    fs, io,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use thiserror::Error;
use tracing::{info, warn};

/// How long components wait that found nothing to do.
const IDLE: Duration = Duration::from_millis(250);

/// Most blocks of Ethereum that logs are asked of at once.
const LOG_BLOCKS: u64 = 1_000;

/// Why a node does not start.
#[derive(Debug, Error)]
pub enum NodeError {
    /// The chain's file cannot be read.
    #[error("reading the chain's file {file}: {reason}")]
    ChainFile {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The chain's file is none.
    #[error("{file} is no chain's file: {reason}")]
    ChainSyntax {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: serde_json::Error,
    },
    /// The chain does not begin.
    #[error(transparent)]
    Chain(#[from] ChainFileError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state cannot be read.
    #[error(transparent)]
    State(#[from] StateDbError),
    /// The chain cannot be read.
    #[error(transparent)]
    Records(#[from] ChainError),
    /// Ethereum is not the one on which the chain was built.
    #[error(transparent)]
    Ethereum(#[from] WatcherError),
    /// The key that settles is none.
    #[error("the key that settles: {0}")]
    Account(#[from] AccountError),
    /// The sender does not start.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The program is damaged.
    #[error(transparent)]
    Guest(#[from] DamagedGuest),
    /// The program is another than the chain's.
    #[error(
        "this program proves with another guest than the chain's contracts verify: use the version that the chain was made with"
    )]
    OtherGuest,
    /// The batches do not go on.
    #[error(transparent)]
    Seal(#[from] ashlar_batcher::SealError),
    /// Nothing can be proven.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// There is no token for workers.
    #[error("the token of workers (prover.token): {0}")]
    Token(#[from] TokenError),
    /// Workers get no jobs.
    #[error(transparent)]
    Workers(#[from] ServerError),
    /// JSON-RPC is not served.
    #[error(transparent)]
    Rpc(#[from] StartError),
    /// A component does not start.
    #[error(transparent)]
    Component(#[from] Ended),
    /// The clock of this machine is before 1970.
    #[error("the clock of this machine is before 1970: set it")]
    Clock,
}

/// A running node.
pub struct Node {
    supervisor: Supervisor,
    server: Server,
    workers: Option<SocketAddr>,
    view: View,
}

/// What a node does now. Copies are of one node.
#[derive(Clone)]
pub struct View {
    store: Arc<DiskStore>,
    ethereum: SharedStatus,
    settling: SettlerStatus,
    proofs: Proofs,
    queue: Queue,
    pool: Mempool,
}

type Queue = Arc<JobQueue<Arc<DiskStore>>>;

/// A moment of a node.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Number of the last block.
    pub head: u64,
    /// Transactions that can be executed, and others, that wait.
    pub waiting: (usize, usize),
    /// The last sealed batch.
    pub sealed: u64,
    /// The last block of that.
    pub sealed_block: u64,
    /// Batches that are proven.
    pub proven: u64,
    /// The proof that is being made.
    pub proving: Option<Progress>,
    /// Ethereum.
    pub ethereum: L1Status,
    /// What is sent to Ethereum.
    pub settling: Option<ashlar_ethereum::Progress>,
    /// What keeps a proven batch from being settled, in words.
    pub held: Option<String>,
}

impl View {
    /// What is so now.
    pub fn snapshot(&self) -> Result<Snapshot, ChainError> {
        let head = self.store.head()?.map_or(0, |head| head.header.number);
        let sealed = self.store.last_batch()?;
        let sealed_block = self.store.batch(sealed)?.map_or(0, |batch| batch.output.last_block);
        Ok(Snapshot {
            head,
            waiting: self.pool.counts(),
            sealed,
            sealed_block,
            // A count that cannot be read is shown as none; the worker fails with the reason.
            proven: self.queue.proven().unwrap_or(0),
            proving: self.proofs.current(),
            ethereum: self.ethereum.get(),
            settling: self.settling.get(),
            held: self.settling.held(),
        })
    }
}

/// What components share while they are started.
struct Parts<'s> {
    settings: &'s Settings,
    chain: ChainFile,
    config: RollupConfig,
    store: Arc<DiskStore>,
    client: Client,
    ethereum: SharedStatus,
    queue: Queue,
    proofs: Proofs,
    settling: SettlerStatus,
}

impl Node {
    /// Starts all components. They end when `stop` is ordered, or when one of them fails.
    pub fn start(settings: &Settings, stop: Stop) -> Result<Self, NodeError> {
        let chain = read_chain(settings)?;
        let config = chain.config()?;
        if rollup_key()?.program_key().0 != chain.program_key.0 {
            return Err(NodeError::OtherGuest);
        }
        let store = Arc::new(DiskStore::open(&settings.data.join("db"), settings.cache_bytes)?);
        let state = chain.open(Arc::clone(&store))?;
        let client = Client::new(&settings.l1.url);
        let mut watcher = Watcher::new(client.clone(), Arc::clone(&store), watch(settings, &chain, &config));
        // Before anything is built on what Ethereum may have taken back meanwhile. If it does not answer, the chain goes on.
        watcher.look(SystemTime::now())?;
        let (ethereum, lock) = (watcher.status(), watcher.operations_lock());
        let pool = open_pool(&store, config, &state)?;
        let heads = Heads::default();
        let job_settings = JobSettings::default();
        let queue = Arc::new(JobQueue::new(Arc::clone(&store), config.protocol_version, job_settings)?);
        let (proofs, settling) = Default::default();
        let parts = Parts { settings, chain, config, store, client, ethereum, queue, proofs, settling };
        let server = parts.serve(&pool, &heads)?;
        let mut supervisor = Supervisor::new(stop);
        let on_block = {
            let heads = heads.clone();
            Box::new(move |block: &Arc<_>| heads.send(Arc::clone(block)))
        };
        let sequencer_settings =
            SequencerSettings { beneficiary: settings.fee_recipient, block_time: settings.block_time };
        let sequencer = Sequencer::new(config, sequencer_settings, state, pool.clone(), lock, on_block);
        supervisor.spawn("the watcher of Ethereum", move |stop| {
            watcher.run(|pause| stop.wait(pause)).map_err(Into::into)
        })?;
        supervisor.spawn("the sequencer", move |stop| sequencer.run(stop).map_err(Into::into))?;
        parts.announce(&pool, heads, &mut supervisor)?;
        parts.seal(&mut supervisor)?;
        parts.prove(&mut supervisor)?;
        let workers = parts.employ(&mut supervisor)?;
        parts.settle(&mut supervisor)?;
        let Parts { store, ethereum, queue, proofs, settling, .. } = parts;
        Ok(Self {
            supervisor,
            server,
            workers,
            view: View { store, ethereum, settling, proofs, queue, pool },
        })
    }

    /// Where JSON-RPC is served.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where workers in other processes get jobs, if they do.
    pub const fn workers_address(&self) -> Option<SocketAddr> {
        self.workers
    }

    /// What it does.
    pub fn view(&self) -> View {
        self.view.clone()
    }

    /// Waits until all components have ended. The first failure, if there is one.
    pub fn wait(self) -> Result<(), Ended> {
        let Self { supervisor, server, .. } = self;
        let ended = supervisor.wait();
        server.stop();
        ended
    }
}

fn read_chain(settings: &Settings) -> Result<ChainFile, NodeError> {
    let file = settings.chain.clone();
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(reason) => return Err(NodeError::ChainFile { file, reason }),
    };
    serde_json::from_str(&text).map_err(|reason| NodeError::ChainSyntax { file, reason })
}

fn watch(settings: &Settings, chain: &ChainFile, config: &RollupConfig) -> WatcherSettings {
    WatcherSettings {
        l1_chain_id: chain.l1_chain_id,
        chain_id: config.chain_id,
        chain: chain.contracts.chain,
        first_block: chain.l1_first_block,
        confirmations: settings.l1.confirmations,
        range_blocks_max: LOG_BLOCKS,
        interval: settings.l1.poll,
    }
}

fn open_pool(
    store: &Arc<DiskStore>,
    config: RollupConfig,
    state: &impl ChainState,
) -> Result<Mempool, NodeError> {
    let parent = &state.parent().header;
    let now = now()?.as_secs().max(parent.timestamp);
    let base_fee = base_fee(&config, next_excess(&config, parent, now).unwrap_or(0));
    let accounts = StoredAccounts(Arc::clone(store));
    Ok(Mempool::open(Arc::clone(store) as _, config, ashlar_mempool::Limits::default(), &accounts, base_fee)?)
}

fn now() -> Result<Duration, NodeError> {
    SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| NodeError::Clock)
}

impl Parts<'_> {
    fn serve(&self, pool: &Mempool, heads: &Heads) -> Result<Server, NodeError> {
        let accounts = StoredAccounts(Arc::clone(&self.store));
        let node = ashlar_rpc::Node {
            store: Arc::clone(&self.store) as _,
            config: self.config,
            details: self.details(),
            pool: Arc::new(SharedPool { pool: pool.clone(), accounts }),
            settlement: Arc::new(Settled {
                store: Arc::clone(&self.store),
                ethereum: self.ethereum.clone(),
                queue: Arc::clone(&self.queue),
                proofs: self.proofs.clone(),
                settling: self.settling.clone(),
            }),
            heads: heads.clone(),
            client_version: concat!("ashlar/", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let RpcSettings { listen, hosts, origins, connections, executions, log_blocks } =
            self.settings.rpc.clone();
        let limits = ashlar_rpc::Limits { connections, executions, log_blocks, ..Default::default() };
        let settings = ashlar_rpc::Settings { address: listen, hosts, origins, limits };
        Ok(Server::start(&settings, node)?)
    }

    fn details(&self) -> ChainDetails {
        let Contracts { bridgehub, asset_router, vault, message_root, versions, chain, .. } =
            self.chain.contracts;
        ChainDetails {
            l1_chain_id: self.chain.l1_chain_id,
            contracts: L1Contracts {
                bridgehub,
                asset_router,
                vault,
                message_root,
                protocol_versions: versions,
                chain,
            },
            program_key: self.chain.program_key,
        }
    }

    /// Tells subscribers of transactions that can be executed.
    fn announce(&self, pool: &Mempool, heads: Heads, supervisor: &mut Supervisor) -> Result<(), NodeError> {
        let Some(hashes) = pool.subscribe(8_192) else { return Ok(()) };
        supervisor.spawn("the announcer of transactions", move |stop| {
            while !stop.is_ordered() {
                if let Ok(hash) = hashes.recv_timeout(IDLE) {
                    heads.send_transaction(hash);
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    fn seal(&self, supervisor: &mut Supervisor) -> Result<(), NodeError> {
        let data = match self.settings.data_way {
            DataWay::Blobs => DataPolicy::Blobs,
            DataWay::Cheapest => DataPolicy::Cheaper,
        };
        let settings = SealSettings {
            max_age: self.settings.batch_age.as_secs(),
            max_cost: self.settings.batch_cost,
            data,
            ..SealSettings::default()
        };
        let mut sealer = Sealer::open(Arc::clone(&self.store), self.config, settings)?;
        let ethereum = self.ethereum.clone();
        supervisor.spawn("the sealer of batches", move |stop| {
            while !stop.is_ordered() {
                match sealer.step(now()?.as_secs(), &prices(&ethereum.get()))? {
                    SealStep::Waiting => drop(stop.wait(IDLE)),
                    SealStep::Reading => {}
                    SealStep::Sealed { batch, reason } => {
                        let (first, last) = (batch.output.first_block, batch.output.last_block);
                        info!(batch = batch.number, first, last, %reason, "a batch is sealed");
                    }
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    fn jobs(&self) -> LocalJobs<Arc<DiskStore>> {
        LocalJobs::new(Arc::clone(&self.queue), Arc::clone(&self.store), self.config)
    }

    /// Gives jobs to workers in other processes: where they get them.
    fn employ(&self, supervisor: &mut Supervisor) -> Result<Option<SocketAddr>, NodeError> {
        let Some(workers) = &self.settings.workers else { return Ok(None) };
        let token = Token::read(&workers.token_file)?;
        let server = JobServer::start(workers.listen, token, Arc::new(Logged(self.jobs())))?;
        let address = server.address();
        supervisor.spawn("the server of jobs", move |stop| workers::run(server, stop).map_err(Into::into))?;
        Ok(Some(address))
    }

    fn prove(&self, supervisor: &mut Supervisor) -> Result<(), NodeError> {
        if !self.settings.prove {
            return Ok(());
        }
        let jobs = self.jobs();
        let folder = self.settings.data.join("proofs");
        let (proofs, store) = (self.proofs.clone(), Arc::clone(&self.store));
        supervisor.spawn("the prover", move |stop| {
            let worker = Worker::new(jobs, "local", &folder)?;
            while !stop.is_ordered() {
                let step = worker.step(&|| stop.is_ordered(), &mut |progress| proofs.show(Some(*progress)));
                proofs.show(None);
                match step? {
                    WorkStep::Idle => drop(stop.wait(IDLE)),
                    WorkStep::Proven { batch, time, .. } => {
                        if let Some(record) = store.batch(batch)? {
                            proofs.proven(record.cost, time);
                        }
                        info!(batch, seconds = time.as_secs(), "a batch is proven");
                    }
                    WorkStep::Failed { batch, reason } => {
                        warn!(batch, reason, "a batch is not proven; it is tried again");
                        stop.wait(IDLE);
                    }
                    WorkStep::Lost { batch } => warn!(batch, "another worker has the job now"),
                    WorkStep::Stopped => return Ok(()),
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    fn settle(&self, supervisor: &mut Supervisor) -> Result<(), NodeError> {
        let Some(key_file) = &self.settings.l1.key_file else { return Ok(()) };
        let l1 = &self.settings.l1;
        let settings = SenderSettings {
            l1_chain_id: self.chain.l1_chain_id,
            limits: FeeLimits { max: l1.max_fee, blob: l1.max_blob_fee },
            confirmations: l1.confirmations,
            bump_after: l1.replace_after,
        };
        let account = Account::from_file(key_file)?;
        let sender = Sender::new(self.client.clone(), account, Arc::clone(&self.store), settings)?;
        let program = rollup_key()?.program_key();
        let chain = self.chain.contracts.chain;
        let (store, ethereum, status) =
            (Arc::clone(&self.store), self.ethereum.clone(), self.settling.clone());
        let settler = Settler::new(store, sender, ethereum, chain, program, l1.poll, status);
        supervisor.spawn("the settler", move |stop| settler.run(stop).map_err(Into::into))?;
        Ok(())
    }
}

/// What Ethereum asks for gas; where it is not known, as if blobs cost as much as gas.
fn prices(status: &L1Status) -> Prices {
    let view = status.view.as_ref();
    let gas = view.map_or(1, |view| view.head.base_fee);
    Prices { gas, blob_gas: view.and_then(|view| view.blob_base_fee).unwrap_or(gas) }
}

//! The configuration file of a node: what is written in it, and what it means.

use alloy_primitives::Address;
use serde::Deserialize;
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use thiserror::Error;

/// What a node is told, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Folder of everything that the node keeps.
    pub data: PathBuf,
    /// File of the chain.
    pub chain: PathBuf,
    /// Ethereum.
    pub l1: L1Settings,
    /// How JSON-RPC is served.
    pub rpc: RpcSettings,
    /// Receives the fees.
    pub fee_recipient: Address,
    /// Shortest time from one block to the next.
    pub block_time: Duration,
    /// Longest time from a block to its batch.
    pub batch_age: Duration,
    /// Proving cost of a batch to which no block is added any more, cycle equivalents.
    pub batch_cost: u64,
    /// How batches are published.
    pub data_way: DataWay,
    /// Whether this process proves.
    pub prove: bool,
    /// Jobs for workers in other processes; none if there are no such workers.
    pub workers: Option<WorkerSettings>,
    /// Memory that blocks of the database are kept in, bytes.
    pub cache_bytes: u64,
}

/// What a node is told of Ethereum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct L1Settings {
    /// JSON-RPC over HTTP.
    pub url: String,
    /// Blocks that must follow one before it counts.
    pub confirmations: u64,
    /// File of the key of the account that settles; none if this node does not settle.
    pub key_file: Option<PathBuf>,
    /// Most that is paid for a unit of gas, wei.
    pub max_fee: u128,
    /// Most that is paid for a unit of blob gas, wei.
    pub max_blob_fee: u128,
    /// Time between two looks at it.
    pub poll: Duration,
    /// Time after which a transaction that is in no block is replaced by one that offers more.
    pub replace_after: Duration,
}

/// How JSON-RPC is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcSettings {
    /// Where.
    pub listen: SocketAddr,
    /// Names that requests may give the server, beside those of the loopback interface.
    pub hosts: Vec<String>,
    /// Origins of web pages that may use it, beside those of the loopback interface.
    pub origins: Vec<String>,
    /// Connections at a time.
    pub connections: u32,
    /// Calls, traces and searches at a time.
    pub executions: usize,
    /// Blocks that one query of logs may span.
    pub log_blocks: u64,
}

/// What a node is told of workers in other processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Where they get their jobs.
    pub listen: SocketAddr,
    /// File of the token that shows that they may.
    pub token_file: PathBuf,
}

/// How batches are published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataWay {
    /// In blobs.
    Blobs,
    /// In blobs or in calldata, whichever costs less.
    #[default]
    Cheapest,
}

/// Why settings are refused.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("reading {file}: {reason}")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file is not what it should be.
    #[error("{file}: {reason}")]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Where and why.
        reason: Box<toml::de::Error>,
    },
    /// A value is out of its range.
    #[error("{file}: {key} is {value}; it must be {range}")]
    Range {
        /// The file.
        file: PathBuf,
        /// The key.
        key: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// A value is there without the one that belongs to it.
    #[error(
        "{file}: {key} is there without {missing}; workers need both: the address, and the file of the token"
    )]
    Half {
        /// The file.
        file: PathBuf,
        /// The key that is there.
        key: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
}

/// The file as it is written. Paths are relative to its folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "default_data")]
    data: PathBuf,
    #[serde(default = "default_chain")]
    chain: PathBuf,
    #[serde(default = "default_cache_mib")]
    cache_mib: u64,
    l1: L1,
    #[serde(default)]
    rpc: Rpc,
    sequencer: SequencerPart,
    #[serde(default)]
    batches: Batches,
    #[serde(default)]
    prover: ProverPart,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct L1 {
    rpc: String,
    #[serde(default = "default_confirmations")]
    confirmations: u64,
    key_file: Option<PathBuf>,
    #[serde(default = "default_max_fee")]
    max_fee_gwei: u64,
    #[serde(default = "default_max_fee")]
    max_blob_fee_gwei: u64,
    #[serde(default = "default_poll")]
    poll_ms: u64,
    #[serde(default = "default_replace_after")]
    replace_after_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rpc {
    #[serde(default = "default_listen")]
    listen: SocketAddr,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    origins: Vec<String>,
    #[serde(default = "default_connections")]
    connections: u32,
    #[serde(default = "default_executions")]
    executions: u16,
    #[serde(default = "default_log_blocks")]
    log_blocks: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SequencerPart {
    fee_recipient: Address,
    #[serde(default = "default_block_time")]
    block_time_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batches {
    #[serde(default = "default_age")]
    max_age_seconds: u64,
    #[serde(default = "default_cost")]
    max_cost_millions: u64,
    #[serde(default)]
    data: DataWay,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProverPart {
    #[serde(default = "default_true")]
    local: bool,
    listen: Option<SocketAddr>,
    token: Option<PathBuf>,
}

impl Default for Rpc {
    fn default() -> Self {
        Self {
            listen: default_listen(),
            hosts: Vec::new(),
            origins: Vec::new(),
            connections: default_connections(),
            executions: default_executions(),
            log_blocks: default_log_blocks(),
        }
    }
}

impl Default for Batches {
    fn default() -> Self {
        Self { max_age_seconds: default_age(), max_cost_millions: default_cost(), data: DataWay::default() }
    }
}

impl Default for ProverPart {
    fn default() -> Self {
        Self { local: true, listen: None, token: None }
    }
}

fn default_data() -> PathBuf {
    "data".into()
}

fn default_chain() -> PathBuf {
    "chain.json".into()
}

const fn default_cache_mib() -> u64 {
    256
}

const fn default_confirmations() -> u64 {
    12
}

const fn default_max_fee() -> u64 {
    200
}

const fn default_poll() -> u64 {
    3_000
}

const fn default_replace_after() -> u64 {
    90
}

const fn default_listen() -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3_050)
}

const fn default_connections() -> u32 {
    500
}

const fn default_executions() -> u16 {
    4
}

const fn default_log_blocks() -> u64 {
    10_000
}

const fn default_block_time() -> u64 {
    250
}

const fn default_age() -> u64 {
    60
}

const fn default_cost() -> u64 {
    250
}

const fn default_true() -> bool {
    true
}

const WEI_PER_GWEI: u128 = 1_000_000_000;

impl Settings {
    /// Reads and checks the file.
    pub fn read(file: &Path) -> Result<Self, SettingsError> {
        let text = fs::read_to_string(file)
            .map_err(|reason| SettingsError::Read { file: file.to_owned(), reason })?;
        Self::parse(&text, file)
    }

    /// Checks what is written in this file.
    pub fn parse(text: &str, file: &Path) -> Result<Self, SettingsError> {
        let syntax = |reason| SettingsError::Syntax { file: file.to_owned(), reason: Box::new(reason) };
        let written: File = toml::from_str(text).map_err(syntax)?;
        check_ranges(&written, file)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let workers = written.prover.workers(file, folder)?;
        let File { data, chain, cache_mib, l1, rpc, sequencer, batches, prover } = written;
        Ok(Self {
            data: folder.join(data),
            chain: folder.join(chain),
            l1: L1Settings {
                url: l1.rpc,
                confirmations: l1.confirmations,
                key_file: l1.key_file.map(|key| folder.join(key)),
                max_fee: u128::from(l1.max_fee_gwei) * WEI_PER_GWEI,
                max_blob_fee: u128::from(l1.max_blob_fee_gwei) * WEI_PER_GWEI,
                poll: Duration::from_millis(l1.poll_ms),
                replace_after: Duration::from_secs(l1.replace_after_seconds),
            },
            rpc: rpc.into(),
            fee_recipient: sequencer.fee_recipient,
            block_time: Duration::from_millis(sequencer.block_time_ms),
            batch_age: Duration::from_secs(batches.max_age_seconds),
            batch_cost: batches.max_cost_millions * 1_000_000,
            data_way: batches.data,
            prove: prover.local,
            workers,
            cache_bytes: cache_mib << 20,
        })
    }
}

impl From<Rpc> for RpcSettings {
    fn from(written: Rpc) -> Self {
        let Rpc { listen, hosts, origins, connections, executions, log_blocks } = written;
        Self { listen, hosts, origins, connections, executions: executions.into(), log_blocks }
    }
}

impl ProverPart {
    fn workers(&self, file: &Path, folder: &Path) -> Result<Option<WorkerSettings>, SettingsError> {
        let half = |key, missing| SettingsError::Half { file: file.to_owned(), key, missing };
        match (self.listen, &self.token) {
            (None, None) => Ok(None),
            (Some(listen), Some(token)) => {
                Ok(Some(WorkerSettings { listen, token_file: folder.join(token) }))
            }
            (Some(_), None) => Err(half("prover.listen", "prover.token")),
            (None, Some(_)) => Err(half("prover.token", "prover.listen")),
        }
    }
}

fn check_ranges(written: &File, file: &Path) -> Result<(), SettingsError> {
    let ranges = [
        ("cache_mib", written.cache_mib, 16, 1 << 20, "16 to 1048576"),
        ("l1.confirmations", written.l1.confirmations, 0, 256, "0 to 256"),
        ("l1.max_fee_gwei", written.l1.max_fee_gwei, 1, 100_000, "1 to 100000"),
        ("l1.max_blob_fee_gwei", written.l1.max_blob_fee_gwei, 1, 100_000, "1 to 100000"),
        ("l1.poll_ms", written.l1.poll_ms, 50, 60_000, "50 to 60000"),
        ("l1.replace_after_seconds", written.l1.replace_after_seconds, 1, 3_600, "1 to 3600"),
        ("rpc.connections", written.rpc.connections.into(), 1, 100_000, "1 to 100000"),
        ("rpc.executions", written.rpc.executions.into(), 1, 1_024, "1 to 1024"),
        ("rpc.log_blocks", written.rpc.log_blocks, 1, 10_000_000, "1 to 10000000"),
        ("sequencer.block_time_ms", written.sequencer.block_time_ms, 10, 60_000, "10 to 60000"),
        ("batches.max_cost_millions", written.batches.max_cost_millions, 1, 1_000_000, "1 to 1000000"),
        ("batches.max_age_seconds", written.batches.max_age_seconds, 1, 86_400, "1 to 86400"),
    ];
    for (key, value, least, most, range) in ranges {
        if value < least || value > most {
            return Err(SettingsError::Range { file: file.to_owned(), key, value: value.to_string(), range });
        }
    }
    let is_http = written.l1.rpc.starts_with("http://") || written.l1.rpc.starts_with("https://");
    if !is_http {
        let value = format!("{:?}", written.l1.rpc);
        return Err(SettingsError::Range {
            file: file.to_owned(),
            key: "l1.rpc",
            value,
            range: "an address that begins with http:// or https://",
        });
    }
    if written.sequencer.fee_recipient.is_zero() {
        return Err(SettingsError::Range {
            file: file.to_owned(),
            key: "sequencer.fee_recipient",
            value: "the zero address".to_owned(),
            range: "an account of yours",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = r#"
        [l1]
        rpc = "http://127.0.0.1:8545"
        [sequencer]
        fee_recipient = "0x00000000000000000000000000000000000000fe"
    "#;

    fn parse(text: &str) -> Result<Settings, SettingsError> {
        Settings::parse(text, Path::new("/etc/ashlar/node.toml"))
    }

    #[test]
    fn the_least_file_has_safe_defaults() {
        let settings = parse(LEAST).unwrap();
        assert!(settings.rpc.listen.ip().is_loopback());
        let limits = ashlar_rpc::Limits::default();
        let RpcSettings { connections, executions, log_blocks, .. } = settings.rpc;
        assert_eq!(
            (connections, executions, log_blocks),
            (limits.connections, limits.executions, limits.log_blocks)
        );
        assert_eq!((settings.rpc.hosts.len(), settings.rpc.origins.len()), (0, 0));
        assert_eq!(settings.data, Path::new("/etc/ashlar/data"));
        assert_eq!(settings.l1.confirmations, 12);
        assert_eq!(settings.l1.key_file, None);
        assert_eq!(settings.block_time, Duration::from_millis(250));
        assert_eq!((settings.batch_cost, settings.data_way), (250_000_000, DataWay::Cheapest));
        assert_eq!(settings.l1.max_fee, 200 * WEI_PER_GWEI);
        assert_eq!(settings.l1.replace_after, Duration::from_secs(90));
        assert_eq!((settings.prove, settings.workers), (true, None));
    }

    #[test]
    fn json_rpc_may_be_served_to_others() {
        let lines = "hosts = [\"rpc.example.org\"]\norigins = [\"https://example.org\"]\nconnections = 9\nlog_blocks = 7";
        let rpc = parse(&format!("{LEAST}\n[rpc]\n{lines}\nexecutions = 2")).unwrap().rpc;
        assert_eq!(
            (rpc.hosts, rpc.origins),
            (vec!["rpc.example.org".into()], vec!["https://example.org".into()])
        );
        assert_eq!((rpc.connections, rpc.executions, rpc.log_blocks), (9, 2, 7));
        let refused = |line: &str| parse(&format!("{LEAST}\n[rpc]\n{line}")).unwrap_err().to_string();
        assert!(refused("connections = 0").contains("rpc.connections is 0"));
        assert!(refused("executions = 1025").contains("rpc.executions is 1025"));
        assert!(refused("log_blocks = 0").contains("rpc.log_blocks is 0"));
    }

    #[test]
    fn workers_need_an_address_and_a_token() {
        let with = |lines: &str| parse(&format!("{LEAST}\n[prover]\n{lines}"));
        let (listen, token) = ("listen = \"127.0.0.1:3060\"\n", "token = \"keys/workers\"\n");
        let workers = with(&format!("{listen}{token}")).unwrap().workers.unwrap();
        assert_eq!(workers.listen.port(), 3_060);
        assert_eq!(workers.token_file, Path::new("/etc/ashlar/keys/workers"));
        let refused = |lines: &str| with(lines).unwrap_err().to_string();
        assert!(refused(listen).contains("prover.listen is there without prover.token"));
        assert!(refused(token).contains("prover.token is there without prover.listen"));
        assert!(refused("listen = \"nowhere\"\n").contains("listen"));
    }

    #[test]
    fn what_is_not_known_or_out_of_range_is_refused_by_name() {
        let refused = |text: &str| parse(text).unwrap_err().to_string();
        assert!(refused(&format!("{LEAST}\nspeed = 1")).contains("speed"));
        assert!(
            refused(&LEAST.replace("[l1]", "[l1]\nconfirmations = 257")).contains("l1.confirmations is 257")
        );
        let never = LEAST.replace("[l1]", "[l1]\nreplace_after_seconds = 0");
        assert!(refused(&never).contains("l1.replace_after_seconds is 0"));
        assert!(refused(&LEAST.replace("http://", "ws://")).contains("l1.rpc"));
        assert!(refused(&LEAST.replace("fe\"", "\"")).contains("fee_recipient"));
        assert!(refused(&LEAST.replace("00fe\"", "0000\"")).contains("zero address"));
        assert!(refused("").contains("l1"));
        assert!(refused(&format!("{LEAST}\n[batches]\ndata = \"nowhere\"")).contains("nowhere"));
        let never = format!("{LEAST}\n[batches]\nmax_cost_millions = 0");
        assert!(refused(&never).contains("batches.max_cost_millions is 0"));
        assert!(refused(&format!("{LEAST}\n[rpc]\nlisten = \"nowhere\"")).contains("listen"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Settings::read(Path::new("/nowhere/node.toml")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/node.toml"), "{error}");
    }
}

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod adapters;
mod chain_file;
mod held;
mod node;
mod proofs;
mod sequencer;
mod settings;
mod settler;
mod stop;
mod supervisor;
mod workers;

pub use chain_file::{ChainFile, ChainFileError, Contracts, Genesis};
pub use node::{Node, NodeError, Snapshot, View};
pub use sequencer::{BlockTimes, OnBlock, Sequencer, SequencerError, SequencerSettings};
pub use settings::{DataWay, L1Settings, RpcSettings, Settings, SettingsError, WorkerSettings};
pub use settler::{Settler, SettlerError, SettlerStatus};
pub use stop::Stop;
pub use supervisor::{Ended, Outcome, Supervisor};

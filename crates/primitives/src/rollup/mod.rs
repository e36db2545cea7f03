//! Types of rollup chains (`specs/014` to `017`, `specs/023`).

mod config;
mod log;
mod operation;
mod output;
mod upgrade;

pub use config::{RollupConfig, RollupConfigError};
pub use crate::input::{RollupInput, RollupInputOwned};
pub use log::{L2_LOG_TREE_DEPTH, L2_LOGS_MAX, L2Log, LogTree, batch_root};
pub use operation::{Operation, OperationError, OperationsHash, alias, queue_leaf, queue_node};
pub use output::RollupOutput;
pub use upgrade::{Deployment, Upgrade};

use alloy_primitives::{Address, address};

/// Sender of the logs with the status of priority operations.
pub const SYSTEM: Address = address!("000000000000000000000000000000000000ff00");

/// Caller of upgrades.
pub const UPGRADER: Address = address!("000000000000000000000000000000000000ff01");

/// The predeploy that sends messages.
pub const MESSENGER: Address = address!("000000000000000000000000000000000000ff02");

/// Type byte of an upgrade.
pub const UPGRADE_TYPE: u8 = 0x7e;

/// Type byte of a priority operation.
pub const OPERATION_TYPE: u8 = 0x7f;

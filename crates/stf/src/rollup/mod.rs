//! The rules of rollup chains, over Ethereum's execution (`specs/014` to `specs/020`, `specs/023`).

mod block;
mod cost_table;
mod evm;
mod fees;
mod header;
mod limits;
mod messages;
mod meter;
mod operation;
mod receipt;
mod state;
mod transaction;

pub use block::{Refusal, Role, RollupBlock, RollupBlockBuilder, RollupResult, execute_rollup_block};
pub use header::genesis_header;
pub use limits::{OverLimit, Resource, Usage};
pub use messages::{Message, MessageLayout};
pub use receipt::RollupReceipt;
pub use state::ChainState;
pub use transaction::{RollupTransaction, RollupTransactionKind};

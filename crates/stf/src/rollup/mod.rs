//! The rules of rollup chains, over Ethereum's execution (`specs/014` to `specs/020`, `specs/023`).

mod batch;
mod block;
mod cost_table;
mod diff;
mod evm;
mod fees;
mod header;
mod limits;
mod messages;
mod meter;
mod operation;
mod receipt;
mod simulate;
mod state;
#[cfg(feature = "trace")]
mod trace;
mod transaction;

pub use batch::{
    BATCH_COST, BLOCK_COST, BatchBuilder, PUBDATA_BYTE_COST, RollupBatch, TRANSACTIONS_MAX,
    execute_rollup_batch, execute_rollup_input,
};
pub use block::{Refusal, Role, RollupBlock, RollupBlockBuilder, RollupResult, execute_rollup_block};
pub use fees::{base_fee, next_excess};
pub use header::genesis_header;
pub use limits::{OverLimit, Resource, Usage};
pub use messages::{Message, MessageLayout};
pub use receipt::RollupReceipt;
pub use simulate::{Simulated, SimulationError, Simulator, authorization, environment, next_header};
pub use state::ChainState;
#[cfg(feature = "trace")]
pub use trace::{AccountView, CallRecorder, CallTraceNode, LookRecorder, Looked, TraceError, Tracer};
pub use transaction::{RollupTransaction, RollupTransactionKind};

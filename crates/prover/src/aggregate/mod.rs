//! From segments to one proof: tasks, the circuits that they run on, and their order.

mod aggregator;
mod finalize;
mod join;
mod joiner;
mod ranges;
mod session;
mod task;
mod work;

pub use aggregator::{Aggregator, AggregatorError, RecursionPhases};
pub use ashlar_joiner::Joined;
pub use finalize::{
    FinalLayer, FinalPhases, Finalizer, FinalizerError, joined_statement_words, statement_words,
};
pub use join::{JoinFailure, join};
pub use joiner::{NativeHashes, joined_paths, joined_runs, joiner_input};
pub use session::ProvenAggregate;
pub use task::{Job, Task, TaskId};
pub use work::RecursionFigures;

#![doc = include_str!("../README.md")]

pub mod aggregate;
mod calls;
mod error;
mod events;
mod job;
mod mapped;
mod plan;
mod program;
mod session;
mod setup;
mod store;
mod tracer;
mod traces;
mod tree;
mod workload;

pub use ashlar_stark::Phases;
pub use error::ProverError;
pub use events::Events;
pub use job::{SegmentJob, record};
pub use plan::Plan;
pub use program::program_rows;
pub use session::{Event, ProvenRun, SegmentFigures, Session, SessionFailure};
pub use setup::Prover;
pub use store::{SegmentId, SegmentStore, StoreFailure, Stored, write_atomically};
pub use traces::{SegmentTraces, TableTrace};
pub use tree::{MemoryTree, PAGE_WORDS, PageChange, REGISTER_PAGE, REGISTER_PAGES, register_pages};
pub use workload::Workload;

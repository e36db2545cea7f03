#![doc = include_str!("../README.md")]

mod calls;
mod error;
mod events;
mod job;
mod mapped;
mod plan;
mod program;
mod setup;
mod stark;
mod tracer;
mod traces;
mod tree;

pub use error::ProverError;
pub use events::Events;
pub use job::{SegmentJob, record};
pub use plan::Plan;
pub use program::program_rows;
pub use setup::Prover;
pub use stark::Phases;
pub use traces::{SegmentTraces, TableTrace};
pub use tree::{MemoryTree, PAGE_WORDS, PageChange, REGISTER_PAGE, REGISTER_PAGES, register_pages};

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod budget;
mod sequencer;
mod stop;
mod supervisor;

pub use budget::Budget;
pub use sequencer::{OnBlock, Sequencer, SequencerError, SequencerSettings};
pub use stop::Stop;
pub use supervisor::{Ended, Outcome, Supervisor};

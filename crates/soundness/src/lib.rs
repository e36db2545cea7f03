#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod budget;
mod condition;
mod overview;
mod profile;
mod regime;
mod report;
mod scheme;
mod search;
mod term;
mod usage;

pub use budget::{Budget, COLUMNS_GOAL, COLUMNS_MAX, HEIGHTS_MAX, SHAPES_MAX, budget};
pub use condition::Condition;
pub use overview::{Layer, Overview, overview};
pub use profile::{TableProfile, circuit_profile, last_profile, profile, shape_profile, shrink_profile};
pub use regime::{MULTIPLICITY_MIN, Regime};
pub use report::{Report, TARGET_BITS, circuit_report, last_report, report, segment_report, shrink_report};
pub use scheme::{Hash, Scheme};
pub use search::least_queries;
pub use term::{Site, Term, field_bits, grinding_worth};
pub use usage::{CircuitUsage, Share, last_usage, shrink_usage, usages};

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod budget;
mod condition;
mod overview;
mod profile;
mod report;
mod term;

pub use budget::{Budget, COLUMNS_GOAL, COLUMNS_MAX, HEIGHTS_MAX, SHAPES_MAX, budget};
pub use condition::Condition;
pub use overview::{Overview, overview};
pub use profile::{TableProfile, profile, shape_profile};
pub use report::{Report, TARGET_BITS, report};
pub use term::{GRINDING_MAX, Site, Term, field_bits, grinding_worth};

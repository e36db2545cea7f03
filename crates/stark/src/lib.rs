#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod auxiliary;
mod builder;
mod error;
mod open;
mod prove;
mod quotient;
mod scheme;

pub use builder::GroupBuilder;
pub use error::Error;
pub use prove::{Instance, Phases, prove};
pub use scheme::{Domain, Scheme, Table};

use p3_field::extension::BinomialExtensionField;
use p3_field::{ExtensionField, Field};

/// The field of all traces.
pub type Val = p3_koala_bear::KoalaBear;
/// The extension field that challenges come from.
pub type Challenge = BinomialExtensionField<Val, 4>;

/// A vector of base field elements: one per row of a group.
type PackedVal = <Val as Field>::Packing;
/// The same of extension field elements.
type PackedChallenge = <Challenge as ExtensionField<Val>>::ExtensionPacking;

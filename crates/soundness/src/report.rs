//! The report on one shape.

use std::fmt::{self, Display, Formatter};

use ashlar_machine::Shape;
use serde::Serialize;

use crate::condition::{Condition, conditions, messages};
use crate::profile::{TableProfile, circuit_profile, last_profile, shape_profile, shrink_profile};
use crate::scheme::Scheme;
use crate::term::{Term, terms};

/// What every term of every shape must reach.
pub const TARGET_BITS: f64 = 100.0;

/// The name of the one shape that proofs of circuits have.
pub(crate) const CIRCUIT_SHAPE: &str = "circuit";

/// The security of proofs of one shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the shape.
    pub shape: String,
    /// The error terms.
    pub terms: Vec<Term>,
    /// What they rely on.
    pub conditions: Vec<Condition>,
    /// The least of the terms.
    pub bits: f64,
}

impl Report {
    /// The term that bounds the security.
    pub fn weakest(&self) -> Option<&Term> {
        self.terms.iter().min_by(|a, b| a.bits.total_cmp(&b.bits))
    }

    /// Whether every term reaches [`TARGET_BITS`] and every condition is met.
    pub fn holds(&self) -> bool {
        self.bits >= TARGET_BITS && self.conditions.iter().all(Condition::holds)
    }
}

/// Calculates the report on proofs of these tables. `shape` is only a name.
pub fn report(shape: &str, scheme: &Scheme, tables: &[TableProfile]) -> Report {
    let terms = terms(scheme, tables);
    let bits = terms.iter().map(|term| term.bits).fold(f64::INFINITY, f64::min);
    Report { shape: shape.into(), terms, conditions: conditions(scheme, tables), bits }
}

/// The report on proofs of segments of a shape.
pub fn segment_report(shape: &Shape) -> Report {
    report(shape.name, &Scheme::SEGMENT, &shape_profile(shape))
}

/// The report on proofs of circuits: they have one shape.
pub fn circuit_report() -> Report {
    with_messages(CIRCUIT_SHAPE, &Scheme::RECURSION, &circuit_profile())
}

/// The report on proofs of the circuit `shrink`.
pub fn shrink_report() -> Report {
    with_messages("shrink", &Scheme::SHRINK, &shrink_profile())
}

/// The report on final proofs.
pub fn last_report() -> Report {
    with_messages("last", &Scheme::LAST, &last_profile())
}

/// On circuits, whose keys fix how often each message is sent.
fn with_messages(shape: &str, scheme: &Scheme, tables: &[TableProfile]) -> Report {
    let mut report = report(shape, scheme, tables);
    report.conditions.push(messages(tables));
    report
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {:.2} bits", self.shape, self.bits)?;
        writeln!(f)?;
        writeln!(f, "{:<26}{:>8}{:>8}{:>8}{:>8}  bound", "term", "bare", "grind", "bits", "least")?;
        for term in &self.terms {
            let Term { name, formula, bits_before_grinding: bare, grinding, bits, .. } = term;
            let least = term.grinding_for(TARGET_BITS).map_or_else(|| "none".into(), |bits| bits.to_string());
            let [grinding, least] = match term.site {
                Some(_) => [grinding.to_string(), least],
                None => ["-".into(), "-".into()],
            };
            writeln!(f, "{name:<26}{bare:>8.2}{grinding:>8}{bits:>8.2}{least:>8}  {formula}")?;
        }
        writeln!(f)?;
        writeln!(f, "{:<30}{:>14}{:>14}", "condition", "value", "below")?;
        for Condition { name, value, limit, .. } in &self.conditions {
            let verdict = if value < limit { "" } else { "  NOT MET" };
            writeln!(f, "{name:<30}{value:>14}{limit:>14}{verdict}")?;
        }
        Ok(())
    }
}

//! All shapes at once, as `ashlar soundness` prints them.

use std::fmt::{self, Display, Formatter};

use ashlar_machine::SHAPES;
use ashlar_verifier::config::Parameters;
use serde::Serialize;

use crate::budget::{Budget, budget};
use crate::profile::shape_profile;
use crate::report::{Report, report};

/// Security and size of proofs of every shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// The security of the weakest shape.
    pub bits: f64,
    /// Whether every shape's report holds.
    pub holds: bool,
    /// Security, in the order of the shapes.
    pub reports: Vec<Report>,
    /// Size, in the order of the shapes.
    pub budgets: Vec<Budget>,
}

/// Calculates what proofs of each shape are worth with these parameters.
pub fn overview(parameters: &Parameters) -> Overview {
    let of_shape = |shape| {
        let tables = shape_profile(shape);
        (report(shape.name, parameters, &tables), budget(shape.name, parameters, &tables))
    };
    let (reports, budgets): (Vec<_>, Vec<_>) = SHAPES.iter().map(of_shape).unzip();
    Overview {
        bits: reports.iter().map(|report| report.bits).fold(f64::INFINITY, f64::min),
        holds: reports.iter().all(Report::holds),
        reports,
        budgets,
    }
}

impl Display for Overview {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Bits proven per query to the random oracle, unique decoding, no conjecture: {:.2}",
            self.bits
        )?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<10}{:>8}  {:<22}{:>8}{:>9}{:>12}",
            "shape", "bits", "weakest", "columns", "heights", "cells/cycle"
        )?;
        for (report, budget) in self.reports.iter().zip(&self.budgets) {
            let Report { shape, bits, .. } = report;
            let weakest = report.weakest().map_or("", |term| &term.name);
            let verdict = if report.holds() { "" } else { "  DOES NOT HOLD" };
            let Budget { columns, log_heights, cells_per_cycle, .. } = budget;
            let heights = log_heights.len();
            writeln!(
                f,
                "{shape:<10}{bits:>8.2}  {weakest:<22}{columns:>8}{heights:>9}{cells_per_cycle:>12.1}{verdict}"
            )?;
        }
        for (report, budget) in self.reports.iter().zip(&self.budgets) {
            write!(f, "\n{report}\n{budget}")?;
        }
        Ok(())
    }
}

//! All layers at once, as `ashlar soundness` prints them.

use std::fmt::{self, Display, Formatter};

use ashlar_machine::SHAPES;
use ashlar_recursion::circuits::CircuitError;
use serde::Serialize;

use crate::budget::{Budget, budget};
use crate::profile::{circuit_profile, last_profile, shape_profile, shrink_profile};
use crate::report::{CIRCUIT_SHAPE, Report, circuit_report, last_report, segment_report, shrink_report};
use crate::scheme::Scheme;
use crate::usage::{CircuitUsage, last_usage, shrink_usage, usages};

/// Security and size of proofs of every layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// The security of the weakest layer.
    pub bits: f64,
    /// Whether every layer's reports hold.
    pub holds: bool,
    /// The layers: segments, recursion, shrink, last.
    pub layers: Vec<Layer>,
}

/// Security and size of the proofs of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// What it proves.
    pub name: &'static str,
    /// The regime that its bits are proven in.
    pub regime: String,
    /// The security of its weakest shape.
    pub bits: f64,
    /// Whether the report on every shape holds.
    pub holds: bool,
    /// Security, in the order of the shapes.
    pub reports: Vec<Report>,
    /// Size, in the order of the shapes.
    pub budgets: Vec<Budget>,
    /// How much of the tables each circuit takes, where it is circuits that are proven.
    pub circuits: Vec<CircuitUsage>,
}

impl Layer {
    fn new(
        name: &'static str,
        scheme: &Scheme,
        shapes: impl Iterator<Item = (Report, Budget)>,
        circuits: Vec<CircuitUsage>,
    ) -> Self {
        let (reports, budgets): (Vec<_>, Vec<_>) = shapes.unzip();
        Self {
            name,
            regime: scheme.regime.to_string(),
            bits: reports.iter().map(|report| report.bits).fold(f64::INFINITY, f64::min),
            holds: reports.iter().all(Report::holds) && circuits.iter().all(CircuitUsage::fits),
            reports,
            budgets,
            circuits,
        }
    }
}

/// Calculates what proofs of each layer are worth, and what they cost. Fails if a circuit cannot be made.
pub fn overview() -> Result<Overview, CircuitError> {
    let segments = SHAPES.iter().map(|shape| {
        (segment_report(shape), budget(shape.name, &Scheme::SEGMENT.parameters, &shape_profile(shape)))
    });
    let circuit =
        (circuit_report(), budget(CIRCUIT_SHAPE, &Scheme::RECURSION.parameters, &circuit_profile()));
    let shrink = (shrink_report(), budget("shrink", &Scheme::SHRINK.parameters, &shrink_profile()));
    let last = (last_report(), budget("last", &Scheme::LAST.parameters, &last_profile()));
    let layers = vec![
        Layer::new("segments", &Scheme::SEGMENT, segments, Vec::new()),
        Layer::new("recursion", &Scheme::RECURSION, [circuit].into_iter(), usages()?),
        Layer::new("shrink", &Scheme::SHRINK, [shrink].into_iter(), vec![shrink_usage()?]),
        Layer::new("last", &Scheme::LAST, [last].into_iter(), vec![last_usage()?]),
    ];
    Ok(Overview {
        bits: layers.iter().map(|layer| layer.bits).fold(f64::INFINITY, f64::min),
        holds: layers.iter().all(|layer| layer.holds),
        layers,
    })
}

impl Display for Overview {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Bits proven per query to the random oracle, no conjecture: {:.2}", self.bits)?;
        for layer in &self.layers {
            write!(f, "\n{layer}")?;
        }
        for (report, budget) in self.layers.iter().flat_map(|layer| layer.reports.iter().zip(&layer.budgets))
        {
            write!(f, "\n{report}\n{budget}")?;
        }
        Ok(())
    }
}

impl Display for Layer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Layer of {}, {}: {:.2} bits", self.name, self.regime, self.bits)?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<11}{:>8}  {:<26}{:>8}{:>9}{:>13}",
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
                "{shape:<11}{bits:>8.2}  {weakest:<26}{columns:>8}{heights:>9}{cells_per_cycle:>13.1}{verdict}"
            )?;
        }
        if let Some(first) = self.circuits.first() {
            writeln!(f)?;
            first.write_header(f)?;
        }
        for circuit in &self.circuits {
            writeln!(f, "{circuit}")?;
        }
        Ok(())
    }
}

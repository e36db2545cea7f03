//! How much of the layer's tables each circuit takes.

use std::fmt::{self, Display, Formatter};

use ashlar_recursion::builder;
use ashlar_recursion::circuits::{CircuitError, LAYER, construct};
use ashlar_verifier::Circuit;
use serde::Serialize;

/// What a circuit takes of the tables that all circuits have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CircuitUsage {
    /// Name of the circuit.
    pub circuit: String,
    /// What it takes of each table.
    pub tables: [Share; 4],
}

/// A part of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// What is counted.
    pub of: &'static str,
    /// How many the circuit takes.
    pub used: usize,
    /// How many there are.
    pub all: usize,
}

impl Share {
    /// The share in percent.
    pub fn percent(&self) -> f64 {
        100.0 * self.used as f64 / self.all as f64
    }
}

impl CircuitUsage {
    /// Whether nothing is short.
    pub fn fits(&self) -> bool {
        self.tables.iter().all(|table| table.used <= table.all)
    }

    pub(crate) fn write_header(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16}", "circuit")?;
        for Share { of, all, .. } in &self.tables {
            write!(f, "{:>23}", format!("{of} of {all}"))?;
        }
        writeln!(f)
    }
}

impl Display for CircuitUsage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16}", self.circuit)?;
        for table in &self.tables {
            write!(f, "{:>15} {:>5.1} %", table.used, table.percent())?;
        }
        if self.fits() { Ok(()) } else { write!(f, "  DOES NOT FIT") }
    }
}

/// The usage of every circuit, in the order of their numbers. Fails if one cannot be made.
pub fn usages() -> Result<Vec<CircuitUsage>, CircuitError> {
    Circuit::all().map(|circuit| Ok(usage(circuit.name(), construct(circuit)?.usage()))).collect()
}

fn usage(circuit: String, usage: builder::Usage) -> CircuitUsage {
    let builder::Usage { sponge, compress, operations, constants } = usage;
    let rows = |log_height: u8| 1 << log_height;
    let share = |of, used, all| Share { of, used, all };
    let tables = [
        share("sponge", sponge, LAYER.sponge.into_iter().map(rows).sum()),
        share("compress", compress, rows(LAYER.compress)),
        share("operations", operations, LAYER.operations * rows(LAYER.arithmetic)),
        // One a row at most.
        share("constants", constants, rows(LAYER.arithmetic)),
    ];
    CircuitUsage { circuit, tables }
}

//! How much of the layer's tables each circuit takes.

use std::fmt::{self, Display, Formatter};

use ashlar_circuit::Val;
use ashlar_circuit::narrow::BLOCK;
use ashlar_recursion::builder;
use ashlar_recursion::builder::{CircuitShape, NarrowUsage};
use ashlar_recursion::circuits::{
    CircuitError, LAYER, SHRINK_SHAPE, construct, construct_last, construct_shrink,
};
use ashlar_verifier::{Circuit, Commitment, LAST_HEIGHT};
use p3_field::PrimeCharacteristicRing;
use serde::Serialize;

/// What a circuit takes of the tables that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CircuitUsage {
    /// Name of the circuit.
    pub circuit: String,
    /// What it takes of each table.
    pub tables: Vec<Share>,
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
    Circuit::all().map(|circuit| Ok(wide(circuit.name(), construct(circuit)?.usage(), &LAYER))).collect()
}

/// That of the circuit `shrink`.
pub fn shrink_usage() -> Result<CircuitUsage, CircuitError> {
    Ok(wide("shrink".into(), construct_shrink()?.usage(), &SHRINK_SHAPE))
}

/// That of the circuit `last`. It has the key of `shrink` as constants, on whose values nothing depends here.
pub fn last_usage() -> Result<CircuitUsage, CircuitError> {
    let key = Commitment::new(vec![core::array::from_fn(|i| Val::from_usize(1 << 16 | i))]);
    let NarrowUsage { blocks, operands, operations, base } = construct_last(&key)?.narrow_usage()?;
    let rows = 1 << LAST_HEIGHT;
    let tables = vec![
        Share { of: "blocks", used: blocks, all: rows / BLOCK },
        Share { of: "operands", used: operands + operations + base, all: rows },
    ];
    Ok(CircuitUsage { circuit: "last".into(), tables })
}

fn wide(circuit: String, usage: builder::Usage, shape: &CircuitShape) -> CircuitUsage {
    let builder::Usage { sponge, compress, operations, constants } = usage;
    let rows = |log_height: u8| 1 << log_height;
    let share = |of, used, all| Share { of, used, all };
    // A height of 0 is that of a table which is absent.
    let sponges = shape.sponge.into_iter().filter(|log_height| *log_height > 0);
    let tables = vec![
        share("sponge", sponge, sponges.map(rows).sum()),
        share("compress", compress, rows(shape.compress)),
        share("operations", operations, shape.operations * rows(shape.arithmetic)),
        // One a row at most.
        share("constants", constants, rows(shape.arithmetic)),
    ];
    CircuitUsage { circuit, tables }
}

//! Conditions on whole numbers, without which the error terms bound nothing.

use ashlar_machine::bus::SLOTS;
use ashlar_machine::{Table, Val};
use p3_field::{PrimeField32, TwoAdicField};
use serde::Serialize;

use crate::profile::TableProfile;
use crate::regime::{MULTIPLICITY_MIN, Regime};
use crate::scheme::Scheme;
use crate::term::Site;

/// `value` must be below `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// What must be small.
    pub name: &'static str,
    /// What relies on it, and who checks it.
    pub reason: &'static str,
    /// How large it is.
    pub value: u64,
    /// What it must be below.
    pub limit: u64,
}

impl Condition {
    /// Whether it is met.
    pub const fn holds(&self) -> bool {
        self.value < self.limit
    }
}

/// All conditions of a shape.
pub(crate) fn conditions(scheme: &Scheme, tables: &[TableProfile]) -> Vec<Condition> {
    let parameters = &scheme.parameters;
    let mut conditions = vec![
        Condition {
            name: "weighted multiplicities",
            reason: "no count of a bus wraps modulo p; every verification checks it",
            value: tables.iter().map(|table| table.weight.saturating_mul(table.height())).sum(),
            limit: Val::ORDER_U32.into(),
        },
        Condition {
            name: "quotient chunks",
            reason: "the quotient has the rate of the code; from the constraints",
            value: largest(tables.iter().map(|table| table.quotient_chunks as u64)),
            limit: (1 << parameters.log_blowup) + 1,
        },
        Condition {
            name: "log2 of the domain",
            reason: "roots of unity exist; every verification checks it",
            value: largest(tables.iter().map(|table| u64::from(table.log_height)))
                + parameters.log_blowup as u64,
            limit: Val::TWO_ADICITY as u64 + 1,
        },
        Condition {
            name: "log2 of the final polynomial",
            reason: "folding reaches it below every table's height; Plonky3's prover refuses other heights",
            value: parameters.log_final_polynomial as u64,
            limit: tables.iter().map(|table| u64::from(table.log_height)).min().unwrap_or(0),
        },
        Condition {
            name: "grinding",
            reason: "a witness is one base element, and exists; from the parameters",
            value: largest(
                [Site::Lookup, Site::Point, Site::Batch, Site::Fold, Site::Query]
                    .map(|site| site.grinding(parameters) as u64),
            ),
            limit: scheme.hash.grinding_max() as u64 + 1,
        },
    ];
    if let Regime::Johnson { m } = scheme.regime {
        conditions.push(Condition {
            name: "multiplicity's lower bound",
            reason: "the theorem is stated for no smaller one; from the choice of the regime",
            value: MULTIPLICITY_MIN.into(),
            limit: u64::from(m) + 1,
        });
    }
    conditions.extend(tables.iter().find(|table| table.name == Table::Cpu.name()).map(|cpu| Condition {
        name: "last timestamp",
        reason: "the gap between accesses has 24 bits; from the list of shapes",
        value: u64::from(SLOTS) * cpu.height() - 1,
        limit: 1 << 24,
    }));
    conditions
}

/// What circuits rely on: counts that a key fixes are numbers of messages, so no sum of them wraps modulo p.
pub(crate) fn messages(tables: &[TableProfile]) -> Condition {
    Condition {
        name: "messages of a circuit",
        reason: "no count that a key fixes wraps modulo p; from the heights of the layer",
        value: tables.iter().map(|table| table.messages as u64 * table.height()).sum(),
        limit: 1 << 24,
    }
}

fn largest(values: impl IntoIterator<Item = u64>) -> u64 {
    values.into_iter().max().unwrap_or(0)
}

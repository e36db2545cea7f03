//! What a run takes, as numbers that can be subtracted.

use std::ops::{Add, Div, Mul, Sub};

use ashlar_vm::{Call, Metering, Run, Table};
use serde_json::{Value, json};

pub(super) use crate::rollup::PLAIN_CELLS;

/// Least share of a call that is shown.
const CALLS_MIN: f64 = 0.015;

/// Cycle equivalents of one unit: its cells over [`PLAIN_CELLS`].
pub(super) fn weight(table: Table) -> f64 {
    table.cells_per_unit() / PLAIN_CELLS
}

/// What a block takes, or a difference of blocks, or a share of one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// Gas used.
    pub(super) gas: f64,
    /// Instructions of the guest, calls included.
    pub(super) cycles: f64,
    /// Calls, in the order of [`Call::ALL`].
    pub(super) calls: [f64; Call::COUNT],
    /// Hint words consumed.
    pub(super) hint_words: f64,
    /// Units of every table, in the order of [`Table::ALL`]. Pages are those touched at all, as if the run were one segment: what
    /// a segment touches again is not any operation's.
    pub(super) rows: [f64; Table::COUNT],
}

impl Sample {
    /// A metered run.
    pub(super) fn of(gas: u64, run: &Run, metering: &Metering) -> Self {
        Self {
            gas: gas as f64,
            cycles: run.cycles as f64,
            calls: Call::ALL.map(|call| run.calls.of(call) as f64),
            hint_words: run.hints_read as f64,
            rows: Table::ALL.map(|table| metering.rows(table) as f64),
        }
    }

    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            gas: f(self.gas, other.gas),
            cycles: f(self.cycles, other.cycles),
            calls: std::array::from_fn(|i| f(self.calls[i], other.calls[i])),
            hint_words: f(self.hint_words, other.hint_words),
            rows: std::array::from_fn(|i| f(self.rows[i], other.rows[i])),
        }
    }

    /// Equivalents of the units of one of [`Table::BESIDE_CYCLES`].
    pub(super) fn equivalents_of(&self, table: Table) -> f64 {
        if Table::BESIDE_CYCLES.contains(&table) { self.rows_of(table) * weight(table) } else { 0.0 }
    }

    /// Cycles plus the weight of everything that is not a cycle.
    pub(super) fn equivalents(&self) -> f64 {
        self.cycles + Table::BESIDE_CYCLES.iter().map(|table| self.equivalents_of(*table)).sum::<f64>()
    }

    /// The part of the equivalents that weighs most, and its share between 0 and 1.
    pub(super) fn dominant(&self) -> (&'static str, f64) {
        let parts = Table::BESIDE_CYCLES.iter().map(|table| (table.name(), self.equivalents_of(*table)));
        let (name, most) =
            parts.fold(("cycles", self.cycles), |best, part| if part.1 > best.1 { part } else { best });
        (name, most / self.equivalents().max(f64::MIN_POSITIVE))
    }

    /// Calls by name, those that are made at all. Less than [`CALLS_MIN`] is what does not cancel: the recovery of a
    /// signature takes a few calls more or less, and two lists of transactions do not have the same signatures.
    pub(super) fn calls_json(&self) -> Value {
        let calls = Call::ALL.iter().zip(self.calls).filter(|(_, count)| *count >= CALLS_MIN);
        calls
            .map(|(call, count)| (call.name().to_lowercase(), json!(round(count, 2))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// Units of one table.
    pub(super) const fn rows_of(&self, table: Table) -> f64 {
        self.rows[table as usize]
    }

    /// Units by table, those that there are.
    pub(super) fn rows_json(&self) -> Value {
        let rows = Table::ALL.iter().zip(self.rows).filter(|(_, count)| *count >= CALLS_MIN);
        rows.map(|(table, count)| (table.name().to_owned(), json!(round(count, 2))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

impl Add for Sample {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for Sample {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul<f64> for Sample {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        self.zip(self, |a, _| a * factor)
    }
}

impl Div<f64> for Sample {
    type Output = Self;

    fn div(self, count: f64) -> Self {
        self.zip(self, |a, _| a / count)
    }
}

/// To this many decimals, and never minus zero.
pub(super) fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale + 0.0
}

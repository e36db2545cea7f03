//! What verifying a proof in a circuit pays for (`specs/005-recursion-budget.md`), and what proving it does.

use std::fmt::{self, Display, Formatter};

use ashlar_machine::Table;
use ashlar_verifier::config::Parameters;
use serde::Serialize;

use crate::profile::TableProfile;
use crate::term::arities;

/// Opened columns that a shape should have at most.
pub const COLUMNS_GOAL: usize = 2_000;

/// Opened columns that a shape may have at most.
pub const COLUMNS_MAX: usize = 2_500;

/// Distinct heights that a shape may have at most.
pub const HEIGHTS_MAX: usize = 5;

/// Shapes that there may be at most.
pub const SHAPES_MAX: usize = 8;

/// The size of proofs of one shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Budget {
    /// Name of the shape.
    pub shape: String,
    /// The tables.
    pub tables: Vec<TableProfile>,
    /// Main columns.
    pub main: usize,
    /// Columns of the buses, in the base field.
    pub auxiliary: usize,
    /// Fixed columns.
    pub fixed: usize,
    /// Columns of quotients, in the base field.
    pub quotient: usize,
    /// All of these: opened base columns, each counted once.
    pub columns: usize,
    /// Pairs of a base column and a point that it is opened at.
    pub openings: usize,
    /// log2 of the distinct heights, largest first.
    pub log_heights: Vec<u8>,
    /// log2 of what each round of folding folds by.
    pub log_arities: Vec<usize>,
    /// Cells of main and auxiliary columns.
    pub cells: u64,
    /// Cells of quotients.
    pub quotient_cells: u64,
    /// `cells` per row of the processor's table, or of the tallest one where it is absent.
    pub cells_per_cycle: f64,
}

impl Budget {
    /// Whether columns and heights are within the limits.
    pub const fn holds(&self) -> bool {
        self.columns <= COLUMNS_MAX && self.log_heights.len() <= HEIGHTS_MAX
    }
}

/// Calculates the budget of proofs of these tables. `shape` is only a name.
pub fn budget(shape: &str, parameters: &Parameters, tables: &[TableProfile]) -> Budget {
    let sum = |width: fn(&TableProfile) -> usize| tables.iter().map(width).sum();
    let cells = |width: fn(&TableProfile) -> usize| -> u64 {
        tables.iter().map(|table| width(table) as u64 * table.height()).sum()
    };
    let mut log_heights: Vec<_> = tables.iter().map(|table| table.log_height).collect();
    log_heights.sort_unstable_by(|a, b| b.cmp(a));
    log_heights.dedup();
    let cpu = tables.iter().find(|table| table.name == Table::Cpu.name());
    let cycles =
        cpu.or_else(|| tables.iter().max_by_key(|table| table.log_height)).map_or(1, TableProfile::height);
    let trace_cells = cells(|table| table.main_width + table.aux_width());
    Budget {
        shape: shape.into(),
        tables: tables.into(),
        main: sum(|table| table.main_width),
        auxiliary: sum(TableProfile::aux_width),
        fixed: sum(|table| table.fixed_width),
        quotient: sum(TableProfile::quotient_width),
        columns: sum(TableProfile::columns),
        openings: sum(TableProfile::openings),
        log_heights,
        log_arities: arities(parameters, tables),
        cells: trace_cells,
        quotient_cells: cells(TableProfile::quotient_width),
        cells_per_cycle: trace_cells as f64 / cycles as f64,
    }
}

impl Display for Budget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} columns in {} heights", self.shape, self.columns, self.log_heights.len())?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<12}{:>5}{:>7}{:>6}{:>7}{:>7}{:>9}{:>10}{:>7}{:>13}{:>12}",
            "table",
            "log",
            "main",
            "aux",
            "fixed",
            "quot",
            "messages",
            "of width",
            "degree",
            "constraints",
            "cells"
        )?;
        for table in &self.tables {
            writeln!(
                f,
                "{:<12}{:>5}{:>7}{:>6}{:>7}{:>7}{:>9}{:>10}{:>7}{:>13}{:>12}",
                table.name,
                table.log_height,
                table.main_width,
                table.aux_width(),
                table.fixed_width,
                table.quotient_width(),
                table.messages,
                table.message_width,
                table.degree,
                table.constraints,
                (table.main_width + table.aux_width()) as u64 * table.height(),
            )?;
        }
        let Self { main, auxiliary, fixed, quotient, cells, .. } = self;
        writeln!(f, "{:<17}{main:>7}{auxiliary:>6}{fixed:>7}{quotient:>7}{cells:>51}", "all")?;
        writeln!(f)?;
        writeln!(f, "log2 of heights {:?}, folding {:?}", self.log_heights, self.log_arities)?;
        writeln!(
            f,
            "{} pairs of column and point, {:.1} cells a cycle, {} cells of quotients",
            self.openings, self.cells_per_cycle, self.quotient_cells
        )
    }
}

//! What a run would cost to prove.

use crate::shape::used_cells;
use crate::{Machine, Meter, Options, Program, Run, RunError, Segment, SegmentLimits, Shape, Table};

/// The segments of a finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metering {
    /// In order; each starts where the one before it ends.
    pub segments: Vec<Segment>,
}

impl Metering {
    /// Rows of this table in all segments.
    pub fn rows(&self, table: Table) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.rows.of(table))).sum()
    }

    /// Cells that hold rows of the run.
    pub fn cells_used(&self) -> u64 {
        self.segments.iter().map(|segment| used_cells(&segment.rows)).sum()
    }

    /// Cells of all tables, padding included. A segment without a shape counts as what it uses.
    pub fn cells(&self) -> u64 {
        self.segments.iter().map(Segment::cells).sum()
    }
}

impl Segment {
    /// Cells of all tables, padding included; what it uses, if it has no shape.
    pub fn cells(&self) -> u64 {
        self.shape.as_ref().map_or_else(|| used_cells(&self.rows), Shape::cells)
    }

    /// Rows of padding in this table; 0 without a shape.
    pub fn padding(&self, table: Table) -> u32 {
        self.shape.as_ref().map_or(0, |shape| shape.capacity(table) - self.rows.of(table))
    }

    /// Distinct pages that it reads or writes.
    pub const fn pages(&self) -> u32 {
        self.rows.of(Table::Page)
    }
}

/// Runs a program to its `HALT` and cuts the run into segments. Same input, same segments.
pub fn meter(
    program: &Program,
    hints: &[u32],
    options: Options<'_>,
    limits: SegmentLimits,
) -> Result<(Run, Metering), RunError> {
    let (mut machine, cycles_max) = Machine::with_options(program, hints, options);
    let mut meter = Meter::new(limits, &machine.state());
    let code = machine.run_to_halt(&mut meter, cycles_max)?;
    let segments = meter.finish(&machine.state());
    Ok((machine.into_run(code), Metering { segments }))
}

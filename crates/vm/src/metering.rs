//! What a run would cost to prove.

use ashlar_machine::{Shape, Table};

use crate::{Machine, Meter, Options, Program, Run, RunError, Segment, SegmentLimits};

/// The segments of a finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metering {
    /// In order; each starts where the one before it ends.
    pub segments: Vec<Segment>,
}

impl Metering {
    /// Units of this table in all segments.
    pub fn rows(&self, table: Table) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.rows.of(table))).sum()
    }

    /// Cells of the rows that the run takes. The rows of `program` and `lookup`, which do not depend on it, are not in
    /// this figure.
    pub fn cells_used(&self) -> u64 {
        self.segments.iter().map(|segment| segment.rows.cells()).sum()
    }

    /// Cells of all tables, padding included. A segment without a shape counts as what it uses.
    pub fn cells(&self) -> u64 {
        self.segments.iter().map(Segment::cells).sum()
    }
}

impl Segment {
    /// Cells of all tables, padding included; what it uses, if it has no shape.
    pub fn cells(&self) -> u64 {
        self.shape.as_ref().map_or_else(|| self.rows.cells(), Shape::cells)
    }

    /// Units of this table that the shape has room for beyond those of the run; 0 without a shape.
    pub fn padding(&self, table: Table) -> u32 {
        self.shape.as_ref().map_or(0, |shape| shape.capacity(table) - self.rows.of(table))
    }

    /// Distinct pages that it reads or writes, those of the registers included.
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

//! From a program and its hints to the segments that have to be proven.

use ashlar_machine::hash::Hasher;
use ashlar_machine::{SHAPES, Table};
use ashlar_verifier::Boundary;
use ashlar_vm::{Machine, Metering, Options, Program, Run, SegmentLimits, Status, meter, meter_cheapest};

use crate::error::ProverError;
use crate::job::{SegmentJob, boundary};
use crate::tree::{MemoryTree, PageChange, REGISTER_PAGE, register_pages};

/// A run, cut into segments.
pub struct Plan<'p> {
    program: &'p Program,
    hints: &'p [u32],
    /// The run as a whole.
    pub run: Run,
    /// Its segments.
    pub metering: Metering,
}

impl<'p> Plan<'p> {
    /// Executes the program to its end. An exit code other than 0, and a segment without a shape, are errors.
    pub fn new(program: &'p Program, hints: &'p [u32], options: Options<'_>) -> Result<Self, ProverError> {
        let (run, metering) = meter_cheapest(program, hints, options)?;
        Self::checked(program, hints, run, metering)
    }

    /// The same with other segments than a verifier accepts: for tests and measurements.
    pub fn with_limits(
        program: &'p Program,
        hints: &'p [u32],
        options: Options<'_>,
        limits: SegmentLimits,
    ) -> Result<Self, ProverError> {
        let (run, metering) = meter(program, hints, options, limits)?;
        Self::checked(program, hints, run, metering)
    }

    fn checked(
        program: &'p Program,
        hints: &'p [u32],
        run: Run,
        metering: Metering,
    ) -> Result<Self, ProverError> {
        if run.exit.code != 0 {
            return Err(ProverError::ExitCode { code: run.exit.code, log: run.exit.log });
        }
        for (number, segment) in metering.segments.iter().enumerate() {
            if segment.shape.is_none() {
                let rows = Table::ALL.map(|table| format!("{} {}", segment.rows.of(table), table.name()));
                let cycle = segment.start.cycle;
                return Err(ProverError::NoShape { segment: number, cycle, rows: rows.join(", ") });
            }
        }
        Ok(Self { program, hints, run, metering })
    }

    /// Executes the run again and yields the work on each segment, in order.
    pub fn jobs(&self) -> Jobs<'_> {
        let tree = MemoryTree::new(self.program);
        let start = Boundary::first(tree.root(), self.program.entry());
        let machine = Machine::new(self.program, self.hints);
        Jobs { plan: self, machine, tree, hasher: Hasher::default(), number: 0, start }
    }
}

/// The segments' jobs, one after another: each one is made when it is asked for.
pub struct Jobs<'a> {
    plan: &'a Plan<'a>,
    machine: Machine<'a>,
    tree: MemoryTree,
    hasher: Hasher,
    number: usize,
    start: Boundary,
}

impl Iterator for Jobs<'_> {
    type Item = Result<SegmentJob, ProverError>;

    fn next(&mut self) -> Option<Self::Item> {
        let segment = self.plan.metering.segments.get(self.number)?;
        let shape = segment.shape?;
        Some(self.job(segment.end(), shape))
    }
}

impl Jobs<'_> {
    fn job(&mut self, end: u64, shape: ashlar_machine::Shape) -> Result<SegmentJob, ProverError> {
        let discarded = self.machine.discarded();
        let input = self.machine.capture(end)?;
        let state = self.machine.state();
        let memory = input.pages.iter().filter_map(|(page, _)| Some((*page, *state.memory.page(*page)?)));
        let registers = (REGISTER_PAGE..).zip(register_pages(state.registers, self.machine.discarded()));
        let changes: Vec<_> = memory
            .chain(registers)
            .map(|(page, words)| PageChange { page, new: self.hasher.page(&words) })
            .collect();
        let nodes = self.tree.update(&changes);
        let is_last = self.number + 1 == self.plan.metering.segments.len();
        let status = if is_last { Status::Halted { code: 0 } } else { Status::Paused };
        let end = boundary(&self.machine, status, self.tree.root());
        let start = core::mem::replace(&mut self.start, end);
        let number = self.number;
        self.number += 1;
        Ok(SegmentJob { number, shape, input, discarded, start, end, nodes })
    }
}

/// The positions of shapes in the list that a verifier knows.
pub(crate) fn shape_number(shape: &ashlar_machine::Shape) -> u8 {
    SHAPES.iter().position(|known| known == shape).map_or(u8::MAX, |position| position as u8)
}

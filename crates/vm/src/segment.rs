//! Cutting a run into segments.

use ashlar_abi::memory::PAGE_BYTES;

use crate::mapped::Mapped;
use crate::table::{Rows, Table};
use crate::{Access, CallStep, Observer, PAGES, Region, Shape, State, Step};

/// What bounds a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentLimits {
    /// Most cycles; at least 1.
    pub cycles: u64,
    /// The shapes to choose from. A segment ends before the instruction with which it would fit none. What
    /// does not fit any shape even alone becomes a segment of its own, without a shape.
    pub shapes: Vec<Shape>,
}

impl Default for SegmentLimits {
    fn default() -> Self {
        Self { cycles: 1 << 21, shapes: crate::shape::SHAPES.to_vec() }
    }
}

/// The machine between two instructions, its memory left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// Cycles completed since the start of the run.
    pub cycle: u64,
    /// Address of the next instruction.
    pub pc: u32,
    /// x0 to x31.
    pub registers: [u32; 32],
    /// Hint words consumed.
    pub hint_position: usize,
    /// Digest of the output so far, canonical.
    pub digest: [u32; 8],
}

impl From<&State<'_>> for Boundary {
    fn from(state: &State<'_>) -> Self {
        let State { cycle, pc, registers, hint_position, digest, .. } = *state;
        Self { cycle, pc, registers: *registers, hint_position, digest: *digest }
    }
}

/// A part of a run that is proven on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it starts. It ends where the next one starts.
    pub start: Boundary,
    /// Its instructions.
    pub cycles: u64,
    /// Rows of each table. Those of [`Table::Page`] are the distinct pages that it reads or writes.
    pub rows: Rows,
    /// Distinct pages that it writes, also if with what they held.
    pub pages_written: u32,
    /// The cheapest shape that holds it.
    pub shape: Option<Shape>,
}

impl Segment {
    /// Cycles completed at its end since the start of the run.
    pub const fn end(&self) -> u64 {
        self.start.cycle + self.cycles
    }
}

/// Counts rows and pages while a program runs, and cuts the run into segments.
///
/// The loop's cost is one countdown and one comparison per instruction, and one stamp per access to memory. `budget`
/// holds for each table how many more rows all shapes have room for that are still possible; only when it is used up
/// the set of possible shapes is looked at again.
pub struct Meter {
    limits: SegmentLimits,
    segments: Vec<Segment>,
    start: Boundary,
    /// Cycle at which the segment must end.
    end: u64,
    /// Rows left before `admit` must decide.
    budget: Rows,
    /// Rows counted when `budget` was set, plus `budget`: subtracting gives the rows so far.
    ceiling: Rows,
    /// Per page: `epoch` if read, `epoch + 1` if written in this segment; less if neither.
    stamps: Mapped<[u32; PAGES]>,
    /// Even; grows by 2 with each segment.
    epoch: u32,
    pages_written: u32,
}

impl Meter {
    /// Starts to count at this state, with a segment that has nothing in it.
    pub fn new(mut limits: SegmentLimits, state: &State<'_>) -> Self {
        limits.cycles = limits.cycles.max(1);
        limits.shapes.sort_by_key(Shape::cells);
        let start = Boundary::from(state);
        let end = start.cycle.saturating_add(limits.cycles);
        let stamps = Mapped::zeroed();
        let [budget, ceiling] = [Rows::default(); 2];
        Self { limits, segments: Vec::new(), start, end, budget, ceiling, stamps, epoch: 2, pages_written: 0 }
    }

    /// The segments, after the last instruction.
    pub fn finish(mut self, state: &State<'_>) -> Vec<Segment> {
        if state.cycle > self.start.cycle {
            self.close(state);
        }
        self.segments
    }

    fn rows(&self) -> Rows {
        Rows(core::array::from_fn(|i| self.ceiling.0[i] - self.budget.0[i]))
    }

    /// Makes the budget suffice for an instruction, ending the segment before it if need be. `needs` are its rows,
    /// `needs_alone` its rows as the first of a segment, where no page was touched before.
    fn admit(&mut self, state: &State<'_>, needs: Rows, needs_alone: Rows) {
        let rows = self.rows();
        let total = rows.plus(&needs);
        let is_over = state.cycle >= self.end || !self.limits.shapes.iter().any(|shape| shape.holds(&total));
        if is_over && state.cycle > self.start.cycle {
            self.close(state);
            self.set_budget(Rows::default(), needs_alone);
        } else {
            self.set_budget(rows, total);
        }
    }

    /// Sets the budget to what every shape that holds `total` has room for above `rows`, and at least to `total`.
    fn set_budget(&mut self, rows: Rows, total: Rows) {
        let possible: Vec<&Shape> = self.limits.shapes.iter().filter(|shape| shape.holds(&total)).collect();
        for table in Table::ALL {
            let room = possible.iter().map(|shape| shape.capacity(table)).min().unwrap_or(0);
            let ceiling = room.max(total.of(table));
            self.ceiling.0[table as usize] = ceiling;
            self.budget.0[table as usize] = ceiling - rows.of(table);
        }
    }

    /// Ends the segment before the instruction of this state, and starts the next one, without a budget.
    fn close(&mut self, state: &State<'_>) {
        let rows = self.rows();
        let next = Boundary::from(state);
        let start = core::mem::replace(&mut self.start, next);
        self.segments.push(Segment {
            cycles: state.cycle - start.cycle,
            start,
            rows,
            pages_written: core::mem::take(&mut self.pages_written),
            shape: self.limits.shapes.iter().find(|shape| shape.holds(&rows)).copied(),
        });
        self.end = state.cycle.saturating_add(self.limits.cycles);
        [self.budget, self.ceiling] = [Rows::default(); 2];
        self.epoch += 2;
    }

    #[inline(always)]
    fn stamp(&mut self, page: u32) -> &mut u32 {
        // The mask changes nothing (addresses were checked) but spares the bounds check.
        &mut self.stamps[page as usize & (PAGES - 1)]
    }

    /// What [`Observer::instruction`] does when it is not the usual: the budget is used up, or the page is not yet
    /// noted.
    #[cold]
    #[inline(never)]
    fn prepare(&mut self, state: &State<'_>, table: Table, access: Option<(u32, bool)>) {
        let is_new = access.is_some_and(|(page, _)| *self.stamp(page) < self.epoch);
        let lacks_page = is_new && self.budget.of(Table::Page) == 0;
        if state.cycle == self.end || self.budget.of(table) == 0 || lacks_page {
            let needs = Rows::instruction(table);
            self.admit(state, needs.with_pages(is_new.into()), needs.with_pages(access.is_some().into()));
        }
        if let Some((page, is_write)) = access {
            self.budget.0[Table::Page as usize] -= self.touch(page, is_write);
        }
    }

    /// Notes an access. Returns 1 for the first one to this page, otherwise 0.
    fn touch(&mut self, page: u32, is_write: bool) -> u32 {
        let epoch = self.epoch;
        let stamp = self.stamp(page);
        let old = *stamp;
        if old < epoch + u32::from(is_write) {
            *stamp = epoch + u32::from(is_write);
            self.pages_written += u32::from(is_write);
        }
        u32::from(old < epoch)
    }
}

/// The pages that a range lies in.
pub(crate) fn pages(region: &Region) -> core::ops::RangeInclusive<u32> {
    region.address / PAGE_BYTES..=(region.address + (region.words * 4).saturating_sub(1)) / PAGE_BYTES
}

/// How many distinct pages of a certain kind a call touches.
fn count_pages(step: &CallStep<'_>, is_counted: impl Fn(u32) -> bool) -> u32 {
    let regions = || step.reads.iter().chain(&step.write);
    let count = |(i, region)| {
        let is_first = |page: &u32| !regions().take(i).any(|earlier| pages(earlier).contains(page));
        pages(region).filter(is_first).filter(|page| is_counted(*page)).count() as u32
    };
    regions().enumerate().map(count).sum()
}

impl Observer for Meter {
    #[inline(always)]
    fn instruction(&mut self, state: &State<'_>, step: &Step) {
        let table = Table::of(step.op);
        let access = match step.access {
            Access::None => None,
            Access::Load { address, .. } => Some((address / PAGE_BYTES, false)),
            Access::Store { address, .. } => Some((address / PAGE_BYTES, true)),
        };
        let is_noted =
            access.is_none_or(|(page, is_write)| *self.stamp(page) >= self.epoch + u32::from(is_write));
        if state.cycle == self.end || self.budget.0[table as usize] == 0 || !is_noted {
            // The copy exists on this path only; a reference to the original would build it for every instruction.
            let state = *state;
            self.prepare(&state, table, access);
        }
        self.budget.0[table as usize] -= 1;
    }

    #[inline(never)]
    fn call(&mut self, state: &State<'_>, step: &CallStep<'_>) {
        let rows = Rows::call(step.call, step.written.len() as u32);
        let is_new = |page: u32| self.stamps[page as usize & (PAGES - 1)] < self.epoch;
        let needs = rows.with_pages(count_pages(step, is_new));
        let lacks = Table::ALL.iter().any(|table| self.budget.of(*table) < needs.of(*table));
        if state.cycle == self.end || lacks {
            self.admit(state, needs, rows.with_pages(count_pages(step, |_| true)));
        }
        for table in Table::ALL {
            self.budget.0[table as usize] -= rows.of(table);
        }
        let reads = step.reads.iter().map(|region| (region, false));
        for (region, is_write) in reads.chain(step.write.iter().map(|region| (region, true))) {
            for page in pages(region) {
                self.budget.0[Table::Page as usize] -= self.touch(page, is_write);
            }
        }
    }
}

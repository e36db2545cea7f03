//! Cutting a run into segments.

use ashlar_abi::memory::PAGE_BYTES;
use ashlar_machine::{SHAPES, Shape, Table};

use crate::touched::Touched;
use crate::{Access, CallStep, Observer, Op, Region, Rows, State, Step};

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
        Self { cycles: 1 << 21, shapes: SHAPES.to_vec() }
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
    /// Units of each table, [`Rows::BASE`] included. Those of [`Table::Page`] and [`Table::Node`] are the distinct pages
    /// that it reads or writes, and the distinct inner nodes above them.
    pub rows: Rows,
    /// Distinct pages of memory that it writes, also if with what they held. Those of the registers are not counted.
    pub pages_written: u32,
    /// The accesses to memory that joining it to others has to repeat; none in a segment that was joined.
    pub(crate) accesses: Vec<(u32, bool)>,
    /// The cheapest shape that holds it.
    pub shape: Option<Shape>,
}

impl Segment {
    /// Cycles completed at its end since the start of the run.
    pub const fn end(&self) -> u64 {
        self.start.cycle + self.cycles
    }
}

/// Counts rows while a program runs, and cuts the run into segments.
///
/// The loop's cost is one comparison per instruction, a countdown for those that have a table of their own, and one
/// stamp per access to memory. `budget` holds for each table how many more units all shapes have room for that are still
/// possible, and `end` the same for cycles; only when one is used up, or a page is touched for the first time, the rest
/// is looked at.
pub struct Meter {
    limits: SegmentLimits,
    segments: Vec<Segment>,
    start: Boundary,
    /// Cycle before whose instruction `admit` must decide: the cycles of the budget, and the limit.
    end: u64,
    /// Units left before `admit` must decide. Cycles are counted by `end` instead.
    budget: Rows,
    /// Units counted when `budget` was set, plus `budget`: subtracting gives the units so far.
    ceiling: Rows,
    touched: Touched,
    pages_written: u32,
}

impl Meter {
    /// Starts to count at this state, with a segment that has nothing in it.
    pub fn new(mut limits: SegmentLimits, state: &State<'_>) -> Self {
        limits.cycles = limits.cycles.max(1);
        limits.shapes.sort_by_key(Shape::cells);
        Self {
            limits,
            segments: Vec::new(),
            start: Boundary::from(state),
            end: state.cycle,
            budget: Rows::ZERO,
            ceiling: Rows::BASE,
            touched: Touched::new(),
            pages_written: 0,
        }
    }

    /// The segments, after the last instruction.
    pub fn finish(mut self, state: &State<'_>) -> Vec<Segment> {
        if state.cycle > self.start.cycle {
            self.close(state);
        }
        self.segments
    }

    /// Units of the segment up to this state.
    fn rows(&self, state: &State<'_>) -> Rows {
        let mut rows = Rows(core::array::from_fn(|i| self.ceiling.0[i] - self.budget.0[i]));
        rows.0[Table::Cpu as usize] = u32::try_from(state.cycle - self.start.cycle).unwrap_or(u32::MAX);
        rows
    }

    /// Counts an instruction that takes this beside its cycle, with the memory that it touches, and ends the segment
    /// before it if need be. `accesses` are pages, each with whether it is written.
    fn count<I>(&mut self, state: &State<'_>, side: &Rows, accesses: I)
    where
        I: Iterator<Item = (u32, bool)> + Clone,
    {
        let before = self.touched.accesses.len();
        let mut new = self.touched.touch_all(accesses.clone());
        let mut needs = side.plus(&new.rows());
        let lacks = Table::ALL.iter().any(|table| self.budget.of(*table) < needs.of(*table));
        if (state.cycle == self.end || lacks) && self.admit(state, &needs, before) {
            // The stamps were those of the segment that ended.
            new = self.touched.touch_all(accesses);
            needs = side.plus(&new.rows());
            self.set_budget(state, Rows::BASE, &needs);
        }
        for table in Table::ALL {
            self.budget.0[table as usize] -= needs.of(table);
        }
        self.pages_written += new.pages_written;
    }

    /// Makes the budget suffice for an instruction, or else ends the segment before it, which is then true. `accesses` were
    /// new before the instruction.
    fn admit(&mut self, state: &State<'_>, needs: &Rows, accesses: usize) -> bool {
        let rows = self.rows(state);
        let total = rows.plus(needs).plus(&Rows::CYCLE);
        let cycles = state.cycle - self.start.cycle;
        let is_over =
            cycles >= self.limits.cycles || !self.limits.shapes.iter().any(|shape| total.fit(shape));
        if is_over && cycles > 0 {
            self.touched.accesses.truncate(accesses);
            self.close(state);
            return true;
        }
        self.set_budget(state, rows, needs);
        false
    }

    /// Sets the budget to what all shapes that hold `rows` and an instruction with these `needs` have room for above
    /// `rows`, and at least to the instruction.
    fn set_budget(&mut self, state: &State<'_>, rows: Rows, needs: &Rows) {
        let total = rows.plus(needs).plus(&Rows::CYCLE);
        let possible: Vec<&Shape> = self.limits.shapes.iter().filter(|shape| total.fit(shape)).collect();
        for table in Table::ALL {
            let room = possible.iter().map(|shape| shape.capacity(table)).min().unwrap_or(0);
            let ceiling = room.max(total.of(table));
            self.ceiling.0[table as usize] = ceiling;
            self.budget.0[table as usize] = ceiling - rows.of(table);
        }
        let limit = self.start.cycle.saturating_add(self.limits.cycles);
        self.end = limit.min(state.cycle.saturating_add(self.budget.of(Table::Cpu).into()));
    }

    /// Ends the segment before the instruction of this state, and starts the next one, without a budget.
    fn close(&mut self, state: &State<'_>) {
        let rows = self.rows(state);
        let next = Boundary::from(state);
        let start = core::mem::replace(&mut self.start, next);
        self.segments.push(Segment {
            cycles: state.cycle - start.cycle,
            start,
            rows,
            pages_written: core::mem::take(&mut self.pages_written),
            accesses: core::mem::take(&mut self.touched.accesses),
            shape: self.limits.shapes.iter().find(|shape| rows.fit(shape)).copied(),
        });
        self.end = state.cycle;
        [self.budget, self.ceiling] = [Rows::ZERO, Rows::BASE];
        self.touched.clear();
    }

    /// What [`Observer::instruction`] does when it is not the usual: the budget is used up, or the page is not yet
    /// noted.
    #[cold]
    #[inline(never)]
    fn count_instruction(&mut self, state: &State<'_>, op: Op, access: Option<(u32, bool)>) {
        self.count(state, &Rows::instruction(op), access.into_iter());
    }
}

/// The pages that a range lies in.
pub(crate) fn pages(region: &Region) -> core::ops::RangeInclusive<u32> {
    region.address / PAGE_BYTES..=(region.address + (region.words * 4).saturating_sub(1)) / PAGE_BYTES
}

impl Observer for Meter {
    #[inline(always)]
    fn instruction(&mut self, state: &State<'_>, step: &Step) {
        let access = match step.access {
            Access::None => None,
            Access::Load { address, .. } => Some((address / PAGE_BYTES, false)),
            Access::Store { address, .. } => Some((address / PAGE_BYTES, true)),
        };
        let is_noted = access.is_none_or(|(page, is_write)| self.touched.has(page, is_write));
        let [(first, a), (second, b)] = Rows::side(step.op);
        let lacks = self.budget.of(first) < a || self.budget.of(second) < b;
        if state.cycle == self.end || lacks || !is_noted {
            // The copy exists on this path only; a reference to the original would build it for every instruction.
            let state = *state;
            self.count_instruction(&state, step.op, access);
        } else {
            self.budget.0[first as usize] -= a;
            self.budget.0[second as usize] -= b;
        }
    }

    #[inline(never)]
    fn call(&mut self, state: &State<'_>, step: &CallStep<'_>) {
        let side = Rows::call(step, state.memory);
        let reads = step.reads.iter().flat_map(pages).map(|page| (page, false));
        let writes = step.write.iter().flat_map(pages).map(|page| (page, true));
        self.count(state, &side, reads.chain(writes));
    }
}

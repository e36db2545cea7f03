//! Running one segment again, apart from the rest of the run.

use ashlar_abi::memory::{PAGE_BYTES, PAGE_WORDS};

use crate::mapped::Mapped;
use crate::segment::pages;
use crate::{Access, Boundary, CallStep, Machine, Memory, Observer, PAGES, Program, State, Step, Trap};

/// All that a segment depends on beside the program: the input of the job that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInput {
    /// Where it starts.
    pub start: Boundary,
    /// Its instructions.
    pub cycles: u64,
    /// The pages that it reads or writes, ascending, with their content at the start.
    pub pages: Vec<(u32, [u32; PAGE_WORDS])>,
    /// The hint words that it consumes.
    pub hints: Vec<u32>,
}

impl<'p> Machine<'p> {
    /// Runs until `end` cycles are completed since the start of the run, or to `HALT`, and records what another
    /// machine needs in order to do the same. Call it segment after segment to record them all in one run.
    pub fn capture(&mut self, end: u64) -> Result<SegmentInput, Trap> {
        let start = Boundary::from(&self.state());
        let mut capture = Capture { seen: vec![0; PAGES / 64].into_boxed_slice(), pages: Vec::new() };
        self.run(&mut capture, end)?;
        capture.pages.sort_unstable_by_key(|(page, _)| *page);
        let hints = self.environment.hints_since(start.hint_position).to_vec();
        Ok(SegmentInput { cycles: self.cycle - start.cycle, start, pages: capture.pages, hints })
    }

    /// The machine at the start of a recorded segment. What lies beyond the segment's end is not defined: it may read
    /// memory that was not recorded.
    pub fn resume(program: &'p Program, input: &'p SegmentInput) -> Self {
        let mut machine = Self::new(program, &input.hints);
        let start = &input.start;
        // The whole memory comes from the recording, where it counts.
        machine.memory = Mapped::zeroed();
        for (page, words) in &input.pages {
            machine.memory.load(page.saturating_mul(PAGE_BYTES), words);
        }
        machine.registers[1..32].copy_from_slice(&start.registers[1..]);
        (machine.pc, machine.cycle) = (start.pc, start.cycle);
        machine.environment.resume(start.hint_position, start.digest);
        machine
    }
}

/// Records each page when it is touched for the first time, which is before anything changes it.
struct Capture {
    /// One bit per page.
    seen: Box<[u64]>,
    pages: Vec<(u32, [u32; PAGE_WORDS])>,
}

impl Capture {
    fn touch(&mut self, memory: &Memory, page: u32) {
        let Some(bits) = self.seen.get_mut(page as usize / 64) else { return };
        let bit = 1 << (page % 64);
        if *bits & bit == 0 {
            *bits |= bit;
            self.pages.extend(memory.page(page).map(|words| (page, *words)));
        }
    }
}

impl Observer for Capture {
    #[inline(always)]
    fn instruction(&mut self, state: &State<'_>, step: &Step) {
        match step.access {
            Access::None => {}
            Access::Load { address, .. } | Access::Store { address, .. } => {
                self.touch(state.memory, address / PAGE_BYTES);
            }
        }
    }

    fn call(&mut self, state: &State<'_>, step: &CallStep<'_>) {
        for page in step.reads.iter().chain(&step.write).flat_map(pages) {
            self.touch(state.memory, page);
        }
    }
}

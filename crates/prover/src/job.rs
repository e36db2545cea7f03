//! The work on one segment, as data: all that is needed to prove it.

use ashlar_machine::Shape;
use ashlar_machine::cpu::{HALTED, ProgramRow};
use ashlar_machine::hash::Digest;
use ashlar_machine::node::NodeEvent;
use ashlar_machine::page::PageEvent;
use ashlar_verifier::Boundary;
use ashlar_vm::{Machine, Program, SegmentInput, Status};

use crate::error::ProverError;
use crate::events::Events;
use crate::tracer::Tracer;
use crate::tree::{PAGE_WORDS, REGISTER_PAGE, register_pages};

/// The work on one segment.
#[derive(Clone, Debug)]
pub struct SegmentJob {
    /// Its number in the run, from 0.
    pub number: usize,
    /// Its shape.
    pub shape: Shape,
    /// What it depends on.
    pub input: SegmentInput,
    /// What was last written to x0 before it.
    pub discarded: u32,
    /// Where it starts.
    pub start: Boundary,
    /// Where it ends.
    pub end: Boundary,
    /// The nodes of the memory tree above its pages, root first.
    pub nodes: Vec<NodeEvent>,
}

/// Runs a job's segment and records its events.
pub fn record(
    program: &Program,
    rows: &[Option<ProgramRow>],
    job: &SegmentJob,
) -> Result<Events, ProverError> {
    let input = &job.input;
    let mut machine = Machine::resume(program, input);
    let mut tracer =
        Tracer::new(rows, program.text().base(), input.start.cycle, input.cycles, job.discarded)?;
    machine.run(&mut tracer, input.start.cycle + input.cycles)?;
    let pages = page_events(&machine, &tracer, job);
    let mut events = tracer.events;
    events.page = pages;
    Ok(events)
}

/// Every page that the segment touches: those of memory, then those of the registers.
fn page_events(machine: &Machine<'_>, tracer: &Tracer<'_>, job: &SegmentJob) -> Vec<PageEvent> {
    let state = machine.state();
    let memory = job.input.pages.iter().map(|(page, old)| {
        let new = state.memory.page(*page).copied().unwrap_or(*old);
        PageEvent { page: *page, old: *old, new, timestamps: tracer.times(page * PAGE_WORDS as u32) }
    });
    let (discarded, times) = tracer.registers();
    let old = register_pages(&job.input.start.registers, job.discarded);
    let new = register_pages(state.registers, discarded);
    let times: [[u32; PAGE_WORDS]; 3] = core::array::from_fn(|page| {
        core::array::from_fn(|i| times.get(PAGE_WORDS * page + i).copied().unwrap_or(0))
    });
    let pages = old.into_iter().zip(new).zip(times);
    let registers = (REGISTER_PAGE..).zip(pages).map(|(page, ((old, new), timestamps))| PageEvent {
        page,
        old,
        new,
        timestamps,
    });
    memory.chain(registers).collect()
}

/// The boundary at a state of the machine.
pub(crate) fn boundary(machine: &Machine<'_>, status: Status, root: Digest) -> Boundary {
    let state = machine.state();
    let pc = if matches!(status, Status::Halted { .. }) { HALTED } else { state.pc };
    Boundary { root, pc, digest: state.digest.map(p3_field::PrimeCharacteristicRing::from_u32) }
}

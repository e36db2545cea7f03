//! Attacks on a segment as a whole: an attacker forges what happened, makes all traces anew so that every table goes
//! along as far as it can, and all tables judge together.
//!
//! Each test names what refuses the forgery, and nothing else does: `table x` is a constraint of that table, `bus x` a
//! message that nobody sends or takes.

mod boundaries;
mod calls;
mod key;
mod memory;

use ashlar_abi::call;
use ashlar_machine::Table;
use ashlar_machine::cpu::{Class, ProgramRow};
use ashlar_machine::hash::Hasher;
use ashlar_prover::{Events, MemoryTree, PageChange, REGISTER_PAGE, SegmentJob, SegmentTraces, record};
use ashlar_prover::{TableTrace, program_rows};
use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::{Op, Program};

use crate::programs::{DATA, halting};
use crate::support::{jobs, judge};

/// Words of a page.
const PAGE_WORDS: u32 = 16;
/// The page of [`DATA`].
const DATA_PAGE: u32 = DATA / 64;

/// A run of one segment and its events, to be forged.
struct Forgery {
    program: Program,
    rows: Vec<Option<ProgramRow>>,
    job: SegmentJob,
    events: Events,
}

impl Forgery {
    fn new(program: Program, hints: &[u32]) -> Self {
        let mut jobs = jobs(&program, hints, 1 << 10);
        assert_eq!(jobs.len(), 1);
        let rows = program_rows(&program);
        let job = jobs.remove(0);
        let events = record(&program, &rows, &job).expect("events");
        let forgery = Self { program, rows, job, events };
        assert_eq!(forgery.verdict(), NOBODY, "nothing is forged yet");
        forgery
    }

    /// Who refuses the traces of these events.
    fn verdict(&self) -> Vec<String> {
        self.verdict_of(&self.traces())
    }

    fn verdict_of(&self, traces: &SegmentTraces) -> Vec<String> {
        verdict(&self.program, &self.job, traces)
    }

    fn traces(&self) -> SegmentTraces {
        let mut events = record(&self.program, &self.rows, &self.job).expect("events");
        copy(&self.events, &mut events);
        SegmentTraces::new(&self.rows, &self.job, events)
    }

    /// Makes the memory tree fit the pages, and claims its root as that of the end. The root at the start stays: it is
    /// the end of the segment before, or the key's.
    fn rebuild_tree(&mut self) {
        let hasher = Hasher::default();
        let change = |page, words| PageChange { page, new: hasher.page(words) };
        let mut tree = MemoryTree::new(&self.program);
        let sorted = |mut changes: Vec<PageChange>| {
            changes.sort_by_key(|change| change.page);
            changes
        };
        tree.update(&sorted(self.events.page.iter().map(|page| change(page.page, &page.old)).collect()));
        self.job.nodes =
            tree.update(&sorted(self.events.page.iter().map(|page| change(page.page, &page.new)).collect()));
        self.job.end.root = tree.root();
    }

    /// The cycles of a class, by their clocks.
    fn clocks(&self, class: Class) -> Vec<usize> {
        let is_of = |step: &usize| {
            let instruction = self.events.cpu[*step].instruction as usize;
            self.rows[instruction].is_some_and(|row| row.class == class)
        };
        (0..self.events.cpu.len()).filter(is_of).collect()
    }

    /// The event of a page.
    fn page(&mut self, page: u32) -> &mut ashlar_machine::page::PageEvent {
        self.events.page.iter_mut().find(|event| event.page == page).expect("a touched page")
    }

    /// Position of a page's event.
    fn page_position(&self, page: u32) -> usize {
        self.events.page.iter().position(|event| event.page == page).expect("a touched page")
    }

    /// The page of the registers up to x15.
    fn registers(&mut self) -> &mut ashlar_machine::page::PageEvent {
        self.page(REGISTER_PAGE)
    }
}

const NOBODY: [&str; 0] = [];

/// Copies events, which are not `Clone` as a whole.
fn copy(from: &Events, to: &mut Events) {
    macro_rules! copy {
        ($($list:ident)+) => { $(to.$list = from.$list.clone();)+ };
    }
    copy!(cpu program bitwise shift less_than subword mul div call port hint commit permute keccak modmul256);
    copy!(modmul384 secp256k1 page);
}

/// Who refuses these traces: tables whose constraints fail, and buses that do not balance.
fn verdict(program: &Program, job: &SegmentJob, traces: &SegmentTraces) -> Vec<String> {
    let (failures, balance) = judge(program, job, traces);
    let mut refused: Vec<_> = failures
        .iter()
        .map(|failure| format!("table {}", failure.split(':').next().unwrap_or_default()))
        .collect();
    refused.dedup();
    refused.extend(balance.0.keys().map(|bus| format!("bus {bus}")));
    refused
}

/// The trace of a table.
fn trace(traces: &mut SegmentTraces, table: Table) -> &mut TableTrace {
    traces.tables.iter_mut().find(|trace| trace.table == table).expect("a table of the shape")
}

/// Writes a word twice, reads it, and reads a word of a page where nothing was written.
fn stores_and_loads() -> Program {
    let mut asm = Assembler::new();
    asm.li(reg::S0, DATA).li(reg::T0, 7).store(Op::Sw, reg::T0, reg::S0, 0);
    asm.li(reg::T0, 9).store(Op::Sw, reg::T0, reg::S0, 0).i(Op::Lw, reg::T1, reg::S0, 0);
    asm.i(Op::Lw, reg::T2, reg::S0, 64);
    halting(asm)
}

/// Takes 16 words of hints and commits each half.
fn hints_and_commits() -> (Program, Vec<u32>) {
    let mut asm = Assembler::new();
    asm.call(call::HINT, &[DATA, 16]).call(call::COMMIT, &[DATA]).call(call::COMMIT, &[DATA + 32]);
    (halting(asm), (1..=16).map(|x| x * 0x0101_0101).collect())
}

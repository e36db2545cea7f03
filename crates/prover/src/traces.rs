//! From events to traces.

use ashlar_machine::cpu::ProgramRow;
use ashlar_machine::keccak::KeccakCounts;
use ashlar_machine::poseidon2::Questions;
use ashlar_machine::{
    Shape, Table, TableCounts, Val, bitwise, call, commit, cpu, div, hint, keccak, less_than, lookup, modmul,
    mul, node, page, permute, port, poseidon2, program, secp256k1, shift, subword,
};
use p3_matrix::dense::RowMajorMatrix;

use crate::events::Events;
use crate::job::SegmentJob;

/// The trace of one table.
pub struct TableTrace {
    /// Which one.
    pub table: Table,
    /// Its rows.
    pub trace: RowMajorMatrix<Val>,
}

/// The traces of a segment, in the order of [`Table::ALL`] without those that are absent from its shape.
pub struct SegmentTraces {
    /// One per table.
    pub tables: Vec<TableTrace>,
}

/// Traces in the making, with what they ask of the tables that come last.
struct Maker<'a> {
    shape: &'a Shape,
    counts: TableCounts,
    questions: Questions,
    tables: Vec<TableTrace>,
}

impl Maker<'_> {
    /// Makes the trace of a table, unless it is absent: then it must have no events.
    fn make(
        &mut self,
        table: Table,
        events: usize,
        make: impl FnOnce(usize, &mut TableCounts, &mut Questions) -> RowMajorMatrix<Val>,
    ) {
        let height = self.shape.height(table);
        if height == 0 {
            assert_eq!(events, 0, "{} has events in a shape without it", table.name());
            return;
        }
        let trace = make(height, &mut self.counts, &mut self.questions);
        self.tables.push(TableTrace { table, trace });
    }
}

impl SegmentTraces {
    /// The traces of these events. Panics if the events do not fit the job's shape: they were counted before.
    pub fn new(rows: &[Option<ProgramRow>], job: &SegmentJob, events: Events) -> Self {
        let shape = &job.shape;
        let mut maker = Maker {
            shape,
            counts: TableCounts::default(),
            questions: Questions::default(),
            tables: Vec::with_capacity(Table::COUNT),
        };
        make_instructions(&mut maker, rows, job, &events);
        make_calls(&mut maker, job, &events);
        make_memory(&mut maker, job, &events);
        let Maker { counts, questions, mut tables, .. } = maker;
        let height = shape.height(Table::Poseidon2);
        tables.push(TableTrace {
            table: Table::Poseidon2,
            trace: poseidon2::generate(&questions.events, height),
        });
        tables.push(TableTrace { table: Table::Lookup, trace: lookup::generate(&counts) });
        tables.sort_by_key(|table| table.table);
        Self { tables }
    }

    /// Cells of all traces, auxiliary columns not counted.
    pub fn cells(&self) -> u64 {
        self.tables.iter().map(|table| table.trace.values.len() as u64).sum()
    }
}

fn make_instructions(maker: &mut Maker<'_>, rows: &[Option<ProgramRow>], job: &SegmentJob, events: &Events) {
    maker.make(Table::Cpu, events.cpu.len(), |height, counts, _| {
        cpu::generate(rows, &events.cpu, job.end.pc, height, counts)
    });
    maker.make(Table::Program, 0, |height, _, _| program::generate(&events.program, height));
    maker.make(Table::Bitwise, events.bitwise.len(), |height, counts, _| {
        bitwise::generate(&events.bitwise, height, counts)
    });
    maker.make(Table::Shift, events.shift.len(), |height, counts, _| {
        shift::generate(&events.shift, height, counts)
    });
    maker.make(Table::LessThan, events.less_than.len(), |height, counts, _| {
        less_than::generate(&events.less_than, height, counts)
    });
    maker.make(Table::Subword, events.subword.len(), |height, counts, _| {
        subword::generate(&events.subword, height, counts)
    });
    let mut products = events.mul.clone();
    products.extend(events.div.iter().flat_map(div::mul_events));
    maker.make(Table::Mul, products.len(), |height, counts, _| mul::generate(&products, height, counts));
    maker.make(Table::Div, events.div.len(), |height, counts, _| div::generate(&events.div, height, counts));
}

fn make_calls(maker: &mut Maker<'_>, job: &SegmentJob, events: &Events) {
    maker.make(Table::Call, events.call.len(), |height, counts, _| {
        call::generate(&events.call, height, counts)
    });
    maker.make(Table::Port, events.port.len(), |height, counts, _| {
        port::generate(&events.port, height, counts)
    });
    maker.make(Table::Hint, events.hint.len(), |height, counts, _| {
        hint::generate(&events.hint, height, counts)
    });
    maker.make(Table::Commit, events.commit.len(), |height, counts, questions| {
        commit::generate(&events.commit, job.start.digest, height, counts, questions)
    });
    maker.make(Table::Permute, events.permute.len(), |height, counts, questions| {
        permute::generate(&events.permute, height, counts, questions)
    });
    let mut keccak_counts = KeccakCounts::default();
    maker.make(Table::Keccak, events.keccak.len(), |height, _, _| {
        keccak::generate(&events.keccak, height, &mut keccak_counts)
    });
    maker.make(Table::KeccakTable, 0, |_, _, _| keccak::generate_table(&keccak_counts));
    maker.make(Table::Modmul256, events.modmul256.len(), |height, counts, _| {
        modmul::generate(&events.modmul256, height, counts)
    });
    maker.make(Table::Modmul384, events.modmul384.len(), |height, counts, _| {
        modmul::generate(&events.modmul384, height, counts)
    });
    maker.make(Table::Secp256k1, events.secp256k1.len(), |height, counts, _| {
        secp256k1::generate(&events.secp256k1, height, counts)
    });
}

fn make_memory(maker: &mut Maker<'_>, job: &SegmentJob, events: &Events) {
    maker.make(Table::Page, events.page.len(), |height, _, questions| {
        page::generate(&events.page, height, questions)
    });
    maker.make(Table::Node, job.nodes.len(), |height, _, questions| {
        node::generate(&job.nodes, height, questions)
    });
}

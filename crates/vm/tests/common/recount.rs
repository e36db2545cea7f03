//! Counts what a run takes of each table the slow way, from the definition.
#![allow(dead_code, missing_docs, unreachable_pub)] // Each test file uses a part of it.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_vm::{
    Access, Call, CallStep, Observer, Op, Region, Rows, Segment, SegmentLimits, Shape, State, Step, Table,
};

/// One instruction: its units beside the cycle, and the words that it touches, with whether they are written.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    units: Vec<(Table, u32)>,
    words: Vec<(u32, bool)>,
}

/// The instructions of a run.
#[derive(Clone, Debug, Default)]
pub struct Recount(pub Vec<Taken>);

impl Observer for Recount {
    fn instruction(&mut self, _: &State<'_>, step: &Step) {
        let units = match step.op {
            Op::Xor | Op::Or | Op::And | Op::Xori | Op::Ori | Op::Andi => vec![(Table::Bitwise, 1)],
            Op::Sll | Op::Srl | Op::Sra | Op::Slli | Op::Srli | Op::Srai => vec![(Table::Shift, 1)],
            Op::Slt | Op::Slti | Op::Blt | Op::Bge => vec![(Table::LessThan, 1)],
            Op::Lb | Op::Lbu | Op::Lh | Op::Lhu | Op::Sb | Op::Sh => vec![(Table::Subword, 1)],
            Op::Mul | Op::Mulh | Op::Mulhsu | Op::Mulhu => vec![(Table::Mul, 1)],
            Op::Div | Op::Divu | Op::Rem | Op::Remu => vec![(Table::Div, 1), (Table::Mul, 2)],
            _ => vec![],
        };
        let words = match step.access {
            Access::None => vec![],
            Access::Load { address, .. } => vec![(address / 4, false)],
            Access::Store { address, .. } => vec![(address / 4, true)],
        };
        self.0.push(Taken { units, words });
    }

    fn call(&mut self, state: &State<'_>, step: &CallStep<'_>) {
        let chunks = (step.written.len() as u32).div_ceil(4);
        let (port, accelerator) = match step.call {
            Call::Halt | Call::Log => (0, vec![]),
            Call::Hint => (chunks, vec![(Table::Hint, chunks)]),
            Call::Commit => (2, vec![(Table::Commit, 1), (Table::Poseidon2, 2)]),
            Call::KeccakF => (13, vec![(Table::Keccak, 1)]),
            Call::Poseidon2 => (4, vec![(Table::Permute, 1), (Table::Poseidon2, 1)]),
            Call::Modmul256 => (8, vec![(Table::Modmul256, modmul_rows(state, step))]),
            Call::Modmul384 => (12, vec![(Table::Modmul384, modmul_rows(state, step))]),
            Call::Secp256k1Add => (8, vec![(Table::Secp256k1, 1)]),
            Call::Secp256k1Double => (4, vec![(Table::Secp256k1, 1)]),
        };
        let mut units = accelerator;
        if !matches!(step.call, Call::Halt | Call::Log) {
            units.extend([(Table::Call, 1), (Table::Port, port)]);
        }
        let words = |region: &Region| region.address / 4..region.address / 4 + region.words;
        let reads = step.reads.iter().flat_map(words).map(|word| (word, false));
        let writes = step.write.iter().flat_map(words).map(|word| (word, true));
        self.0.push(Taken { units, words: reads.chain(writes).collect() });
    }
}

/// Rows of a modular multiplication: two if the upper half of the product reaches the modulus.
fn modmul_rows(state: &State<'_>, step: &CallStep<'_>) -> u32 {
    let words = |i: usize| {
        let Region { address, words } = step.reads[i];
        state.memory.words(address, words as usize).unwrap()
    };
    let (a, b, m) = (words(0), words(1), words(2));
    let mut product = vec![0_u32; 2 * a.len()];
    for (i, x) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, y) in b.iter().enumerate() {
            let sum = u64::from(*x) * u64::from(*y) + u64::from(product[i + j]) + carry;
            (product[i + j], carry) = (sum as u32, sum >> 32);
        }
        product[i + b.len()] = carry as u32;
    }
    let reaches = product[a.len()..].iter().rev().ge(m.iter().rev());
    if m.iter().any(|word| *word != 0) && reaches { 2 } else { 1 }
}

/// What a segment of these instructions has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub units: BTreeMap<&'static str, u32>,
    pub pages_written: usize,
}

/// Counts a segment of these instructions.
pub fn count(taken: &[Taken]) -> Counted {
    const REGISTERS: u32 = 0x6000_0000;
    let mut units: BTreeMap<_, _> = Table::ALL.iter().map(|table| (table.name(), 0)).collect();
    units.insert("cpu", taken.len() as u32);
    for (table, count) in taken.iter().flat_map(|taken| &taken.units) {
        *units.get_mut(table.name()).unwrap() += count;
    }
    let words = || taken.iter().flat_map(|taken| &taken.words);
    let registers = REGISTERS..REGISTERS + 33;
    let pages: BTreeSet<u32> =
        words().map(|(word, _)| *word).chain(registers).map(|word| word / 16).collect();
    // A node is its depth and its index.
    let nodes: BTreeSet<(u32, u32)> =
        pages.iter().flat_map(|page| (0..27).map(move |depth| (depth, page >> (27 - depth)))).collect();
    let (pages, nodes) = (pages.len() as u32, nodes.len() as u32);
    units.extend([("page", pages), ("node", nodes)]);
    *units.get_mut("poseidon2").unwrap() += 8 * pages + 2 * nodes;
    let written: BTreeSet<u32> =
        words().filter(|(_, is_write)| *is_write).map(|(word, _)| word / 16).collect();
    Counted { units, pages_written: written.len() }
}

/// Whether a shape has room.
pub fn holds(shape: &Shape, counted: &Counted) -> bool {
    Table::ALL.iter().all(|table| counted.units[table.name()] <= shape.capacity(*table))
}

fn units(rows: &Rows) -> BTreeMap<&'static str, u32> {
    Table::ALL.iter().map(|table| (table.name(), rows.of(*table))).collect()
}

/// Checks that the segments are what the limits and the instructions of the run say: they tile the run, have the counts
/// of their instructions, each has the cheapest shape that holds it, and none could have been longer.
pub fn check(segments: &[Segment], taken: &[Taken], limits: &SegmentLimits) {
    let mut start = 0;
    for segment in segments {
        let end = start + segment.cycles as usize;
        let counted = count(&taken[start..end]);
        assert_eq!((segment.start.cycle, segment.cycles > 0), (start as u64, true));
        assert_eq!(units(&segment.rows), counted.units);
        assert_eq!(segment.pages_written as usize, counted.pages_written);
        let fitting = limits.shapes.iter().filter(|shape| holds(shape, &counted));
        assert_eq!(segment.shape.map(|shape| shape.cells()), fitting.map(Shape::cells).min());
        assert!(segment.shape.is_none_or(|shape| holds(&shape, &counted)));
        assert!(segment.shape.is_some() || segment.cycles == 1, "shapeless segments have one instruction");
        if end < taken.len() {
            let longer = count(&taken[start..=end]);
            let fits = limits.shapes.iter().any(|shape| holds(shape, &longer));
            assert!(!fits || segment.cycles == limits.cycles, "cut early");
        }
        start = end;
    }
    assert_eq!(start, taken.len());
}

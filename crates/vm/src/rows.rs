//! What instructions and calls take of each table.

use ashlar_machine::bus::REGISTERS;
use ashlar_machine::modmul::ModmulEvent;
use ashlar_machine::{Packing, Shape, Table};

use crate::{Call, CallStep, Memory, Op};

/// A number of units (instructions, calls, pages, ...) for each table; what a unit is and how many fit in a row is
/// [`Table::packing`]'s to say. `program` and `lookup` have none: their rows do not depend on the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows(pub(crate) [u32; Table::COUNT]);

impl Rows {
    /// What every segment has before its first instruction: the pages of the registers and the nodes above them.
    pub const BASE: Self = Self::ZERO.with_memory(REGISTER_PAGES, register_nodes());

    /// One instruction.
    pub(crate) const CYCLE: Self = Self::ZERO.with(Table::Cpu, 1);

    /// Nothing.
    pub(crate) const ZERO: Self = Self([0; Table::COUNT]);

    /// Units of this table.
    #[inline(always)]
    pub const fn of(&self, table: Table) -> u32 {
        self.0[table as usize]
    }

    /// Whether every table of the shape has room for these.
    pub fn fit(&self, shape: &Shape) -> bool {
        Table::ALL.iter().all(|table| self.of(*table) <= shape.capacity(*table))
    }

    /// Cells of the rows that these take, without padding.
    pub fn cells(&self) -> u64 {
        let cells = |table: Table| {
            let Packing { units, rows } = table.packing();
            u64::from(self.of(table).div_ceil(units)) * u64::from(rows) * table.width() as u64
        };
        Table::ALL.into_iter().map(cells).sum()
    }

    /// What an instruction that is not an `ecall` takes beside its cycle and the memory that it touches: nothing, or
    /// units of a table, or of two. As an array by value, so that none of it is left to do when `op` is known.
    #[inline(always)]
    pub(crate) const fn side(op: Op) -> [(Table, u32); 2] {
        let (table, units, products) = match op {
            Op::Xor | Op::Or | Op::And | Op::Xori | Op::Ori | Op::Andi => (Table::Bitwise, 1, 0),
            Op::Sll | Op::Srl | Op::Sra | Op::Slli | Op::Srli | Op::Srai => (Table::Shift, 1, 0),
            // The unsigned comparisons are a borrow, which the cycle's own row has.
            Op::Slt | Op::Slti | Op::Blt | Op::Bge => (Table::LessThan, 1, 0),
            Op::Lb | Op::Lbu | Op::Lh | Op::Lhu | Op::Sb | Op::Sh => (Table::Subword, 1, 0),
            Op::Mul | Op::Mulh | Op::Mulhsu | Op::Mulhu => (Table::Mul, 1, 0),
            // A quotient is checked by the low and the high word of a product.
            Op::Div | Op::Divu | Op::Rem | Op::Remu => (Table::Div, 1, 2),
            _ => (Table::Cpu, 0, 0),
        };
        [(table, units), (Table::Mul, products)]
    }

    /// [`Self::side`] as a count.
    pub(crate) fn instruction(op: Op) -> Self {
        Self::side(op).into_iter().fold(Self::ZERO, |rows, (table, units)| rows.with(table, units))
    }

    /// What a call takes beside its cycle and the pages that it touches.
    pub(crate) fn call(step: &CallStep<'_>, memory: &Memory) -> Self {
        let chunks = (step.written.len() as u32).div_ceil(4);
        // Chunks of up to 4 words through the port, and the accelerator's units.
        let (port, accelerator): (u32, &[(Table, u32)]) = match step.call {
            Call::Halt | Call::Log => return Self::ZERO,
            Call::Hint => (chunks, &[(Table::Hint, chunks)]),
            Call::Commit => (2, &[(Table::Commit, 1), (Table::Poseidon2, 2)]),
            Call::KeccakF => (13, &[(Table::Keccak, 1)]),
            Call::Poseidon2 => (4, &[(Table::Permute, 1), (Table::Poseidon2, 1)]),
            Call::Modmul256 => (8, &[(Table::Modmul256, modmul_rows::<8>(step, memory))]),
            Call::Modmul384 => (12, &[(Table::Modmul384, modmul_rows::<12>(step, memory))]),
            Call::Secp256k1Add => (8, &[(Table::Secp256k1, 1)]),
            Call::Secp256k1Double => (4, &[(Table::Secp256k1, 1)]),
        };
        let rows = Self::ZERO.with(Table::Call, 1).with(Table::Port, port);
        accelerator.iter().fold(rows, |rows, (table, units)| rows.with(*table, *units))
    }

    /// The same with more units of a table.
    pub(crate) const fn with(mut self, table: Table, units: u32) -> Self {
        self.0[table as usize] += units;
        self
    }

    /// The same with more pages and inner nodes of the memory tree. Each is hashed as it was and as it is in the end:
    /// a page in 4 compressions, a node in one.
    pub(crate) const fn with_memory(self, pages: u32, nodes: u32) -> Self {
        self.with(Table::Page, pages).with(Table::Node, nodes).with(Table::Poseidon2, 8 * pages + 2 * nodes)
    }

    /// Without the pages and inner nodes of memory: what adds up when segments are joined.
    pub(crate) fn without_memory(&self) -> Self {
        let memory = Self::ZERO.with_memory(self.of(Table::Page), self.of(Table::Node));
        Self(core::array::from_fn(|i| self.0[i].saturating_sub(memory.0[i])))
    }

    /// Sum, table by table. Saturates: no segment holds that many.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i].saturating_add(other.0[i])))
    }
}

/// Rows of a modular multiplication, which depend on its operands.
fn modmul_rows<const WORDS: usize>(step: &CallStep<'_>, memory: &Memory) -> u32 {
    // The executor has checked that the operands are inside.
    let operand = |i: usize| -> [u32; WORDS] {
        let words = step.reads.get(i).and_then(|region| memory.words(region.address, WORDS));
        words.and_then(|words| words.first_chunk().copied()).unwrap_or([0; WORDS])
    };
    let [a, b, m] = [0, 1, 2].map(operand);
    ModmulEvent { clock: 0, addresses: [0; 4], a, b, m }.rows() as u32
}

/// Depth of the tree that memory and registers lie in, by pages.
pub(crate) const TREE_DEPTH: u32 = 27;

/// Pages of the registers: 33 words, from the start of a page.
const REGISTER_PAGES: u32 = 3;

/// Inner nodes above the pages of the registers, the root included.
const fn register_nodes() -> u32 {
    let first = REGISTERS / 16;
    let last = first + REGISTER_PAGES - 1;
    let (mut nodes, mut height) = (0, 1);
    while height <= TREE_DEPTH {
        nodes += (last >> height) - (first >> height) + 1;
        height += 1;
    }
    nodes
}

const _: () = assert!(REGISTERS.is_multiple_of(16) && (REGISTERS / 16 + REGISTER_PAGES) >> TREE_DEPTH == 0);

//! A circuit on the narrow table: blocks for sponges and paths, and operations in the rows that they leave free.

use std::collections::HashSet;

use ashlar_circuit::narrow::{self, BLOCK, NarrowFixed, first, last};
use ashlar_circuit::{Challenge, Val};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::compress::{CompressSpec, Use};
use super::leaves::{Content, Leaf};
use super::plan::{Placed, Plan};
use super::program::{Instruction, Program};
use super::rows::NarrowRows;
use super::{BuildError, Builder, Inputs, Layout, Unsatisfied, Wire};

/// log2 of the heights that a table may have.
const LOG_HEIGHTS: core::ops::RangeInclusive<u8> = 3..=24;

/// A circuit on the narrow table.
#[derive(Clone, Debug)]
pub struct NarrowCircuit {
    log_height: u8,
    program: Program,
    pub(super) fixed: Vec<NarrowFixed<Val>>,
    /// The wires of each row; zero where there is none.
    pub(super) operands: Vec<[Wire; 4]>,
    blocks: usize,
    public_words: Vec<Wire>,
}

/// Values that satisfy a circuit on the narrow table, from which the other columns follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NarrowWitness {
    /// The input of each block.
    pub inputs: Vec<[Val; 16]>,
    /// The operands of each row.
    pub operands: Vec<[Challenge; 4]>,
    /// The public words; the first is X. That with number i has the address 1 + i.
    pub public_words: Vec<Challenge>,
}

/// How much of the narrow table a circuit needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NarrowUsage {
    /// Blocks, with an idle one.
    pub blocks: usize,
    /// Rows of blocks whose operands are used.
    pub operands: usize,
    /// Operations, constants included.
    pub operations: usize,
    /// Rows that only show a wire to be of the base field.
    pub base: usize,
}

impl NarrowUsage {
    /// Rows that are needed in all.
    pub const fn rows(&self) -> usize {
        let used = self.operands + self.operations + self.base;
        if used > self.blocks * BLOCK { used } else { self.blocks * BLOCK }
    }
}

impl Builder {
    /// How much of the narrow table the circuit needs.
    pub fn narrow_usage(&self) -> Result<NarrowUsage, BuildError> {
        self.check(Layout::Narrow)?;
        let (table, _) = self.narrow_blocks()?;
        let blocks = table.blocks();
        let operands = table.rows.iter().filter(|row| row.is_used()).count();
        let mut plan = Plan::new(self, self.narrow_reads(&table));
        let base = show_base(&mut plan, &self.based).1.len();
        Ok(NarrowUsage { blocks, operands, operations: plan.operations.len(), base })
    }

    /// Lays the circuit out in a narrow table of 2^`log_height` rows.
    pub fn finish_narrow(mut self, log_height: u8) -> Result<NarrowCircuit, BuildError> {
        self.check(Layout::Narrow)?;
        if !LOG_HEIGHTS.contains(&log_height) {
            return Err(BuildError::Height { log_height });
        }
        let (mut table, positions) = self.narrow_blocks()?;
        let [blocks, height] = [table.blocks(), (1 << log_height) / BLOCK];
        if blocks > height {
            return Err(BuildError::Blocks { blocks, height });
        }
        let mut plan = Plan::new(&self, self.narrow_reads(&table));
        if self.public_words.iter().any(|word| plan.reads[word.index()] != 1) {
            return Err(BuildError::PublicValues);
        }
        let (is_base, alone) = show_base(&mut plan, &self.based);
        table.rows.resize(1 << log_height, Row::default());
        table.operate(&plan.operations, &is_base, &alone)?;
        self.place_narrow_leaves(&positions);
        let addresses = self.addresses();
        let fixed = table.rows.iter().map(|row| row.fixed(&plan.reads, &addresses)).collect();
        let operands =
            table.rows.iter().map(|row| row.operands.map(|operand| operand.wire().unwrap_or(Wire(0))));
        Ok(NarrowCircuit {
            log_height,
            fixed,
            operands: operands.collect(),
            blocks,
            public_words: self.public_words.clone(),
            program: self.live_program(&plan.is_live, &positions.rows),
        })
    }

    /// Zero has the address 0, public words those after it.
    fn addresses(&self) -> Vec<u32> {
        let mut addresses: Vec<u32> = (0..).take(self.wires.len()).collect();
        let words = self.public_words.len() as u32;
        // An address is never needed twice: wires are far fewer than 2^24.
        addresses.iter_mut().skip(1).for_each(|address| *address += words);
        for (number, wire) in (1..).zip(&self.public_words) {
            addresses[wire.index()] = number;
        }
        addresses
    }

    /// How often blocks read each wire, and how often a wire is shown to be of the base field.
    fn narrow_reads(&self, table: &Table) -> Vec<u32> {
        let mut reads = vec![0; self.wires.len()];
        for operand in table.rows.iter().flat_map(|row| row.operands) {
            if let Use::Read(wire) = operand {
                reads[wire.index()] += 1;
            }
        }
        self.based.iter().for_each(|wire| reads[wire.index()] += 1);
        reads
    }

    /// The blocks: an idle one, since a leaf needs one before it, then those of sponges, then leaves with their paths.
    fn narrow_blocks(&self) -> Result<(Table, Positions), BuildError> {
        let mut leaves: Vec<Option<&Leaf>> = vec![None; self.digests as usize];
        for leaf in self.leaves() {
            leaves[leaf.digest.0 as usize] = Some(leaf);
        }
        let reads = self.digest_reads();
        if reads.contains(&0) {
            return Err(BuildError::UnreadDigest);
        }
        if reads.iter().any(|reads| *reads > 1) {
            return Err(BuildError::SharedDigest);
        }
        let mut table = Table::default();
        table.block();
        let mut positions = Positions { rows: vec![0; self.compress.len()], leaves: vec![0; leaves.len()] };
        let is_path = |rows: &[u32]| rows.first().is_some_and(|row| self.compress[*row as usize].is_path);
        let tracks = self.tracks.iter().map(|track| &track.rows);
        let (paths, sponges): (Vec<_>, Vec<_>) = tracks.partition(|rows| is_path(rows));
        for rows in sponges.into_iter().chain(paths) {
            for row in rows {
                let spec = &self.compress[*row as usize];
                let leaf = spec.digest.and_then(|digest| leaves.get(digest.0 as usize)).copied().flatten();
                if let Some(leaf) = leaf {
                    positions.leaves[leaf.digest.0 as usize] = table.blocks();
                    table.leaf(leaf, self.zero());
                    // The path goes on from the leaf.
                    table.last_row().set(last::PATH);
                }
                positions.rows[*row as usize] = table.blocks() as u32;
                table.spec(spec);
            }
        }
        Ok((table, positions))
    }

    fn place_narrow_leaves(&mut self, positions: &Positions) {
        for instruction in &mut self.program {
            if let Instruction::Leaf(leaf) = instruction {
                leaf.place = (0, positions.leaves[leaf.digest.0 as usize]);
            }
        }
    }
}

/// Which block each row of the builder is, and each leaf's first.
struct Positions {
    rows: Vec<u32>,
    leaves: Vec<usize>,
}

/// Wires that are factors of operations are shown to be of the base field there. Returns for each operation whether its a
/// is, and the wires that need rows of their own.
fn show_base(plan: &mut Plan, based: &[Wire]) -> (Vec<bool>, Vec<Wire>) {
    let mut pending: HashSet<Wire> = based.iter().copied().collect();
    let is_base = plan.operations.iter_mut().map(|Placed { wires: [a, b, ..], defines_a, .. }| {
        if !pending.contains(a) && !*defines_a && pending.contains(b) {
            core::mem::swap(a, b);
        }
        let is_base = pending.remove(a);
        plan.reads[a.index()] -= u32::from(is_base);
        is_base
    });
    let is_base = is_base.collect();
    (is_base, based.iter().copied().filter(|wire| pending.contains(wire)).collect())
}

/// The rows, as wires.
#[derive(Default)]
struct Table {
    rows: Vec<Row>,
}

/// A row: its operands, and what it says of them.
#[derive(Clone, Copy, Default)]
struct Row {
    operands: [Use; 4],
    flags: [Val; 7],
    operates: bool,
    base: bool,
    constant: Val,
}

impl Row {
    fn is_used(&self) -> bool {
        self.operands.iter().any(|operand| operand.wire().is_some())
    }

    fn set(&mut self, flag: usize) {
        self.flags[flag] = Val::ONE;
    }

    fn read(&mut self, k: usize, wire: Wire) {
        self.operands[k] = Use::Read(wire);
    }

    fn define(&mut self, k: usize, wire: Wire) {
        self.operands[k] = Use::Define(wire);
    }

    fn fixed(&self, reads: &[u32], addresses: &[u32]) -> NarrowFixed<Val> {
        let address = |operand: Use| operand.wire().map_or(0, |wire| addresses[wire.index()]);
        let count = |operand| match operand {
            Use::None => Val::ZERO,
            Use::Read(_) => Val::NEG_ONE,
            Use::Define(wire) => Val::from_u32(reads[wire.index()]),
        };
        NarrowFixed {
            address: self.operands.map(|operand| Val::from_u32(address(operand))),
            count: self.operands.map(count),
            operates: Val::from_bool(self.operates),
            base: Val::from_bool(self.base),
            constant: self.constant,
            flags: self.flags,
            free: [Val::ZERO; 2],
        }
    }
}

impl Table {
    fn blocks(&self) -> usize {
        self.rows.len() / BLOCK
    }

    /// Adds a block; returns its first row.
    fn block(&mut self) -> usize {
        let row = self.rows.len();
        self.rows.resize(row + BLOCK, Row::default());
        row
    }

    /// The last row of the last block. There is one.
    fn last_row(&mut self) -> &mut Row {
        let row = self.rows.len() - 1;
        &mut self.rows[row]
    }

    /// Adds the block of a step of a sponge or a path.
    fn spec(&mut self, spec: &CompressSpec) {
        let row = self.block();
        let start = &mut self.rows[row];
        if let Some(offset) = spec.absorbs {
            start.set(first::ABSORBS[usize::from(offset)]);
            start.operands[..2].copy_from_slice(&spec.words);
        }
        if let Some(carry) = spec.carry {
            start.read(2, carry);
        }
        if let Some(bit) = spec.bit {
            start.read(0, bit);
        }
        if let Some(loaded) = spec.loaded {
            start.set(first::LOADS);
            self.rows[row + 1].operands[..2].copy_from_slice(&loaded);
        }
        let end = self.last_row();
        if spec.chain_word {
            end.set(last::PATH);
        }
        if spec.chain_state {
            end.set(last::BINDS);
            end.set(last::CHAINS);
            end.flags[last::TAG] = Val::from_u8(spec.tag);
        }
        if spec.chain_left {
            last::RETAINS.into_iter().for_each(|flag| end.set(flag));
        }
        let handed_out = spec.out.map(|words| words.map(Use::Define));
        if let Some(words) = handed_out.or(spec.root.map(|words| words.map(Use::Read))) {
            end.set(last::HANDS_OUT);
            end.operands[..2].copy_from_slice(&words);
        }
    }

    /// Adds the blocks of a leaf.
    fn leaf(&mut self, leaf: &Leaf, zero: Wire) {
        let groups = leaf.groups();
        let mut before = None;
        for (i, pair) in groups.chunks(2).enumerate() {
            let end = self.last_row();
            end.set(last::BINDS);
            if i > 0 {
                end.set(last::CHAINS);
            }
            if i > 0 && pair.len() == 1 {
                end.set(last::RETAINS[1]);
            }
            let row = self.block();
            let sums = [pair[0].sum, pair.get(1).map_or(leaf.behind, |group| group.sum)];
            match &leaf.content {
                Content::Elements(_) => {
                    self.rows[row].set(first::ABSORBS[0]);
                    for (k, sum) in sums.into_iter().enumerate() {
                        match sum {
                            Some(sum) => self.rows[row].define(k, sum),
                            // The only block of a leaf of one element is filled up with zeros.
                            None => self.rows[row].read(k, zero),
                        }
                    }
                }
                Content::Rows { powers, .. } => {
                    self.rows[row].set(first::SUMS);
                    for (k, power) in powers.iter().enumerate() {
                        self.rows[row].read(k, *power);
                    }
                    if pair.get(1).is_some_and(|group| group.continues) {
                        self.rows[row].set(first::CONTINUES);
                    }
                    let continued = before.filter(|_| pair[0].continues);
                    self.rows[row + 1].read(0, continued.unwrap_or(zero));
                    for (k, sum) in sums.into_iter().enumerate() {
                        if let Some(sum) = sum {
                            self.rows[row + 1].define(1 + k, sum);
                        }
                    }
                }
            }
            before = sums[1];
        }
    }

    /// Puts operations, and wires that are shown to be of the base field, in rows that are free.
    fn operate(&mut self, operations: &[Placed], is_base: &[bool], alone: &[Wire]) -> Result<(), BuildError> {
        let needed = operations.len() + alone.len();
        let places = self.rows.iter().filter(|row| !row.is_used()).count();
        if needed > places {
            return Err(BuildError::Operations { operations: needed, places });
        }
        let mut free = self.rows.iter_mut().filter(|row| !row.is_used());
        for ((placed, is_base), row) in operations.iter().zip(is_base).zip(&mut free) {
            let defines = [placed.defines_a, false, false, placed.defines_d];
            for (k, (wire, defines)) in placed.wires.into_iter().zip(defines).enumerate() {
                if defines { row.define(k, wire) } else { row.read(k, wire) }
            }
            row.operates = true;
            row.base = *is_base;
            // Constants are of the base field, or made of such.
            row.constant = placed.constant.map_or(Val::ZERO, |[constant, _]| constant);
        }
        for (wire, row) in alone.iter().zip(free) {
            row.read(0, *wire);
            row.base = true;
        }
        Ok(())
    }
}

impl NarrowCircuit {
    /// log2 of the height of its table.
    pub const fn log_height(&self) -> u8 {
        self.log_height
    }

    /// The wires that are public words; the first is X.
    pub fn public_words(&self) -> &[Wire] {
        &self.public_words
    }

    /// The fixed columns of the table.
    pub fn fixed(&self) -> RowMajorMatrix<Val> {
        narrow::fixed_matrix(&self.fixed, 1 << self.log_height)
    }

    /// The columns of the table with a witness.
    pub fn trace(&self, witness: &NarrowWitness) -> RowMajorMatrix<Val> {
        narrow::trace(&witness.inputs, &witness.operands, 1 << self.log_height)
    }

    /// Finds a witness for these inputs. There is one if and only if every check of the circuit holds.
    pub fn run(&self, inputs: &mut dyn Inputs) -> Result<NarrowWitness, Unsatisfied> {
        let mut rows = NarrowRows::new(self.blocks);
        let values = self.program.run(inputs, &mut rows)?;
        Ok(self.witness(&values, rows.inputs))
    }

    fn witness(&self, values: &[Challenge], inputs: Vec<[Val; 16]>) -> NarrowWitness {
        let value = |wire: &Wire| values[wire.index()];
        NarrowWitness {
            inputs,
            operands: self.operands.iter().map(|wires| wires.each_ref().map(value)).collect(),
            public_words: self.public_words.iter().map(value).collect(),
        }
    }

    /// All wires, those that nobody needs included.
    #[cfg(test)]
    pub(crate) fn wires(&self) -> impl Iterator<Item = Wire> + use<> {
        (0..self.program.values.len() as u32).map(Wire)
    }

    /// What an attacker makes of these inputs, see [`Program::forge`]: a witness that is for the table to refuse, and the
    /// checks that fail.
    #[cfg(test)]
    pub(crate) fn forge(
        &self,
        inputs: &mut dyn Inputs,
        wanted: &[(Wire, Challenge)],
    ) -> (NarrowWitness, Vec<super::Failure>) {
        let mut rows = NarrowRows::new(self.blocks);
        let (values, failures) = self.program.forge(inputs, &mut rows, wanted);
        (self.witness(&values, rows.inputs), failures)
    }
}

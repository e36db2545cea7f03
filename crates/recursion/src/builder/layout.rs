//! A circuit's rows: which operation, leaf, path step and absorption is where, and the fixed columns.

use ashlar_circuit::Val;
use ashlar_circuit::arithmetic::OperationFixed;
use ashlar_circuit::compress::CompressFixed;
use ashlar_circuit::sponge::SpongeFixed;
use p3_field::PrimeCharacteristicRing;

use super::compress::{CompressSpec, Use};
use super::leaves::{Content, Leaf};
use super::plan::{Placed, Plan, check_public_values, wide_reads};
use super::program::{Instruction, Program};
use super::{BuildError, Builder, Circuit, CircuitShape, Layout, Usage, Wire};

/// The tables are far lower than the field allows, and than addresses have bits.
const LOG_HEIGHT_MAX: u8 = 24;

impl Builder {
    /// How much of a shape the circuit needs.
    pub fn usage(&self) -> Usage {
        let plan = Plan::new(self, wide_reads(self));
        Usage {
            sponge: self.leaf_rows(),
            compress: 1 + self.compress.len(),
            operations: plan.operations.len(),
            constants: plan.constants,
        }
    }

    /// Lays the circuit out in tables of this shape.
    pub fn finish(mut self, shape: &CircuitShape) -> Result<Circuit, BuildError> {
        self.check(Layout::Wide)?;
        let mut heights = shape.sponges().chain([shape.compress, shape.arithmetic]);
        if let Some(log_height) = heights.find(|height| !(1..=LOG_HEIGHT_MAX).contains(height)) {
            return Err(BuildError::Height { log_height });
        }
        let mut plan = Plan::new(&self, wide_reads(&self));
        let slots = Slots::new(&plan, shape)?;
        plan.reads[0] += 4 * slots.idle as u32;
        let positions = self.compress_positions(shape)?;
        let sponge = self.place_leaves(shape)?;
        let digest_reads = self.digest_reads();
        if digest_reads.contains(&0) {
            return Err(BuildError::UnreadDigest);
        }
        let counts = Counts { wires: plan.reads, digests: digest_reads };
        let (based_rows, compress) = self.compress_rows(shape, &positions, &counts)?;
        let mut circuit = Circuit {
            shape: *shape,
            program: Program::default(),
            public: self.public,
            cap_rows: self.cap_rows(&positions),
            based: self.based.iter().copied().zip(based_rows).collect(),
            fixed_sponge: sponge.map(|leaves| sponge_rows(&leaves, &counts)),
            fixed_compress: compress,
            fixed_operations: slots.operations.iter().map(|placed| placed.fixed(&counts)).collect(),
            operations: slots.operations.iter().map(|placed| placed.wires).collect(),
            constants: slots.constants,
        };
        circuit.program = self.live_program(&plan.is_live, &positions);
        Ok(circuit)
    }

    /// What no circuit can be made of, on any table.
    pub(super) fn check(&self, layout: Layout) -> Result<(), BuildError> {
        if let Some(error) = &self.misuse {
            return Err(error.clone());
        }
        if self.layout != layout {
            return Err(BuildError::Layout);
        }
        check_public_values(self)
    }

    /// Rows of `sponge`, or blocks, of all leaves.
    pub(super) fn leaf_rows(&self) -> usize {
        self.leaves().map(|leaf| leaf.rows(self.layout)).sum()
    }

    pub(super) fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.program.iter().filter_map(|instruction| match instruction {
            Instruction::Leaf(leaf) => Some(&**leaf),
            _ => None,
        })
    }

    /// How often each digest is read.
    pub(super) fn digest_reads(&self) -> Vec<u32> {
        let mut reads = vec![0; self.digests as usize];
        for digest in self.compress.iter().filter_map(|row| row.digest) {
            reads[digest.0 as usize] += 1;
        }
        reads
    }

    /// The position of each row of `compress`: after the first, which is that of the public values, track by track.
    fn compress_positions(&self, shape: &CircuitShape) -> Result<Vec<u32>, BuildError> {
        let [rows, height] = [1 + self.compress.len(), 1 << shape.compress];
        if rows > height {
            return Err(BuildError::CompressRows { rows, height });
        }
        let mut positions = vec![0; self.compress.len()];
        for (position, row) in (1..).zip(self.tracks.iter().flat_map(|track| &track.rows)) {
            positions[*row as usize] = position;
        }
        Ok(positions)
    }

    /// Gives each leaf a place in the first table that has one, and returns those of each table. The first row of a table
    /// is idle: a leaf's first row needs one before it, which says what it has no data for.
    fn place_leaves(&mut self, shape: &CircuitShape) -> Result<[Vec<Leaf>; 2], BuildError> {
        let heights = shape.sponge.map(|log_height| 1 << log_height);
        let rows = self.leaf_rows();
        let mut used = [1, 1];
        let mut placed = [Vec::new(), Vec::new()];
        for instruction in &mut self.program {
            let Instruction::Leaf(leaf) = instruction else { continue };
            let Some(table) = (0..2).find(|table| used[*table] + leaf.rows(Layout::Wide) <= heights[*table])
            else {
                return Err(BuildError::SpongeRows { rows, heights });
            };
            leaf.place = (table, used[table]);
            used[table] += leaf.rows(Layout::Wide);
            placed[table].push((**leaf).clone());
        }
        Ok(placed)
    }

    /// The fixed rows of `compress`, and which of them shows each wire of `based` to be of the base field.
    fn compress_rows(
        &self,
        shape: &CircuitShape,
        positions: &[u32],
        counts: &Counts,
    ) -> Result<(Vec<usize>, Vec<CompressFixed<Val>>), BuildError> {
        let mut specs = vec![CompressSpec::default(); 1 << shape.compress];
        if let Some(words) = self.public {
            specs[0].words = words.map(Use::Define);
        }
        for (spec, position) in self.compress.iter().zip(positions) {
            specs[*position as usize] = *spec;
        }
        let mut based = Vec::with_capacity(self.based.len());
        let mut free = specs.iter_mut().enumerate().filter(|(_, spec)| spec.bit.is_none());
        for wire in &self.based {
            let Some((row, spec)) = free.next() else {
                return Err(BuildError::BaseRows { wires: self.based.len(), rows: based.len() });
            };
            spec.bit = Some(*wire);
            based.push(row);
        }
        Ok((based, specs.iter().map(|spec| spec.fixed(counts)).collect()))
    }

    fn cap_rows(&self, positions: &[u32]) -> Vec<u32> {
        let nodes = self.compress.iter().zip(positions).filter(|(spec, _)| spec.cap.is_some());
        nodes.map(|(_, position)| *position).collect()
    }

    /// The program without dead operations, and with rows by position.
    pub(super) fn live_program(self, is_live: &[bool], positions: &[u32]) -> Program {
        let [digests, tracks, cap_nodes] = [self.digests as usize, self.tracks.len(), self.cap_nodes.len()];
        let values = self.wires.values();
        let mut labels = self.labels.into_iter().peekable();
        let mut live_labels = Vec::new();
        let mut program = Vec::with_capacity(self.program.len());
        for (i, mut instruction) in self.program.into_iter().enumerate() {
            while let Some((_, label)) = labels.next_if(|(start, _)| *start <= i) {
                live_labels.push((program.len(), label));
            }
            if !is_live[i] {
                continue;
            }
            match &mut instruction {
                Instruction::Duplex(duplex) => duplex.row = positions[duplex.row as usize],
                // The narrow table has no rows of nodes.
                Instruction::Node { row, .. } => *row = positions.get(*row as usize).copied().unwrap_or(0),
                Instruction::Path(path) => path.row = positions[path.row as usize],
                _ => {}
            }
            program.push(instruction);
        }
        Program { instructions: program, labels: live_labels, values, digests, tracks, cap_nodes }
    }
}

/// How often each wire and digest is read.
struct Counts {
    wires: Vec<u32>,
    digests: Vec<u32>,
}

impl Counts {
    fn of(&self, wire: Wire) -> Val {
        Val::from_u32(self.wires[wire.index()])
    }
}

/// The operations in their places.
struct Slots {
    operations: Vec<Placed>,
    /// k0 and k1 of each row.
    constants: Vec<[Val; 2]>,
    idle: usize,
}

impl Slots {
    /// Constants come first in their rows, since only there a row adds one; all else fills up what is left.
    fn new(plan: &Plan, shape: &CircuitShape) -> Result<Self, BuildError> {
        let height = 1 << shape.arithmetic;
        let [operations, places] = [plan.operations.len(), height * shape.operations];
        if operations > places {
            return Err(BuildError::Operations { operations, places });
        }
        if plan.constants > height {
            return Err(BuildError::Constants { constants: plan.constants, height });
        }
        let idle = Placed { wires: [Wire(0); 4], defines_a: false, defines_d: false, constant: None };
        let (constants, others) = plan.operations.split_at(plan.constants);
        let mut others = others.iter();
        let mut slots = Vec::with_capacity(places);
        for row in 0..height {
            let constant = constants.get(row);
            let rest = shape.operations - usize::from(constant.is_some());
            slots.extend(constant);
            slots.extend((0..rest).map(|_| others.next().copied().unwrap_or(idle)));
        }
        let constants = constants.iter().filter_map(|placed| placed.constant).collect();
        Ok(Self { operations: slots, constants, idle: places - operations })
    }
}

impl Placed {
    fn fixed(&self, counts: &Counts) -> OperationFixed<Val> {
        let [a, b, c, d] = self.wires;
        let count = |defines: bool, wire| if defines { counts.of(wire) } else { Val::NEG_ONE };
        OperationFixed {
            a: address(a),
            b: address(b),
            c: address(c),
            d: address(d),
            a_count: count(self.defines_a, a),
            d_count: count(self.defines_d, d),
        }
    }
}

impl CompressSpec {
    fn fixed(&self, counts: &Counts) -> CompressFixed<Val> {
        let mut fixed = CompressFixed::default();
        for (k, word) in self.words.into_iter().enumerate() {
            (fixed.word_address[k], fixed.word_count[k]) = match word {
                Use::None => continue,
                Use::Read(wire) => (address(wire), Val::NEG_ONE),
                Use::Define(wire) => (address(wire), counts.of(wire)),
            };
        }
        if let Some(digest) = self.digest {
            (fixed.digest_address, fixed.digest_count) = (Val::from_u32(digest.0), Val::NEG_ONE);
        }
        if let Some(node) = self.cap {
            (fixed.cap_address, fixed.is_cap) = (Val::from_u32(node), Val::ONE);
        }
        if let Some(bit) = self.bit {
            (fixed.bit_address, fixed.has_bit) = (address(bit), Val::ONE);
        }
        if let Some((index, cap)) = self.index {
            (fixed.index_address, fixed.has_index) = (address(index), Val::ONE);
            fixed.end_address = Val::from_u32(cap);
        }
        if let Some(out) = self.out {
            fixed.out_address = out.map(address);
            fixed.out_count = out.map(|wire| counts.of(wire));
        }
        if let Some(carry) = self.carry {
            (fixed.carry_address, fixed.has_carry) = (address(carry), Val::ONE);
        }
        if let Some(offset) = self.absorbs {
            fixed.absorbs[usize::from(offset)] = Val::ONE;
        }
        if let Some(offset) = self.chain_carry {
            fixed.chain_carry[usize::from(offset) - 1] = Val::ONE;
        }
        let flags = [self.is_path, self.chain_word, self.chain_left, self.chain_state, self.loads];
        [fixed.is_path, fixed.chain_word, fixed.chain_left, fixed.chain_state, fixed.loads] =
            flags.map(Val::from_bool);
        fixed.tag = Val::from_u8(self.tag);
        fixed
    }
}

/// The fixed rows of these leaves.
fn sponge_rows(leaves: &[Leaf], counts: &Counts) -> Vec<SpongeFixed<Val>> {
    let mut rows = vec![SpongeFixed::default()];
    for leaf in leaves {
        let first = rows.len();
        let len = leaf.rows(Layout::Wide);
        let is_batched = matches!(leaf.content, Content::Rows { .. });
        for (i, groups) in leaf.groups().chunks(4).enumerate() {
            let mut row = SpongeFixed::default();
            for (k, group) in groups.iter().enumerate() {
                row.continues[k] = Val::from_bool(group.continues);
                if let Some(sum) = group.sum {
                    (row.sum_address[k], row.sum_count[k]) = (address(sum), counts.of(sum));
                }
            }
            row.batches = Val::from_bool(is_batched);
            row.delivers = Val::from_bool(!is_batched);
            row.chains = Val::from_bool(i + 1 < len);
            row.holds = Val::from_bool(is_batched && i + 1 < len);
            // The row before says where this one has no data.
            let before = rows.len() - 1;
            rows[before].retains = core::array::from_fn(|k| Val::from_bool(k + 1 >= groups.len()));
            rows.push(row);
        }
        if let Some(power) = leaf.powers().first() {
            (rows[first].power_address, rows[first].power_count) = (address(*power), Val::NEG_ONE);
        }
        let last = rows.len() - 1;
        rows[last].digest_address = Val::from_u32(leaf.digest.0);
        rows[last].digest_count = Val::from_u32(counts.digests[leaf.digest.0 as usize]);
    }
    rows
}

fn address(wire: Wire) -> Val {
    Val::from_u32(wire.0)
}

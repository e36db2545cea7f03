//! What of a program is needed, and which operation defines each value from outside.

use ashlar_circuit::{Challenge, Val};

use super::compress::{CompressSpec, Use};
use super::program::{Instruction, Kind, Operation};
use super::wires::{Origin, coefficients};
use super::{BuildError, Builder, Wire};

/// An operation of the table, with which of its wires it defines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) wires: [Wire; 4],
    pub(super) defines_a: bool,
    pub(super) defines_d: bool,
    /// k0 + k1 X is added: only the first operation of a row can do so.
    pub(super) constant: Option<[Val; 2]>,
}

/// What a circuit consists of, before it is laid out in rows.
pub(super) struct Plan {
    /// By instruction.
    pub(super) is_live: Vec<bool>,
    /// All operations but idle ones; constants first.
    pub(super) operations: Vec<Placed>,
    /// How many of them are constants.
    pub(super) constants: usize,
    /// By wire, without the reads of idle operations.
    pub(super) reads: Vec<u32>,
}

impl Plan {
    /// `reads`: by wire, how often rows read it that are no operations.
    pub(super) fn new(builder: &Builder, mut reads: Vec<u32>) -> Self {
        let is_live = live_instructions(builder);
        let mut operations: Vec<_> = builder
            .program
            .iter()
            .zip(&is_live)
            .filter_map(|(instruction, is_live)| match instruction {
                Instruction::Operate(operation) if *is_live => Some(place(operation)),
                _ => None,
            })
            .collect();
        define_outside(builder, &mut operations, &mut reads);
        let zero = builder.zero();
        let defined = |wire, constant| Placed {
            wires: [zero, zero, zero, wire],
            defines_a: false,
            defines_d: true,
            constant,
        };
        let constants: Vec<_> = builder
            .wires
            .all()
            .filter(|wire| *wire != zero && reads[wire.index()] > 0)
            .filter_map(|wire| Some(defined(wire, Some(constant(builder, wire)?))))
            .collect();
        // Zero is d d + d, whose only root is 0.
        reads[zero.index()] += 3 * (1 + constants.len() as u32);
        let count = constants.len();
        let operations = constants.into_iter().chain([defined(zero, None)]).chain(operations).collect();
        Self { is_live, operations, constants: count, reads }
    }
}

/// The coefficients that a row adds for the wire.
fn constant(builder: &Builder, wire: Wire) -> Option<[Val; 2]> {
    let value: Challenge = builder.wires.constant(wire)?;
    let [k0, k1, _, _] = coefficients(value);
    (builder.wires.origin(wire) == Origin::Constant).then_some([k0, k1])
}

/// All instructions but sums and products that nothing needs.
fn live_instructions(builder: &Builder) -> Vec<bool> {
    let mut is_needed = vec![false; builder.wires.len()];
    let mut is_live = vec![true; builder.program.len()];
    for (instruction, is_live) in builder.program.iter().zip(&mut is_live).rev() {
        if let Instruction::Operate(Operation { kind: Kind::MulAdd, d, .. }) = instruction {
            *is_live = is_needed[d.index()];
        }
        if *is_live {
            instruction.each_operand(|wire| is_needed[wire.index()] = true);
        }
    }
    is_live
}

fn place(operation: &Operation) -> Placed {
    let Operation { kind, a, b, c, d } = *operation;
    let defines_a = matches!(kind, Kind::Divide | Kind::Bit);
    Placed {
        wires: [a, b, c, d],
        defines_a,
        defines_d: matches!(kind, Kind::MulAdd | Kind::Copy),
        constant: None,
    }
}

/// How often rows of `sponge` and `compress` read each wire.
pub(super) fn wide_reads(builder: &Builder) -> Vec<u32> {
    let mut reads = vec![0; builder.wires.len()];
    let mut read = |wire: Wire| reads[wire.index()] += 1;
    for row in &builder.compress {
        row.each_read(&mut read);
    }
    for instruction in &builder.program {
        if let Instruction::Leaf(leaf) = instruction {
            leaf.powers().iter().copied().for_each(&mut read);
        }
    }
    builder.based.iter().copied().for_each(&mut read);
    reads
}

impl CompressSpec {
    /// Calls `read` with each wire that the row reads.
    fn each_read(&self, mut read: impl FnMut(Wire)) {
        for word in self.words {
            if let Use::Read(wire) = word {
                read(wire);
            }
        }
        let index = self.index.map(|(index, _)| index);
        [self.bit, index, self.carry].into_iter().flatten().for_each(read);
    }
}

/// Values from outside that no row of `compress` defines are defined by the first operation that has them as a factor or
/// as the result of an assertion, since an operation can define instead of read there; else by an operation of their own.
/// Counts the reads of all operations.
fn define_outside(builder: &Builder, operations: &mut Vec<Placed>, reads: &mut [u32]) {
    let mut is_waiting: Vec<bool> =
        builder.wires.all().map(|wire| builder.wires.origin(wire) == Origin::Outside).collect();
    for operation in operations.iter_mut() {
        let Placed { wires: [a, b, c, d], defines_a, defines_d, .. } = operation;
        if !*defines_a {
            if !is_waiting[a.index()] && is_waiting[b.index()] {
                core::mem::swap(a, b);
            }
            *defines_a = core::mem::take(&mut is_waiting[a.index()]);
        }
        if !*defines_d {
            *defines_d = core::mem::take(&mut is_waiting[d.index()]);
        }
        let is_read = [!*defines_a, true, true, !*defines_d];
        for (wire, is_read) in [a, b, c, d].into_iter().zip(is_read) {
            reads[wire.index()] += u32::from(is_read);
        }
    }
    let [zero, one] = [builder.zero(), builder.one()];
    for wire in builder.wires.all().filter(|wire| is_waiting[wire.index()]) {
        if reads[wire.index()] == 0 {
            continue;
        }
        for read in [one, zero, wire] {
            reads[read.index()] += 1;
        }
        let wires = [wire, one, zero, wire];
        operations.push(Placed { wires, defines_a: true, defines_d: false, constant: None });
    }
}

/// Public values are known from an assertion on: nothing may ask for them before.
pub(super) fn check_public_values(builder: &Builder) -> Result<(), BuildError> {
    // X is known.
    let words = builder.public_words.iter().skip(1);
    let mut unknown: Vec<Wire> = builder.public.iter().flatten().chain(words).copied().collect();
    if unknown.is_empty() {
        return Ok(());
    }
    for instruction in &builder.program {
        let mut is_early = false;
        instruction.each_operand(|wire| is_early |= unknown.contains(&wire));
        if is_early {
            return Err(BuildError::PublicValues);
        }
        if let Instruction::Operate(Operation { kind: Kind::Publish, d, .. }) = instruction {
            unknown.retain(|wire| wire != d);
        }
    }
    if unknown.is_empty() { Ok(()) } else { Err(BuildError::PublicValues) }
}

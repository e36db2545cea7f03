use alloc::vec;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use ashlar_abi::call;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::instruction::register;
use super::{Class, CpuColumns, ProgramRow};
use crate::bus::{SLOTS, slot};
use crate::{TableCounts, Val};

/// One cycle.
#[derive(Clone, Copy, Debug)]
pub struct CpuStep {
    /// Position of the instruction in the program's rows.
    pub instruction: u32,
    /// Value of rs1.
    pub a: u32,
    /// Second operand: value of rs2, the word that a load reads, or the constant.
    pub b: u32,
    /// What the third access writes; for branches whether the condition holds (before `negate`).
    pub c: u32,
    /// What the third address held before.
    pub previous: u32,
    /// Timestamps of the last access to each of the three addresses; what is not accessed does not matter.
    pub last: [u32; 3],
}

/// Rows made by one task.
const CHUNK: usize = 1 << 16;

/// The trace of these cycles, the first one with clock 0. Panics if they don't fit in `height` rows.
pub fn generate(
    program: &[Option<ProgramRow>],
    steps: &[CpuStep],
    end_pc: u32,
    height: usize,
    counts: &mut TableCounts,
) -> RowMajorMatrix<Val> {
    assert!(steps.len() <= height, "{} cycles for {height} rows", steps.len());
    let mut values = vec![Val::ZERO; height * CpuColumns::WIDTH];
    let tasks = values.par_chunks_mut(CHUNK * CpuColumns::WIDTH).enumerate();
    let made: Vec<TableCounts> = tasks
        .map(|(task, rows)| {
            let mut counts = TableCounts::default();
            for (i, row) in rows.chunks_exact_mut(CpuColumns::WIDTH).enumerate() {
                let clock = task * CHUNK + i;
                let row: &mut CpuColumns<Val> = row.borrow_mut();
                match steps.get(clock) {
                    Some(step) => {
                        let instruction = program[step.instruction as usize].as_ref();
                        let instruction = instruction.expect("a cycle has an instruction");
                        fill(row, instruction, step, clock as u32, &mut counts);
                    }
                    None => fill_padding(row, end_pc, clock as u32, &mut counts),
                }
            }
            counts
        })
        .collect();
    for made in &made {
        counts.add(made);
    }
    RowMajorMatrix::new(values, CpuColumns::WIDTH)
}

/// The row of one cycle.
fn fill(
    row: &mut CpuColumns<Val>,
    instruction: &ProgramRow,
    step: &CpuStep,
    clock: u32,
    counts: &mut TableCounts,
) {
    let ProgramRow { pc, class, negate, uses_rs2, op, rd, rs1, rs2, imm } = *instruction;
    let CpuStep { a, b, c, previous, last, .. } = *step;
    row.pc = Val::from_u32(pc);
    row.clock = Val::from_u32(clock);
    set_class(row, class);
    row.negate = Val::from_bool(negate);
    row.uses_rs2 = Val::from_bool(uses_rs2);
    let number = if class == Class::Ecall { a } else { u32::MAX };
    row.halt = Val::from_bool(number == call::HALT);
    row.log = Val::from_bool(number == call::LOG);
    [row.op, row.rd, row.rs1, row.rs2] = [op, rd, rs1, rs2].map(Val::from_u32);
    [row.imm, row.a, row.b, row.c, row.previous] = [imm, a, b, c, previous].map(limbs);
    let out = fill_sum(row, class, a, b, imm);
    let out_high = (out >> 16) - if class.is_store() { 1 << 8 } else { 0 };
    let (second, third) = fill_addresses(row, class, out, rs2, rd);
    [row.second_address, row.third_address] = [second, third].map(Val::from_u32);
    if matches!(class, Class::Jal | Class::Jalr) {
        row.w = row.c[0];
    }
    if class == Class::Jalr {
        row.target_high = row.out[1];
    }
    if class == Class::BranchEq {
        row.previous = inverse_of_difference(a, b);
    }
    let is_branch = matches!(class, Class::BranchEq | Class::BranchLtu | Class::BranchLt);
    row.taken = Val::from_bool(is_branch && (c == 1) != negate);
    let made = [true, uses_rs2 || class.is_load(), class.writes()];
    let mut since = core::array::from_fn(|i| if made[i] { now(clock, i) - last[i] - 1 } else { 0 });
    if matches!(class, Class::Jal | Class::Jalr) {
        // The second access is not made: its time carries the link's high limb and the target's low limb / 4.
        since[1] = c & 0xffff_0000 | (out & 0xffff) >> 2;
    }
    let high = fill_times(row, clock, since, counts);
    let w = match class {
        Class::Jal | Class::Jalr => c & 0xffff,
        _ if is_memory(class) => (out & 0xffff) >> 2,
        _ => 0,
    };
    for x in [out & 0xffff, out_high, w] {
        counts.range16(x);
    }
    counts.bytes(high[0], high[1]);
    counts.bytes(high[2], if class == Class::Jalr { out >> 16 } else { 0 });
}

const fn is_memory(class: Class) -> bool {
    class.is_load() || class.is_store()
}

fn set_class(row: &mut CpuColumns<Val>, class: Class) {
    let mut flags = [Val::ZERO; super::instruction::CLASSES];
    flags[class as usize] = Val::ONE;
    let flags: &[Val] = &flags;
    row.class = *core::borrow::Borrow::<super::Classes<Val>>::borrow(flags);
}

fn limbs(word: u32) -> [Val; 2] {
    [Val::from_u32(word & 0xffff), Val::from_u32(word >> 16)]
}

/// Sum or difference with its carries. Returns it, 0 for classes that have none.
fn fill_sum(row: &mut CpuColumns<Val>, class: Class, a: u32, b: u32, imm: u32) -> u32 {
    let (out, low_carry, high_carry) = match class {
        Class::Sub | Class::Sltu | Class::BranchLtu => {
            (a.wrapping_sub(b), (a & 0xffff) < (b & 0xffff), a < b)
        }
        Class::Add => sum(a, b),
        Class::Jalr => sum(a, imm),
        _ if is_memory(class) => sum(a, imm),
        _ => (0, false, false),
    };
    row.out = limbs(out);
    row.carry = [low_carry, high_carry].map(Val::from_bool);
    if class == Class::Jalr {
        row.offset[0] = Val::from_u32(out & 1);
    }
    out
}

const fn sum(a: u32, b: u32) -> (u32, bool, bool) {
    let (sum, carry) = a.overflowing_add(b);
    (sum, (a & 0xffff) + (b & 0xffff) > 0xffff, carry)
}

/// Addresses of the second and third access.
fn fill_addresses(row: &mut CpuColumns<Val>, class: Class, out: u32, rs2: u32, rd: u32) -> (u32, u32) {
    if is_memory(class) {
        row.w = Val::from_u32((out & 0xffff) >> 2);
        row.offset = [out & 1, out >> 1 & 1].map(Val::from_u32);
    }
    let second = if class.is_load() { out / 4 } else { register(rs2) };
    let third = if class.is_store() { out / 4 } else { register(rd) };
    (second, third)
}

/// Timestamp of an access.
const fn now(clock: u32, access: usize) -> u32 {
    clock * SLOTS + [slot::RS1, slot::RS2, slot::WRITE][access]
}

/// Timestamps of the last accesses, by the time since then, less 1. Returns the high parts of that time.
fn fill_times(row: &mut CpuColumns<Val>, clock: u32, since: [u32; 3], counts: &mut TableCounts) -> [u32; 3] {
    core::array::from_fn(|i| {
        row.last[i] = Val::from_u32(now(clock, i) - 1) - Val::from_u32(since[i]);
        row.since_low[i] = Val::from_u32(since[i] & 0xffff);
        counts.range16(since[i] & 0xffff);
        since[i] >> 16
    })
}

/// The witness that two words differ: one over the first difference of limbs; zeroes if they are equal.
fn inverse_of_difference(a: u32, b: u32) -> [Val; 2] {
    let [a, b] = [a, b].map(limbs);
    match [a[0] - b[0], a[1] - b[1]] {
        [Val::ZERO, Val::ZERO] => [Val::ZERO; 2],
        [Val::ZERO, high] => [Val::ZERO, high.inverse()],
        [low, _] => [low.inverse(), Val::ZERO],
    }
}

/// A row after the last cycle.
fn fill_padding(row: &mut CpuColumns<Val>, pc: u32, clock: u32, counts: &mut TableCounts) {
    row.pc = Val::from_u32(pc);
    row.clock = Val::from_u32(clock);
    [row.second_address, row.third_address] = [Val::from_u32(register(0)); 2];
    fill_times(row, clock, [0; 3], counts);
    for _ in 0..3 {
        counts.range16(0);
    }
    for _ in 0..2 {
        counts.bytes(0, 0);
    }
}

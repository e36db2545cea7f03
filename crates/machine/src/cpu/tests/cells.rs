//! One cell of the trace is changed, in every row and column, by several differences.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::borrow::Borrow;

use p3_field::PrimeCharacteristicRing;

use super::every_class;
use super::judge::{Forged, Verdict, judge};
use crate::Val;
use crate::cpu::{Class, CpuAir, CpuColumns, CpuStep, ProgramRow};
use crate::evaluate::evaluate_rows;

/// Whether only the rows that see the change refuse it.
fn is_refused_nearby(forged: &Forged<'_>, row: usize) -> bool {
    let height = forged.machine.height();
    let rows = [(row + height - 1) % height, row];
    let report = evaluate_rows(&CpuAir, &forged.trace, None, &forged.public_values, rows);
    !report.failures.is_empty() || judge(forged.machine, &report.balance) == Verdict::Table
}

/// Columns that may change without consequence in the row of such a cycle: those that nothing reads there.
fn free_columns(instruction: &ProgramRow, step: &CpuStep, columns: &CpuColumns<usize>) -> BTreeSet<usize> {
    let ProgramRow { class, uses_rs2, .. } = *instruction;
    let is_memory = class.is_load() || class.is_store();
    let is_jump = matches!(class, Class::Jal | Class::Jalr);
    let adds = matches!(class, Class::Add | Class::Sub | Class::Sltu | Class::BranchLtu | Class::Jalr);
    let mut free: Vec<usize> = Vec::new();
    let mut add = |condition: bool, columns: &[usize]| {
        if condition {
            free.extend(columns);
        }
    };
    add(class != Class::Jalr, &[columns.target_high]);
    add(!is_memory && class != Class::Jalr, &columns.offset[..1]);
    add(!is_memory, &columns.offset[1..]);
    add(!is_memory && !is_jump, &[columns.w]);
    add(!is_memory && !adds, &[columns.out, columns.carry].concat());
    add(!uses_rs2 && !class.is_load() && !is_jump, &columns.last[1..2]);
    add(is_jump, &columns.b);
    add(!class.writes(), &columns.last[2..]);
    // Only the differences that are not 0 make the witness of inequality matter.
    let [low, high] = [step.a ^ step.b, (step.a ^ step.b) >> 16].map(|difference| difference & 0xffff == 0);
    let is_witness = class == Class::BranchEq;
    add(!class.writes() && (low || !is_witness), &columns.previous[..1]);
    add(!class.writes() && (high || !is_witness), &columns.previous[1..]);
    add(class == Class::Ecall, &columns.c);
    add(matches!(class, Class::BranchEq | Class::BranchLtu), &columns.c[1..]);
    free.into_iter().chain(CpuColumns::FILLING).collect()
}

/// The same for padding: what is not here would make it live, or is pc, clock or an address.
fn free_in_padding(columns: &CpuColumns<usize>) -> BTreeSet<usize> {
    let CpuColumns { op, rs1, w, target_high, .. } = *columns;
    let CpuColumns { imm, a, b, c, previous, out, carry, offset, .. } = *columns;
    let pairs = [imm, a, b, c, previous, out, carry, offset].concat();
    [op, rs1, w, target_high]
        .into_iter()
        .chain(pairs)
        .chain(columns.last)
        .chain(CpuColumns::FILLING)
        .collect()
}

#[test]
fn refuses_every_change_of_a_cell_that_is_not_free() {
    let machine = every_class();
    let indices: Vec<usize> = (0..CpuColumns::WIDTH).collect();
    let columns: &CpuColumns<usize> = indices.as_slice().borrow();
    let differences = [1, 2, 8, 256, 1 << 16, 123_456_789].map(Val::from_u32);
    let honest = Forged::new(&machine);
    for row in 0..machine.height() {
        let step = machine.steps.get(row);
        let instruction = step.and_then(|step| machine.program[step.instruction as usize]);
        let mut accepted = BTreeSet::new();
        for column in 0..CpuColumns::WIDTH {
            for difference in differences.into_iter().flat_map(|difference| [difference, -difference]) {
                let mut forged = honest.clone();
                forged.trace.values[row * CpuColumns::WIDTH + column] += difference;
                if !is_refused_nearby(&forged, row) && forged.verdict() == Verdict::Accepted {
                    accepted.insert(column);
                }
            }
        }
        let free = match (&instruction, step) {
            (Some(instruction), Some(step)) => free_columns(instruction, step, columns),
            _ => free_in_padding(columns),
        };
        assert_eq!(accepted, free, "row {row}: {instruction:?}");
    }
}

//! Whether a forged trace would pass in a proof: by its own constraints, by the lookup table, and by what the other
//! tables would answer if they were perfect.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use ashlar_abi::call;
use p3_matrix::dense::RowMajorMatrix;

use super::machine::{Machine, answer, message};
use crate::Val;
use crate::bus::name;
use crate::cpu::{CpuAir, CpuColumns};
use crate::evaluate::{Balance, evaluate};
use crate::testing::is_in_table;

/// Who refuses a trace first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// A constraint of the chip.
    Constraint,
    /// The lookup table, which lacks an entry.
    Table,
    /// The tables at the other end of this bus.
    Bus(&'static str),
}

/// A trace to be changed.
#[derive(Clone)]
pub(super) struct Forged<'a> {
    pub(super) machine: &'a Machine,
    pub(super) trace: RowMajorMatrix<Val>,
    pub(super) public_values: [Val; 4],
}

impl<'a> Forged<'a> {
    /// The honest trace.
    pub(super) fn new(machine: &'a Machine) -> Self {
        Self { machine, trace: machine.trace(machine.height()).0, public_values: machine.public_values() }
    }

    /// A row, to be changed.
    pub(super) fn row(&mut self, row: usize) -> &mut CpuColumns<Val> {
        self.trace.values[row * CpuColumns::WIDTH..][..CpuColumns::WIDTH].borrow_mut()
    }

    /// Who refuses it.
    pub(super) fn verdict(&self) -> Verdict {
        let report = evaluate(&CpuAir, &self.trace, &self.public_values);
        if !report.failures.is_empty() {
            return Verdict::Constraint;
        }
        judge(self.machine, &report.balance)
    }
}

/// Who refuses the honest trace of a machine after a change of one row.
pub(super) fn attack(machine: &Machine, row: usize, change: impl FnOnce(&mut CpuColumns<Val>)) -> Verdict {
    let mut forged = Forged::new(machine);
    change(forged.row(row));
    forged.verdict()
}

/// Who refuses these messages.
pub(super) fn judge(machine: &Machine, balance: &Balance) -> Verdict {
    if !balance.on(name::TABLE).iter().all(|(message, count)| *count > 0 && is_in_table(message)) {
        return Verdict::Table;
    }
    let is_true: [(_, Accepts); 4] = [
        (name::MEMORY, memory_accepts),
        (name::PROGRAM, program_accepts),
        (name::INSTRUCTION, instruction_accepts),
        (name::ECALL, ecall_accepts),
    ];
    let refusing = is_true.iter().find(|(bus, accepts)| !accepts(machine, &balance.on(bus)));
    refusing.map_or(Verdict::Accepted, |(bus, _)| Verdict::Bus(bus))
}

type Messages = BTreeMap<Vec<u32>, i64>;
type Accepts = fn(&Machine, &Messages) -> bool;

/// Pages give each word once as it was at time 0, and take each once as it is in the end.
fn memory_accepts(machine: &Machine, messages: &Messages) -> bool {
    let mut ends: BTreeMap<u32, [u32; 2]> = BTreeMap::new();
    for (message, count) in messages {
        let [address, time, low, high] = message[..] else { return false };
        let is_first = time == 0 && machine.initial(address).is_some_and(|word| word == high << 16 | low);
        let [first, last] = ends.entry(address).or_default();
        match count {
            1 => *last += 1,
            -1 if is_first => *first += 1,
            _ => return false,
        }
        if low >> 16 != 0 || high >> 16 != 0 {
            return false;
        }
    }
    ends.values().all(|ends| *ends == [1, 1])
}

fn program_accepts(machine: &Machine, messages: &Messages) -> bool {
    let program: Vec<_> = machine.program.iter().flatten().map(message).collect();
    messages.iter().all(|(message, count)| *count > 0 && program.contains(message))
}

fn instruction_accepts(_: &Machine, messages: &Messages) -> bool {
    messages.iter().all(|(message, count)| {
        let [op, limbs @ ..] = &message[..] else { return false };
        let [x, b, c] = [0, 1, 2].map(|i| limbs[2 * i + 1] << 16 | limbs[2 * i]);
        *count > 0 && limbs.iter().all(|limb| limb >> 16 == 0) && answer(*op, x, b) == Some(c)
    })
}

fn ecall_accepts(_: &Machine, messages: &Messages) -> bool {
    messages.iter().all(|(message, count)| {
        let is_known =
            matches!(message[1], call::HINT | call::COMMIT | call::KECCAK_F..=call::SECP256K1_DOUBLE);
        *count == 1 && is_known
    })
}

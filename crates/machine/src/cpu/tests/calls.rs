//! Attacks on calls.

use ashlar_abi::call;
use p3_field::PrimeCharacteristicRing;

use super::judge::{Forged, Verdict, attack};
use super::machine::{BASE, Machine, ecall, with_constant};
use super::make_call;
use super::order::set_pc_from;
use crate::Val;
use crate::bus::name;
use crate::cpu::{Class, CpuColumns, HALTED};

fn halted(number: u32) -> Machine {
    let mut machine = Machine::new(&[(10, 0x5_0003)]);
    machine.execute(make_call(number));
    machine
}

#[test]
fn refuses_forged_exit_code() {
    let machine = halted(call::HALT);
    for limb in 2..4 {
        let mut forged = Forged::new(&machine);
        forged.public_values[limb] += Val::ONE;
        assert_eq!(forged.verdict(), Verdict::Constraint);
    }
    let code = |row: &mut CpuColumns<Val>| row.b[0] += Val::ONE;
    assert_eq!(attack(&machine, 1, code), Verdict::Constraint);
    let mut forged = Forged::new(&machine);
    code(forged.row(1));
    forged.public_values[2] += Val::ONE;
    assert_eq!(forged.verdict(), Verdict::Bus(name::MEMORY));
}

/// `HALT` that goes on, with the flag dropped or replaced.
#[test]
fn refuses_halt_that_does_not_halt() {
    let machine = halted(call::HALT);
    let mut forged = Forged::new(&machine);
    forged.row(1).halt = Val::ZERO;
    set_pc_from(&mut forged, 2, Val::from_u32(BASE + 8));
    assert_eq!(forged.verdict(), Verdict::Bus(name::ECALL));
    forged.row(1).log = Val::ONE;
    assert_eq!(forged.verdict(), Verdict::Constraint);
}

#[test]
fn refuses_cycles_after_halt() {
    let mut machine = halted(call::HALT);
    machine.pc = BASE + 8;
    machine.execute([with_constant(Class::Add, 5, 0, 1)]);
    let forged = Forged::new(&machine);
    assert_eq!(forged.verdict(), Verdict::Constraint);
    // Even at the halted pc.
    let mut forged = Forged::new(&machine);
    forged.row(2).pc = Val::from_u32(HALTED);
    forged.row(3).pc = Val::from_u32(HALTED + 4);
    forged.public_values[1] = Val::from_u32(HALTED + 4);
    assert_eq!(forged.verdict(), Verdict::Constraint);
}

/// Another call, or another instruction, that halts or is not handed to the call table.
#[test]
fn refuses_flags_of_other_calls() {
    for number in [call::LOG, call::HINT, call::KECCAK_F] {
        let machine = halted(number);
        let mut forged = Forged::new(&machine);
        (forged.row(1).halt, forged.row(1).log) = (Val::ONE, Val::ZERO);
        set_pc_from(&mut forged, 2, Val::from_u32(HALTED));
        forged.public_values[2] = Val::from_u8(3);
        forged.public_values[3] = Val::from_u8(5);
        assert_eq!(forged.verdict(), Verdict::Constraint);
        let mut forged = Forged::new(&machine);
        let row = forged.row(1);
        row.log = Val::ONE - row.log;
        let expected = if number == call::LOG { Verdict::Bus(name::ECALL) } else { Verdict::Constraint };
        assert_eq!(forged.verdict(), expected);
    }
    let mut machine = Machine::new(&[(5, call::LOG)]);
    machine.execute([with_constant(Class::Add, 5, 5, 0)]);
    type Flag = fn(&mut CpuColumns<Val>) -> &mut Val;
    let flags: [Flag; 2] = [|row| &mut row.halt, |row| &mut row.log];
    for flag in flags {
        assert_eq!(attack(&machine, 0, |row| *flag(row) = Val::ONE), Verdict::Constraint);
        assert_eq!(attack(&machine, 0, |row| *flag(row) = Val::NEG_ONE), Verdict::Constraint);
    }
    let machine = halted(call::HINT);
    let both = |row: &mut CpuColumns<Val>| (row.halt, row.log) = (Val::ONE, Val::NEG_ONE);
    assert_eq!(attack(&machine, 1, both), Verdict::Constraint);
}

/// A number of two limbs must not pass as the call that its low limb is; nor as one that has none.
#[test]
fn refuses_unknown_calls() {
    for number in [0x1_0000 | call::LOG, 0x1_0000 | call::HINT, 0x1_0000 | call::HALT] {
        let mut machine = Machine::new(&[(17, number)]);
        machine.execute([ecall()]);
        let mut forged = Forged::new(&machine);
        assert_eq!(forged.verdict(), Verdict::Constraint);
        forged.row(0).log = Val::from_bool(number & 0xffff == call::LOG);
        assert_eq!(forged.verdict(), Verdict::Constraint);
    }
    let mut machine = Machine::new(&[(17, 4)]);
    machine.execute([ecall()]);
    assert_eq!(Forged::new(&machine).verdict(), Verdict::Bus(name::ECALL));
}

/// `addi x0, x0, 0` has the operands of a `HALT` with code 0.
#[test]
fn refuses_halt_by_another_instruction() {
    let mut machine = Machine::new(&[]);
    machine.execute([with_constant(Class::Add, 32, 0, 0)]);
    let mut forged = Forged::new(&machine);
    forged.row(0).halt = Val::ONE;
    set_pc_from(&mut forged, 1, Val::from_u32(HALTED));
    assert_eq!(forged.verdict(), Verdict::Constraint);
}

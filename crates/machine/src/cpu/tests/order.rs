//! Attacks on which instructions are executed, and in what order.

use alloc::vec::Vec;

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};

use super::judge::{Forged, Verdict, attack};
use super::machine::{BASE, Machine, branch, with_constant, with_register};
use crate::Val;
use crate::bus::name;
use crate::cpu::{Class, Classes, CpuColumns, HALTED, ProgramRow};

/// Rows of padding that continue from `pc`.
pub(super) fn set_pc_from(forged: &mut Forged<'_>, row: usize, pc: Val) {
    for row in row..forged.machine.height() {
        forged.row(row).pc = pc;
    }
    forged.public_values[1] = pc;
}

/// `jalr` to `a`, with what an attacker may choose: the dropped bit, the target, and the low part of the unused time.
fn forge_jalr(address: u32, bit: Val, part: Val) -> (Verdict, u32) {
    // The honest jump goes to BASE + 64, so that the trace can be made; then the register held something else.
    let mut honest = Machine::new(&[(5, BASE + 64)]);
    honest.execute([with_constant(Class::Jalr, 1, 5, 0)]);
    let mut machine = Machine::new(&[(5, address)]);
    (machine.program, machine.steps, machine.pc) = (honest.program, honest.steps, honest.pc);
    let mut forged = Forged::new(&machine);
    let row = forged.row(0);
    let limbs = [address & 0xffff, address >> 16].map(Val::from_u32);
    (row.a, row.out) = (limbs, limbs);
    row.target_high = limbs[1];
    row.offset[0] = bit;
    // The high part stays that of the link.
    row.last[1] += row.since_low[1] - part;
    row.since_low[1] = part;
    let target = Val::from_u32(address) - bit;
    set_pc_from(&mut forged, 1, target);
    forged.public_values[2] = Val::from_u32(77);
    (forged.verdict(), target.as_canonical_u32())
}

/// Were the dropped bit free, `jalr` to 1 or 2 would pass as `HALT` with any code.
#[test]
fn refuses_jalr_to_the_halted_pc() {
    for (address, bit) in [(HALTED, 0), (HALTED + 1, 1)] {
        for part in [0, 1, 0xffff, 0x4000, 0x8000] {
            let (verdict, target) = forge_jalr(address, Val::from_u32(bit), Val::from_u32(part));
            assert_eq!((verdict, target), (Verdict::Constraint, HALTED));
        }
        // The part that the constraint wants is a fraction, which has no 16 bits, and changes the link's high limb.
        let part = (Val::from_u32(address) - Val::from_u32(bit)) * Val::from_u8(4).inverse();
        assert_eq!(forge_jalr(address, Val::from_u32(bit), part).0, Verdict::Table);
    }
}

#[test]
fn refuses_jalr_to_a_misaligned_target_or_with_a_wrong_dropped_bit() {
    let target = BASE + 0x1_0040;
    let part = |address: u32| Val::from_u32((address & 0xffff) / 4);
    for offset in 0..4 {
        for bit in 0..2 {
            let address = target + offset;
            let (verdict, _) = forge_jalr(address, Val::from_u32(bit), part(address));
            let expected = if offset == bit { Verdict::Accepted } else { Verdict::Constraint };
            assert_eq!(verdict, expected, "offset {offset}, bit {bit}");
        }
    }
    for bit in [Val::TWO, Val::NEG_ONE, Val::from_u8(4)] {
        assert_eq!(forge_jalr(target + 4, bit, part(target)).0, Verdict::Constraint);
    }
}

/// p + target is a word; modulo p it would be the target.
#[test]
fn refuses_jalr_to_an_address_that_wraps() {
    let address = Val::ORDER_U32 + BASE + 63;
    let (verdict, target) = forge_jalr(address, Val::ZERO, Val::from_u32((address & 0xffff) / 4));
    assert_eq!((verdict, target), (Verdict::Table, BASE + 63));
    let address = 1 << 24;
    assert_eq!(forge_jalr(address, Val::ZERO, Val::ZERO).0, Verdict::Table);
    assert_eq!(forge_jalr(address - 4, Val::ZERO, Val::from_u32(0x3fff)).0, Verdict::Accepted);
}

#[test]
fn refuses_forged_high_limb_of_the_jalr_target() {
    let mut machine = Machine::new(&[(5, BASE + 64)]);
    machine.execute([with_constant(Class::Jalr, 1, 5, 0)]);
    assert_eq!(attack(&machine, 0, |row| row.target_high -= Val::ONE), Verdict::Constraint);
}

/// Both outcomes of each branch.
fn branches() -> Vec<Machine> {
    let mut machines = Vec::new();
    for class in [Class::BranchEq, Class::BranchLtu, Class::BranchLt] {
        for negate in [false, true] {
            for (a, b) in [(7, 7), (7, 0x8000_0007), (0x8000_0007, 7), (7, 0x1_0007), (7, 8)] {
                let mut machine = Machine::new(&[(5, a), (6, b)]);
                machine.execute([branch(class, negate, 5, 6, BASE + 64)]);
                machines.push(machine);
            }
        }
    }
    machines
}

#[test]
fn refuses_forged_branch_direction() {
    for machine in branches() {
        let mut forged = Forged::new(&machine);
        forged.row(0).taken = Val::ONE - forged.row(0).taken;
        let other = if machine.pc == BASE + 4 { BASE + 64 } else { BASE + 4 };
        set_pc_from(&mut forged, 1, Val::from_u32(other));
        assert_eq!(forged.verdict(), Verdict::Constraint);

        // With the condition forged as well.
        forged.row(0).c[0] = Val::ONE - forged.row(0).c[0];
        let expected = match machine.program[0].unwrap().class {
            Class::BranchLt => Verdict::Bus(name::INSTRUCTION),
            _ => Verdict::Constraint,
        };
        assert_eq!(forged.verdict(), expected);

        // And the borrow, with the difference that it needs.
        forged.row(0).carry[1] = forged.row(0).c[0];
        let shift = Val::from_u32(1 << 16) * (Val::ONE - forged.row(0).c[0].double());
        forged.row(0).out[1] -= shift;
        let expected = match machine.program[0].unwrap().class {
            Class::BranchEq => Verdict::Constraint,
            _ => Verdict::Table,
        };
        assert_eq!(forged.verdict(), expected);
    }
}

/// Neither condition nor direction can be a fraction that leads half-way.
#[test]
fn refuses_branch_conditions_that_are_not_boolean() {
    for machine in branches() {
        for condition in [Val::TWO, Val::NEG_ONE, Val::ONE.halve()] {
            let mut forged = Forged::new(&machine);
            let row = forged.row(0);
            row.c[0] = condition;
            let negate = row.negate;
            row.taken = condition + negate - condition * negate.double();
            let [low, high] = [0, 1].map(|i| row.a[i] - row.b[i]);
            let witness = |difference: Val| difference.try_inverse().map(|x| x * (Val::ONE - condition));
            if let Some(witness) = witness(low) {
                row.previous = [witness, Val::ZERO];
            } else if let Some(witness) = witness(high) {
                row.previous = [Val::ZERO, witness];
            }
            let target = row.pc + Val::from_u8(4) + row.taken * Val::from_u8(60);
            set_pc_from(&mut forged, 1, target);
            assert!(matches!(forged.verdict(), Verdict::Constraint | Verdict::Bus(name::INSTRUCTION)));
        }
    }
}

/// A zero witness and c = 0 for equal words, any c for different ones.
#[test]
fn refuses_forged_equality() {
    for machine in branches().iter().filter(|machine| machine.program[0].unwrap().class == Class::BranchEq) {
        for c in 0..2 {
            for witness in [Val::ZERO, Val::ONE, Val::NEG_ONE, Val::from_u32(1 << 16)] {
                let mut forged = Forged::new(machine);
                let row = forged.row(0);
                let is_honest = row.c[0] == Val::from_u32(c);
                row.c[0] = Val::from_u32(c);
                row.taken = if row.negate == Val::ONE { Val::ONE - row.c[0] } else { row.c[0] };
                row.previous = [witness; 2];
                let target = row.pc + Val::from_u8(4) + row.taken * Val::from_u8(60);
                set_pc_from(&mut forged, 1, target);
                assert!(is_honest || forged.verdict() == Verdict::Constraint);
            }
        }
    }
}

/// Another instruction with a constant jumps there; so does padding.
#[test]
fn refuses_taken_where_nothing_branches() {
    let mut machine = Machine::new(&[]);
    machine.execute([with_constant(Class::Add, 5, 0, BASE + 64)]);
    let mut forged = Forged::new(&machine);
    forged.row(0).taken = Val::ONE;
    set_pc_from(&mut forged, 1, Val::from_u32(BASE + 64));
    assert_eq!(forged.verdict(), Verdict::Constraint);
    let mut forged = Forged::new(&machine);
    let row = forged.row(1);
    row.taken = Val::ONE;
    row.imm = [HALTED + 4, 0].map(Val::from_u32);
    forged.public_values[1] = Val::from_u32(HALTED);
    assert_eq!(forged.verdict(), Verdict::Constraint);
}

fn three_sums() -> Machine {
    let mut machine = Machine::new(&[(5, 1)]);
    machine.execute([1, 2, 3].map(|imm| with_constant(Class::Add, 5, 5, imm)));
    machine
}

#[test]
fn refuses_skipped_and_repeated_instructions() {
    let machine = three_sums();
    for pc in [BASE, BASE + 8, BASE + 12] {
        assert_eq!(attack(&machine, 1, |row| row.pc = Val::from_u32(pc)), Verdict::Constraint);
    }
}

#[test]
fn refuses_forged_ends() {
    let machine = three_sums();
    for value in 0..2 {
        for difference in [Val::from_u8(4), -Val::from_u8(4), Val::ONE] {
            let mut forged = Forged::new(&machine);
            forged.public_values[value] += difference;
            assert_eq!(forged.verdict(), Verdict::Constraint);
        }
    }
    // In the last row of a trace without padding, too.
    let mut forged = Forged { trace: machine.trace(4).0, ..Forged::new(&machine) };
    set_pc_from(&mut forged, 3, Val::from_u32(BASE + 16));
    assert_eq!(forged.verdict(), Verdict::Constraint);
}

#[test]
fn refuses_forged_clocks() {
    let machine = three_sums();
    for row in 0..4 {
        for difference in [Val::ONE, Val::NEG_ONE] {
            assert_eq!(attack(&machine, row, |row| row.clock += difference), Verdict::Constraint);
        }
        let mut forged = Forged::new(&machine);
        (row..4).for_each(|row| forged.row(row).clock += Val::ONE);
        assert_eq!(forged.verdict(), Verdict::Constraint);
    }
}

/// A real cycle that hides as padding lets time pass without its instruction.
#[test]
fn refuses_hidden_cycles() {
    let machine = three_sums();
    for row in 0..3 {
        let mut forged = Forged::new(&machine);
        forged.row(row).class = Classes::default();
        assert_eq!(forged.verdict(), Verdict::Constraint);
    }
    // All hidden: no segment is empty.
    let mut forged = Forged::new(&machine);
    (0..3).for_each(|row| forged.row(row).class = Classes::default());
    set_pc_from(&mut forged, 0, Val::from_u32(BASE));
    assert_eq!(forged.verdict(), Verdict::Constraint);
}

#[test]
fn refuses_padding_between_cycles() {
    let mut machine = Machine::new(&[(5, 1)]);
    machine.execute([1, 2].map(|imm| with_constant(Class::Add, 5, 5, imm)));
    let mut forged = Forged { trace: machine.trace(4).0, ..Forged::new(&machine) };
    // Row 2 is padding; row 3 does the next instruction's work.
    let mut longer = machine.clone();
    longer.execute([with_constant(Class::Add, 5, 5, 3)]);
    let mut honest = Forged::new(&longer);
    let work = *honest.row(2);
    let clock = forged.row(3).clock;
    let row = forged.row(3);
    *row = CpuColumns { clock, ..work };
    for i in [0, 2] {
        row.last[i] += Val::from_u8(8);
    }
    forged.machine = &longer;
    forged.public_values[1] = Val::from_u32(BASE + 12);
    assert_eq!(forged.verdict(), Verdict::Constraint);
}

#[test]
fn refuses_padding_that_turns_live() {
    let machine = three_sums();
    let any = |change: fn(&mut CpuColumns<Val>)| {
        let mut forged = Forged::new(&machine);
        change(forged.row(3));
        forged.verdict()
    };
    // One more sum, of x0 and 0, which the program does not have.
    let turn_live = |row: &mut CpuColumns<Val>| {
        row.class.add = Val::ONE;
        row.rd = Val::from_u8(32);
        row.third_address += Val::from_u8(32);
        row.last = [Val::ZERO; 3];
        row.since_low = [24, 25, 30].map(Val::from_u8);
    };
    assert_eq!(any(turn_live), Verdict::Constraint);
    let mut forged = Forged::new(&machine);
    turn_live(forged.row(3));
    forged.public_values[1] += Val::from_u8(4);
    assert!(matches!(forged.verdict(), Verdict::Bus(_)));
    // Accesses without a cycle.
    assert_eq!(any(|row| row.uses_rs2 = Val::ONE), Verdict::Constraint);
    assert_eq!(any(|row| row.negate = Val::ONE), Verdict::Constraint);
    assert_eq!(any(|row| row.halt = Val::ONE), Verdict::Constraint);
    assert_eq!(any(|row| row.log = Val::ONE), Verdict::Constraint);
    assert_eq!(any(|row| row.pc += Val::from_u8(4)), Verdict::Constraint);
    // Flags that cancel.
    assert_eq!(
        any(|row| {
            row.class.ecall = Val::ONE;
            row.class.add = Val::NEG_ONE;
        }),
        Verdict::Constraint
    );
}

/// Other flags with the same packed number, or more than one class.
#[test]
fn refuses_flags_that_are_not_boolean() {
    let mut machine = Machine::new(&[]);
    machine.execute([with_register(Class::Sub, 5, 5, 5)]);
    let refused = [
        // sub = 2 add
        attack(&machine, 0, |row| (row.class.sub, row.class.add) = (Val::ZERO, Val::TWO)),
        // sub = sltu - 2 add
        attack(&machine, 0, |row| {
            row.class.sub = Val::ZERO;
            (row.class.sltu, row.class.add) = (Val::ONE, -Val::TWO);
        }),
        attack(&machine, 0, |row| row.class.add = Val::ONE),
        // uses_rs2 = 2 negate
        attack(&machine, 0, |row| (row.uses_rs2, row.negate) = (Val::ZERO, Val::TWO)),
        // uses_rs2 = 2^15 add
        attack(&machine, 0, |row| {
            row.uses_rs2 = Val::ZERO;
            row.class.add = Val::from_u32(1 << 15);
        }),
    ];
    assert_eq!(refused, [Verdict::Constraint; 5]);
}

/// The instruction is not what the program has at the address.
#[test]
fn refuses_other_instructions() {
    let mut machine = Machine::new(&[(6, 9)]);
    machine.execute([with_register(Class::Sltu, 5, 6, 7), branch(Class::BranchLtu, false, 6, 0, BASE + 64)]);
    type Change = fn(&mut ProgramRow);
    let changes: [Change; 7] = [
        |row| row.class = Class::Sub,
        |row| row.uses_rs2 = false,
        |row| row.rd = 8,
        |row| row.rs1 = 7,
        |row| row.rs2 = 6,
        |row| row.op = 1,
        |row| row.imm = 1,
    ];
    for change in changes {
        let mut other = with_register(Class::Sltu, 5, 6, 7);
        change(&mut other);
        let mut run = Machine::new(&[(6, 9)]);
        run.execute([other, branch(Class::BranchLtu, false, 6, 0, BASE + 64)]);
        let mut forged = Forged::new(&run);
        forged.machine = &machine;
        assert_eq!(forged.verdict(), Verdict::Bus(name::PROGRAM));
    }
    // An instruction that the program does not have at all.
    let mut run = machine.clone();
    run.execute([with_constant(Class::Add, 5, 0, 1)]);
    let mut forged = Forged::new(&run);
    forged.machine = &machine;
    assert_eq!(forged.verdict(), Verdict::Bus(name::PROGRAM));
}

//! Attacks on the results of instructions.

use ashlar_abi::memory::DATA_START;
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};

use super::judge::{Verdict, attack};
use super::machine::{BASE, Machine, alu, answer, branch, load, store, with_constant, with_register};
use crate::Val;
use crate::bus::name;
use crate::cpu::{Class, CpuColumns, ProgramRow};
use crate::opcode::{self, subword};

/// 2^16, what a carry is worth.
fn limb() -> Val {
    Val::from_u32(1 << 16)
}

/// One instruction, with operands in registers 5 and 6.
fn one(row: ProgramRow, a: u32, b: u32) -> Machine {
    let mut machine = Machine::new(&[(5, a), (6, b)]);
    machine.execute([row]);
    machine
}

const PAIRS: [(u32, u32); 5] =
    [(3, 4), (0xffff, 1), (u32::MAX, 1), (0x8000_ffff, 0x8000_0001), (0x1234_5678, 0x1234_5678)];

/// The carry (or borrow) out of a limb is flipped, with the limb of the sum and what depends on it fixed up.
#[test]
fn refuses_forged_carry_and_borrow() {
    for (a, b) in PAIRS {
        for class in [Class::Add, Class::Sub, Class::Sltu] {
            let machine = one(with_register(class, 7, 5, 6), a, b);
            let sign = if class == Class::Add { Val::NEG_ONE } else { Val::ONE };
            for i in 0..2 {
                let flip = |row: &mut CpuColumns<Val>| {
                    let difference = Val::ONE - row.carry[i].double();
                    row.carry[i] += difference;
                    row.out[i] += sign * difference * limb();
                    if i == 0 {
                        row.out[1] -= sign * difference;
                    }
                    row.c = if class == Class::Sltu { [row.carry[1], Val::ZERO] } else { row.out };
                };
                assert_eq!(attack(&machine, 0, flip), Verdict::Table, "{class:?} {a:#x} {b:#x} limb {i}");
                let flip = |row: &mut CpuColumns<Val>| row.carry[i] = Val::ONE - row.carry[i];
                assert_eq!(attack(&machine, 0, flip), Verdict::Constraint);
            }
        }
    }
}

/// A carry that is a fraction makes any sum.
#[test]
fn refuses_carries_that_are_not_boolean() {
    for class in [Class::Add, Class::Sub, Class::Sltu] {
        let machine = one(with_register(class, 7, 5, 6), 3, 4);
        for carry in [Val::TWO, Val::NEG_ONE, limb().inverse()] {
            let forge = |row: &mut CpuColumns<Val>| {
                let sign = if class == Class::Add { Val::NEG_ONE } else { Val::ONE };
                row.out[1] += sign * (carry - row.carry[1]) * limb();
                row.carry[1] = carry;
                row.c = if class == Class::Sltu { [carry, Val::ZERO] } else { row.out };
            };
            assert_eq!(attack(&machine, 0, forge), Verdict::Constraint);
        }
        // -1 / 2^16 is 32512 modulo p, so such a low carry keeps both limbs in range.
        let forge = |row: &mut CpuColumns<Val>| {
            let sign = if class == Class::Add { Val::ONE } else { Val::NEG_ONE };
            row.carry[0] += Val::from_u32(32_512);
            row.out[0] += sign;
            row.out[1] += sign * Val::from_u32(32_512);
            row.c = if class == Class::Sltu { row.c } else { row.out };
        };
        assert_eq!(attack(&machine, 0, forge), Verdict::Constraint);
    }
}

#[test]
fn refuses_forged_sums_and_differences() {
    for (a, b) in PAIRS {
        for class in [Class::Add, Class::Sub, Class::Sltu] {
            let machine = one(with_register(class, 7, 5, 6), a, b);
            for i in 0..2 {
                assert_eq!(attack(&machine, 0, |row| row.c[i] += Val::ONE), Verdict::Constraint);
                let forge = |row: &mut CpuColumns<Val>| {
                    row.out[i] += Val::ONE;
                    row.c = row.out;
                };
                assert_eq!(attack(&machine, 0, forge), Verdict::Constraint);
            }
        }
    }
}

/// The same word with a high limb one less and a low limb of 17 bits.
#[test]
fn refuses_results_with_limbs_out_of_range() {
    let machine = one(with_register(Class::Add, 7, 5, 6), 0x2_0000, 0x3_0000);
    let forge = |row: &mut CpuColumns<Val>| {
        row.out[0] += limb();
        row.carry[0] -= Val::ONE;
        row.c = row.out;
    };
    assert_eq!(attack(&machine, 0, forge), Verdict::Constraint);
    let machine = one(alu(opcode::alu::OR, 7, 5, 6), 0x2_0000, 0x3_0000);
    let forge = |row: &mut CpuColumns<Val>| {
        row.c[0] += limb();
        row.c[1] -= Val::ONE;
    };
    assert_eq!(attack(&machine, 0, forge), Verdict::Bus(name::MEMORY));
}

/// Each class with a constant takes it, not a word of the prover's choice.
#[test]
fn refuses_forged_constant_operand() {
    let rows = [Class::Add, Class::Sub, Class::Sltu].map(|class| with_constant(class, 7, 5, 0x1_0001));
    let shift = ProgramRow { op: opcode::alu::SLL, ..with_constant(Class::Alu, 7, 5, 0x1_0001) };
    for row in rows.into_iter().chain([shift]) {
        for i in 0..2 {
            // The run of another constant, but for the constant itself.
            let other = one(ProgramRow { imm: row.imm - (1 << (16 * i)), ..row }, 5, 6);
            let machine = one(row, 5, 6);
            let mut forged = super::judge::Forged::new(&other);
            forged.machine = &machine;
            assert_eq!(forged.verdict(), Verdict::Bus(name::PROGRAM));
            forged.row(0).imm = [Val::ONE; 2];
            assert_eq!(forged.verdict(), Verdict::Constraint);
        }
    }
}

#[test]
fn refuses_forged_answers_of_other_tables() {
    for op in 1..16 {
        let machine = one(alu(op, 7, 5, 6), 0xdead_beef, 0x8000_0003);
        for i in 0..2 {
            let verdict = attack(&machine, 0, |row| row.c[i] = Val::from_u16(0x7777));
            assert_eq!(verdict, Verdict::Bus(name::INSTRUCTION), "operation {op}");
        }
        assert_eq!(attack(&machine, 0, |row| row.op += Val::ONE), Verdict::Bus(name::PROGRAM));
    }
    let machine = one(branch(Class::BranchLt, false, 5, 6, BASE + 64), 3, 4);
    let forge = |row: &mut CpuColumns<Val>| row.c[1] = Val::ONE;
    assert_eq!(attack(&machine, 0, forge), Verdict::Bus(name::INSTRUCTION));
}

#[test]
fn refuses_forged_link() {
    for row in [with_constant(Class::Jal, 7, 0, BASE + 64), with_constant(Class::Jalr, 7, 5, 0)] {
        let machine = one(row, BASE + 64, 0);
        assert_eq!(attack(&machine, 0, |row| row.c[0] += Val::ONE), Verdict::Constraint);
        // The limbs of a link, `high` more in the high limb, with the witnesses that they need.
        let forge = |high: Val, difference: Val| {
            attack(&machine, 0, |row| {
                row.c[1] += high;
                row.c[0] += difference - high * limb();
                row.w = row.c[0];
                row.last[1] -= high * limb();
            })
        };
        assert_eq!(forge(Val::ZERO, Val::ZERO), Verdict::Accepted);
        assert_eq!(forge(Val::ZERO, Val::from_u8(4)), Verdict::Constraint);
        assert_eq!(forge(Val::NEG_ONE, Val::ZERO), Verdict::Table);
        assert_eq!(forge(Val::ONE, Val::ZERO), Verdict::Table);
        // The words of the link plus p, which is 2^16 * 0x7f00 + 1: in the field it is the same link.
        let verdict = attack(&machine, 0, |row| {
            row.c[1] += Val::from_u32(Val::ORDER_U32 >> 16);
            row.c[0] += Val::ONE;
            row.w = row.c[0];
            row.last[1] -= Val::from_u32(Val::ORDER_U32 >> 16) * limb();
        });
        assert_eq!(verdict, Verdict::Table);
    }
}

#[test]
fn refuses_loads_and_stores_of_another_value() {
    for row in [load(Class::LoadWord, 0, 7, 5, 0), store(Class::StoreWord, 0, 5, 6, 0)] {
        let machine = one(row, DATA_START, 0x1234_5678);
        for i in 0..2 {
            assert_eq!(attack(&machine, 0, |row| row.c[i] += Val::ONE), Verdict::Constraint);
            let forge = |row: &mut CpuColumns<Val>| {
                row.c[i] += Val::ONE;
                row.b[i] += Val::ONE;
            };
            assert_eq!(attack(&machine, 0, forge), Verdict::Bus(name::MEMORY));
        }
    }
}

/// Another byte of the word, another extension, another word beside it.
#[test]
fn refuses_forged_parts_of_words() {
    let loads = [subword::LB, subword::LBU, subword::LH, subword::LHU];
    let rows = loads.map(|op| load(Class::LoadSub, op, 7, 5, 0)).into_iter();
    let stores = [subword::SB, subword::SH].map(|op| store(Class::StoreSub, op, 5, 6, 0));
    for row in rows.chain(stores) {
        let machine = one(row, DATA_START + 2, 0x1234_5678);
        for i in 0..2 {
            let verdict = attack(&machine, 0, |row| row.c[i] = Val::from_u16(0x6789));
            assert_eq!(verdict, Verdict::Bus(name::INSTRUCTION));
        }
        for offset in [[0, 0], [1, 0], [1, 1]] {
            let set = |row: &mut CpuColumns<Val>| row.offset = offset.map(Val::from_u8);
            assert_eq!(attack(&machine, 0, set), Verdict::Constraint);
            // With the word that makes the address the same.
            let forge = |row: &mut CpuColumns<Val>| {
                set(row);
                let offset = row.offset[0] + row.offset[1].double();
                row.w = (row.out[0] - offset) * Val::from_u8(4).inverse();
                let address = row.w + row.out[1] * Val::from_u32(1 << 14);
                let is_load = machine.program[0].unwrap().class.is_load();
                *(if is_load { &mut row.second_address } else { &mut row.third_address }) = address;
            };
            assert_eq!(attack(&machine, 0, forge), Verdict::Table);
        }
    }
}

/// An offset of 4 in `op + offset` would make a LBU the LH of the word before.
#[test]
fn refuses_offset_that_makes_another_operation() {
    let machine = one(load(Class::LoadSub, subword::LBU, 7, 5, 0), DATA_START + 8, 0);
    let before = DATA_START / 4 + 1;
    let word = machine.initial(before).unwrap();
    let loaded = answer(subword::LH, 0, word).unwrap();
    let verdict = attack(&machine, 0, |row| {
        row.offset = [Val::ZERO, Val::TWO];
        row.w -= Val::ONE;
        row.second_address = Val::from_u32(before);
        row.b = [word & 0xffff, word >> 16].map(Val::from_u32);
        row.c = [loaded & 0xffff, loaded >> 16].map(Val::from_u32);
    });
    assert_eq!(verdict, Verdict::Constraint);
}

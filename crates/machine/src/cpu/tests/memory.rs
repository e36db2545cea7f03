//! Attacks on the accesses to registers and memory.

use ashlar_abi::memory::{DATA_START, MEMORY_BYTES};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};

use super::judge::{Forged, Verdict, attack};
use super::machine::{Machine, load, store, with_constant, with_register};
use crate::Val;
use crate::bus::{REGISTERS, name};
use crate::cpu::{Class, CpuColumns};

/// A load or store of a word whose address is forged: from the honest address `DATA_START` to the register's value
/// `address`, which may be one that traps.
fn forge_address(class: Class, address: u32, change: impl FnOnce(&mut CpuColumns<Val>)) -> Verdict {
    let row = match class {
        Class::LoadWord => load(class, 0, 7, 5, 0),
        _ => store(class, 0, 5, 6, 0),
    };
    let mut honest = Machine::new(&[(5, DATA_START), (6, 9)]);
    honest.execute([row]);
    let mut machine = Machine::new(&[(5, address), (6, 9)]);
    (machine.program, machine.steps, machine.pc) = (honest.program, honest.steps, honest.pc);
    let mut forged = Forged::new(&machine);
    let row = forged.row(0);
    row.a = [address & 0xffff, address >> 16].map(Val::from_u32);
    row.out = row.a;
    row.w = Val::from_u32((address & 0xffff) / 4);
    set_address(row);
    change(row);
    let is_load = class == Class::LoadWord;
    let word = if is_load { row.second_address } else { row.third_address }.as_canonical_u32();
    let limbs = [0, 16].map(|shift| Val::from_u32(machine.initial(word).unwrap_or(0) >> shift & 0xffff));
    if is_load {
        (row.b, row.c) = (limbs, limbs);
    } else {
        row.previous = limbs;
    }
    forged.verdict()
}

/// The address that the constraints want.
fn set_address(row: &mut CpuColumns<Val>) {
    let address = row.w + row.out[1] * Val::from_u32(1 << 14);
    *(if row.class.load_word == Val::ONE { &mut row.second_address } else { &mut row.third_address }) =
        address;
}

#[test]
fn refuses_stores_below_the_data() {
    for address in [DATA_START, DATA_START + 0x10_0004, MEMORY_BYTES - 4] {
        assert_eq!(forge_address(Class::StoreWord, address, |_| {}), Verdict::Accepted);
    }
    for address in [0, 0x20_0000, DATA_START - 4] {
        assert_eq!(forge_address(Class::StoreWord, address, |_| {}), Verdict::Table);
        assert_eq!(forge_address(Class::LoadWord, address, |_| {}), Verdict::Accepted);
    }
}

/// A store at 2^32 + 4 whose carry is dropped: its high limb has 17 bits, but no page is there.
#[test]
fn refuses_stores_that_wrap() {
    let mut machine = Machine::new(&[(5, u32::MAX - 3), (6, 9)]);
    let mut honest = Machine::new(&[(5, DATA_START - 8), (6, 9)]);
    honest.execute([store(Class::StoreWord, 0, 5, 6, 8)]);
    (machine.program, machine.steps, machine.pc) = (honest.program, honest.steps, honest.pc);
    for carry in 0..2 {
        let mut forged = Forged::new(&machine);
        let row = forged.row(0);
        row.a = [0xfffc, 0xffff].map(Val::from_u32);
        row.carry = [Val::ONE, Val::from_u32(carry)];
        row.out = [Val::from_u8(4), Val::from_u32((1 - carry) << 16)];
        row.w = Val::ONE;
        set_address(row);
        let expected = if carry == 0 { Verdict::Bus(name::MEMORY) } else { Verdict::Table };
        assert_eq!(forged.verdict(), expected);
    }
}

#[test]
fn refuses_accesses_outside_of_memory() {
    for address in [MEMORY_BYTES, 1 << 31, u32::MAX - 3, Val::ORDER_U32 - 1, Val::ORDER_U32 + 3] {
        for class in [Class::LoadWord, Class::StoreWord] {
            assert_eq!(forge_address(class, address, |_| {}), Verdict::Bus(name::MEMORY));
        }
    }
}

/// Registers are no words of memory: the limbs that would make such an address are out of range.
#[test]
fn refuses_pointers_to_registers() {
    for class in [Class::LoadWord, Class::StoreWord] {
        let high = REGISTERS >> 14;
        let by_word = forge_address(class, DATA_START, |row| {
            row.w = Val::from_u32(REGISTERS + 6) - row.out[1] * Val::from_u32(1 << 14);
            set_address(row);
        });
        assert_eq!(by_word, Verdict::Constraint);
        let by_sum = forge_address(class, DATA_START, |row| {
            row.out = [Val::from_u8(24), Val::from_u32(high)];
            row.w = Val::from_u8(6);
            set_address(row);
        });
        assert_eq!(by_sum, Verdict::Constraint);
        let by_address = forge_address(class, DATA_START, |row| {
            *(if class == Class::LoadWord { &mut row.second_address } else { &mut row.third_address }) =
                Val::from_u32(REGISTERS + 6);
        });
        assert_eq!(by_address, Verdict::Constraint);
    }
}

/// 4 w is the low limb modulo p, or w has bits that belong to the high limb.
#[test]
fn refuses_addresses_that_alias() {
    for class in [Class::LoadWord, Class::StoreWord] {
        for offset in 1..4 {
            // Misaligned: a fraction.
            let verdict = forge_address(class, DATA_START + offset, |row| {
                row.w = row.out[0] * Val::from_u8(4).inverse();
                set_address(row);
            });
            assert_eq!(verdict, Verdict::Table);
            // Misaligned: rounded down, with or without the offset.
            assert_eq!(forge_address(class, DATA_START + offset, |_| {}), Verdict::Constraint);
            let verdict = forge_address(class, DATA_START + offset, |row| {
                row.offset = [offset & 1, offset >> 1].map(Val::from_u32);
            });
            assert_eq!(verdict, Verdict::Constraint);
        }
        let verdict = forge_address(class, DATA_START + 8, |row| {
            row.w += Val::from_u32(1 << 14);
            set_address(row);
        });
        assert_eq!(verdict, Verdict::Constraint);
    }
}

/// The access goes to another word than that at a + imm.
#[test]
fn refuses_forged_address_sums() {
    for class in [Class::LoadWord, Class::StoreWord] {
        let low = forge_address(class, DATA_START, |row| {
            row.out[0] += Val::from_u8(4);
            row.w += Val::ONE;
            set_address(row);
        });
        let high = forge_address(class, DATA_START, |row| {
            row.out[1] += Val::ONE;
            set_address(row);
        });
        let carry = forge_address(class, DATA_START, |row| {
            row.carry[0] = Val::ONE;
            row.out[1] += Val::ONE;
            set_address(row);
        });
        assert_eq!([low, high, carry], [Verdict::Constraint; 3]);
    }
}

/// A load reads one word, not a register as well.
#[test]
fn refuses_loads_with_two_second_accesses() {
    let verdict = forge_address(Class::LoadWord, DATA_START, |row| row.uses_rs2 = Val::ONE);
    assert_eq!(verdict, Verdict::Constraint);
}

/// Offsets that add up to nothing.
#[test]
fn refuses_offsets_that_are_not_boolean() {
    let verdict = forge_address(Class::LoadWord, DATA_START + 2, |row| row.offset = [-Val::TWO, Val::TWO]);
    assert_eq!(verdict, Verdict::Constraint);
}

/// What is written to x0 goes elsewhere, and nothing can send it back.
#[test]
fn refuses_writes_to_x0() {
    let mut machine = Machine::new(&[]);
    machine.execute([with_constant(Class::Add, 32, 0, 7), with_constant(Class::Add, 5, 0, 1)]);
    let to_x0 = |row: &mut CpuColumns<Val>| row.third_address = Val::from_u32(REGISTERS);
    assert_eq!(attack(&machine, 0, to_x0), Verdict::Constraint);
    let rd = |row: &mut CpuColumns<Val>| {
        to_x0(row);
        row.rd = Val::ZERO;
        row.last[2] = Val::ONE;
        row.since_low[2] = Val::from_u8(5);
        row.previous = [Val::ZERO; 2];
    };
    assert!(matches!(attack(&machine, 0, rd), Verdict::Bus(_)));
    // Reading what was discarded in place of x0.
    let mut machine = Machine::new(&[(5, 9)]);
    machine.execute([with_register(Class::Add, 6, 0, 0)]);
    let forge = |row: &mut CpuColumns<Val>| {
        row.second_address += Val::from_u8(5);
        row.b = [9, 0].map(Val::from_u8);
        (row.out, row.c) = (row.b, row.b);
    };
    assert_eq!(attack(&machine, 0, forge), Verdict::Constraint);
    // Another value than 0 in x0.
    let forge = |row: &mut CpuColumns<Val>| {
        row.a[0] = Val::ONE;
        row.b[0] = Val::ONE;
        row.out[0] = Val::TWO;
        row.c[0] = Val::TWO;
    };
    assert_eq!(attack(&machine, 0, forge), Verdict::Bus(name::MEMORY));
}

/// Reads register 5 before and after it is written.
fn written_between() -> Machine {
    let mut machine = Machine::new(&[(5, 3), (7, 100)]);
    machine.execute([
        with_register(Class::Add, 6, 5, 7),
        with_constant(Class::Add, 5, 0, 8),
        with_register(Class::Add, 8, 5, 7),
    ]);
    machine
}

/// The sum in row 2 as it were if register 5 held `a`, last accessed `last`.
fn read_otherwise(row: &mut CpuColumns<Val>, a: u32, last: u32, since: Val) {
    row.a[0] = Val::from_u32(a);
    row.out[0] = Val::from_u32(a + 100);
    row.c[0] = row.out[0];
    row.last[0] = Val::from_u32(last);
    row.since_low[0] = since;
}

#[test]
fn refuses_stale_reads() {
    let machine = written_between();
    let [written, read] = [15, 17];
    assert_eq!(attack(&machine, 2, |row| read_otherwise(row, 8, written, Val::ONE)), Verdict::Accepted);
    let stale = |row: &mut CpuColumns<Val>| read_otherwise(row, 3, 1, Val::from_u32(read - 1 - 1));
    assert_eq!(attack(&machine, 2, stale), Verdict::Bus(name::MEMORY));
    let initial = |row: &mut CpuColumns<Val>| read_otherwise(row, 3, 0, Val::from_u32(read - 1));
    assert_eq!(attack(&machine, 2, initial), Verdict::Bus(name::MEMORY));
}

/// An access that is its own last one needs nobody else: any value goes.
#[test]
fn refuses_accesses_before_themselves() {
    let machine = written_between();
    let read = 17;
    let verdict = attack(&machine, 2, |row| read_otherwise(row, 77, read, Val::NEG_ONE));
    assert_eq!(verdict, Verdict::Table);
    for since in [0, 0xffff] {
        let verdict = attack(&machine, 2, |row| read_otherwise(row, 77, read, Val::from_u32(since)));
        assert_eq!(verdict, Verdict::Table);
    }
}

/// Two accesses, each the last one before the other, with a value of the prover's choice.
#[test]
fn refuses_circular_accesses() {
    let mut machine = Machine::new(&[(5, 3), (7, 100)]);
    machine.execute([with_register(Class::Add, 6, 5, 7), with_register(Class::Add, 8, 5, 7)]);
    let forge = |since: [Val; 2]| {
        let mut forged = Forged::new(&machine);
        read_otherwise(forged.row(0), 55, 9, since[0]);
        read_otherwise(forged.row(1), 55, 1, since[1]);
        forged.verdict()
    };
    let honest = Val::from_u8(7);
    // 1 - 9 - 1
    assert_eq!(forge([-Val::from_u8(9), honest]), Verdict::Table);
    for low in [0, 0xffff, 0xfff7] {
        assert_eq!(forge([Val::from_u32(low), honest]), Verdict::Table);
    }
}

/// rd = rs1 = rs2: the second operand may not be what the cycle itself writes, nor may the first one be skipped.
#[test]
fn refuses_operands_from_the_same_cycle() {
    let mut machine = Machine::new(&[(5, 3)]);
    machine.execute([with_register(Class::Add, 5, 5, 5)]);
    // rs2 = what is written at 7: b = c = a + b has no solution, but for a = 0.
    let mut zero = Machine::new(&[(5, 0)]);
    zero.execute([with_register(Class::Add, 5, 5, 5)]);
    let forge = |row: &mut CpuColumns<Val>| {
        (row.b[0], row.out[0], row.c[0]) = (Val::from_u8(9), Val::from_u8(9), Val::from_u8(9));
        row.previous[0] = Val::from_u8(9);
        (row.last[1], row.last[2]) = (Val::from_u8(7), Val::TWO);
        (row.since_low[1], row.since_low[2]) = (-Val::from_u8(6), Val::from_u8(4));
    };
    assert_eq!(attack(&zero, 0, forge), Verdict::Table);
    // rs2 before rs1: the same message is taken twice.
    let forge = |row: &mut CpuColumns<Val>| {
        row.last[1] = Val::ZERO;
        row.since_low[1] = Val::ONE;
    };
    assert_eq!(attack(&machine, 0, forge), Verdict::Bus(name::MEMORY));
}

/// A time since the last access that is not low + 2^16 high with 16 and 8 bits.
#[test]
fn refuses_forged_parts_of_times() {
    let machine = written_between();
    for i in 0..3 {
        let limb = Val::from_u32(1 << 16);
        for difference in [limb, -limb, Val::ONE, Val::NEG_ONE] {
            let forge = |row: &mut CpuColumns<Val>| row.since_low[i] += difference;
            assert_eq!(attack(&machine, 2, forge), Verdict::Table);
        }
    }
}

/// What was there before a write is not the prover's choice, even if nothing uses it.
#[test]
fn refuses_forged_previous_values() {
    let mut machine = Machine::new(&[(5, DATA_START), (6, 9)]);
    machine.execute([
        with_register(Class::Add, 7, 5, 6),
        store(Class::StoreWord, 0, 5, 6, 0),
        load(Class::LoadWord, 0, 7, 5, 0),
    ]);
    for row in 0..3 {
        for i in 0..2 {
            let forge = |row: &mut CpuColumns<Val>| row.previous[i] += Val::ONE;
            assert_eq!(attack(&machine, row, forge), Verdict::Bus(name::MEMORY));
        }
    }
}

mod calls;
mod cells;
mod judge;
mod machine;
mod memory;
mod order;
mod results;

use alloc::vec::Vec;

use ashlar_abi::call;
use ashlar_abi::memory::{DATA_START, MEMORY_BYTES};

use self::judge::Verdict;
use self::machine::{
    BASE, DISCARD, Machine, alu, blank, branch, ecall, load, store, with_constant, with_register,
};
use super::*;
use crate::bus::name;
use crate::evaluate::evaluate;
use crate::opcode::{self, subword};
use crate::testing::{self, Random};

const WORDS: [u32; 10] =
    [0, 1, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xdead_beef, 0xffff_0000, 0xffff_fffe, u32::MAX];

/// Asserts that a run's trace holds and that its messages are those that the interpreter wrote down.
fn check(machine: &Machine, height: usize) {
    let (trace, counts) = machine.trace(height);
    let mut report = evaluate(&CpuAir, &trace, &machine.public_values());
    assert_eq!(report.failures, []);
    assert_eq!(judge::judge(machine, &report.balance), Verdict::Accepted);
    testing::assert_counted(&report.balance, &counts);
    report.balance.0.remove(name::TABLE);
    assert_eq!(report.balance, machine.expected);
}

/// Sets register 17 and makes the call.
fn make_call(number: u32) -> [ProgramRow; 2] {
    [with_constant(Class::Add, 17, 0, number), ecall()]
}

#[test]
fn computes_what_the_isa_says_at_the_edges() {
    for a in WORDS {
        let mut machine = Machine::new(&[(5, a)]);
        for b in WORDS {
            machine.execute([with_constant(Class::Add, 6, 0, b)]);
            for class in [Class::Add, Class::Sub, Class::Sltu] {
                machine.execute([with_register(class, 7, 5, 6), with_constant(class, DISCARD, 5, b)]);
            }
            for class in [Class::BranchEq, Class::BranchLtu, Class::BranchLt] {
                for negate in [false, true] {
                    let target = machine.pc + 16;
                    machine.execute([branch(class, negate, 5, 6, target)]);
                }
            }
        }
        machine.halt(a);
        check(&machine, machine.height());
    }
}

#[test]
fn the_same_register_may_be_all_three() {
    for register in [0, 5] {
        let mut machine = Machine::new(&[(5, 0x1234_5678)]);
        let rd = if register == 0 { DISCARD } else { register };
        machine.execute([
            with_register(Class::Add, rd, register, register),
            alu(opcode::alu::MUL, rd, register, register),
            with_register(Class::Sub, rd, register, register),
            with_constant(Class::Add, 6, 0, DATA_START),
            load(Class::LoadSub, subword::LB, 6, 6, 3),
            with_constant(Class::Add, 6, 0, DATA_START),
            // The address stored at itself, then over the word of the next access.
            store(Class::StoreWord, 0, 6, 6, 0),
            load(Class::LoadWord, 0, 6, 6, 0),
            store(Class::StoreSub, subword::SB, 6, 6, 1),
            with_constant(Class::Jalr, 6, 6, (BASE + 64).wrapping_sub(DATA_START)),
        ]);
        assert_eq!(machine.register(0), 0);
        machine.halt(0);
        check(&machine, 16);
    }
}

/// sum := 1 + ... + n, with the partial sums stored and loaded again; then over the sums' bytes.
#[test]
fn executes_a_loop() {
    let mut machine = Machine::new(&[(5, 0), (6, 20), (7, DATA_START)]);
    let rows = [
        store(Class::StoreWord, 0, 7, 5, 0),
        load(Class::LoadWord, 0, 5, 7, 0),
        with_register(Class::Add, 5, 5, 6),
        store(Class::StoreSub, subword::SH, 7, 5, 6),
        load(Class::LoadSub, subword::LHU, 8, 7, 6),
        with_constant(Class::Add, 6, 6, u32::MAX),
        branch(Class::BranchEq, true, 6, 0, BASE),
    ];
    for (pc, row) in (BASE..).step_by(4).zip(rows) {
        machine.put(ProgramRow { pc, ..row });
    }
    while machine.pc != BASE + 28 {
        machine.step();
    }
    assert_eq!((machine.register(5), machine.register(8), machine.steps.len()), (210, 210, 140));
    machine.halt(0);
    check(&machine, 256);
}

/// A segment may end anywhere, and have no padding.
#[test]
fn a_segment_ends_without_halt() {
    let mut machine = Machine::new(&[(5, BASE + 100)]);
    machine.execute([
        with_constant(Class::Add, 6, 5, 7),
        branch(Class::BranchLtu, false, 5, 6, BASE + 40),
        with_constant(Class::Jal, 1, 0, BASE + 80),
        with_constant(Class::Jalr, 1, 5, 1),
    ]);
    assert_eq!(machine.pc, BASE + 100);
    check(&machine, 4);
    check(&machine, 64);
    let mut machine = Machine::new(&[(17, call::HALT), (10, 0xabcd_1234)]);
    machine.execute([ecall()]);
    check(&machine, 1);
    check(&machine, 2);
}

/// `fence` is a branch to the next address whose second operand is nothing.
#[test]
fn fence_does_nothing() {
    let mut machine = Machine::new(&[]);
    machine.execute([ProgramRow { imm: BASE + 4, ..blank(Class::BranchEq) }]);
    assert_eq!(machine.pc, BASE + 4);
    check(&machine, 2);
}

/// An instruction that looks random, to be executed next. Jumps go to addresses not yet used.
fn random_rows(machine: &Machine, random: &mut Random) -> Vec<ProgramRow> {
    let class = Class::ALL[random.word() as usize % Class::ALL.len()];
    let mut register = || random.word() % 32;
    let (rs1, mut rs2, mut rd) = (register(), register(), register());
    match random.word() % 8 {
        0 => (rs2, rd) = (rs1, rs1),
        1 => rs2 = rs1,
        _ => {}
    }
    let (rd, a) = (if rd == 0 { DISCARD } else { rd }, machine.register(rs1));
    let imm = match random.word() % 3 {
        0 => WORDS[random.word() as usize % WORDS.len()],
        _ => random.word(),
    };
    let target = machine.pc + 4 + random.word() % 5 * 4;
    let regions = [0, BASE, DATA_START, MEMORY_BYTES - 16];
    let region = regions[random.word() as usize % 4];
    let (readable, writable) = (region + random.word() % 16, region.max(DATA_START) + random.word() % 16);
    let pick = random.word() as usize;
    let binary = |row: ProgramRow| match pick % 2 {
        0 => ProgramRow { rd, rs1, imm, ..row },
        _ => ProgramRow { rd, rs1, rs2, uses_rs2: true, ..row },
    };
    let aligned = |address: u32, to: u32| (address & !(to - 1)).wrapping_sub(a);
    let of = |class| match class {
        Class::Add | Class::Sub | Class::Sltu => binary(blank(class)),
        Class::Alu => binary(ProgramRow { op: 1 + pick as u32 / 2 % 15, ..blank(class) }),
        Class::BranchEq | Class::BranchLtu | Class::BranchLt => {
            branch(class, pick.is_multiple_of(2), rs1, rs2, target)
        }
        Class::LoadWord => load(class, 0, rd, rs1, aligned(readable, 4)),
        Class::StoreWord => store(class, 0, rs1, rs2, aligned(writable, 4)),
        Class::LoadSub => {
            let loads = [(subword::LB, 1), (subword::LBU, 1), (subword::LH, 2), (subword::LHU, 2)];
            let (op, to) = loads[pick % 4];
            load(class, op, rd, rs1, aligned(readable, to))
        }
        Class::StoreSub => {
            let (op, to) = [(subword::SB, 1), (subword::SH, 2)][pick % 2];
            store(class, op, rs1, rs2, aligned(writable, to))
        }
        Class::Jal => with_constant(class, rd, 0, target),
        Class::Jalr => with_constant(class, rd, rs1, (target + pick as u32 % 2).wrapping_sub(a)),
        Class::Ecall => blank(class),
    };
    match class {
        Class::Ecall => make_call([call::HINT, call::LOG, call::MODMUL384][pick % 3]).into(),
        _ => [of(class)].into(),
    }
}

#[test]
fn computes_what_the_isa_says_of_random_programs() {
    for seed in 0..20 {
        let mut random = Random(seed);
        let mut machine = Machine::new(&[]);
        for _ in 0..400 {
            let rows = random_rows(&machine, &mut random);
            machine.execute(rows);
        }
        machine.halt(random.word());
        check(&machine, machine.height());
    }
}

/// A run with every class, with both outcomes where there are two; 32 rows.
fn every_class() -> Machine {
    let mut machine =
        Machine::new(&[(5, 0xdead_beef), (6, 0xffff_0001), (7, DATA_START + 0x1_0008), (10, 0x8_0007)]);
    machine.execute([with_register(Class::Add, 8, 5, 6), branch(Class::BranchEq, true, 5, 6, BASE + 16)]);
    machine.execute([
        store(Class::StoreSub, subword::SB, 7, 5, 0xffff),
        load(Class::LoadSub, subword::LH, 9, 7, 0xfffe),
        alu(opcode::alu::XOR, 8, 5, 6),
        with_constant(Class::Jalr, 1, 0, BASE + 0x101),
        with_register(Class::Sub, 8, 6, 5),
        with_register(Class::Sltu, 8, 5, 6),
    ]);
    let next = machine.pc + 8;
    machine.execute([branch(Class::BranchEq, false, 5, 5, next)]);
    let far = machine.pc + 0x200;
    machine.execute([
        with_constant(Class::Sub, DISCARD, 5, 1),
        with_constant(Class::Jal, 1, 0, far),
        with_constant(Class::Sltu, 8, 5, 6),
        branch(Class::BranchLtu, true, 6, 5, far + 0x100),
        ProgramRow { op: opcode::alu::SRA, ..with_constant(Class::Alu, 8, 5, 7) },
        branch(Class::BranchLt, false, 6, 5, far),
        with_constant(Class::Add, 17, 0, call::LOG),
        ecall(),
        with_constant(Class::Add, 17, 0, call::HINT),
        ecall(),
        store(Class::StoreWord, 0, 7, 5, 4),
        load(Class::LoadWord, 0, 8, 7, 4),
    ]);
    machine
        .execute([store(Class::StoreSub, subword::SH, 7, 6, 2), load(Class::LoadSub, subword::LBU, 9, 7, 3)]);
    machine.halt(0x12_3456);
    assert!(machine.height() == 32 && machine.steps.len() == 26);
    machine
}

#[test]
fn every_column_matters() {
    let machine = every_class();
    check(&machine, 32);
    let (trace, _) = machine.trace(32);
    testing::assert_every_column_matters(&CpuAir, &trace, &machine.public_values(), CpuColumns::FILLING);
}

#[test]
fn has_the_planned_width() {
    assert_eq!(testing::shape(&CpuAir), (52, 44, 3));
}

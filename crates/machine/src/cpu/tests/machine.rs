//! A tiny interpreter of program rows, in plain integers, that also writes down what must be on the buses.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use ashlar_abi::call;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::bus::{REGISTERS, SLOTS, name, slot};
use crate::cpu::{Class, CpuStep, HALTED, ProgramRow, generate};
use crate::evaluate::Balance;
use crate::opcode::{alu, subword};
use crate::testing::{Random, instruction};
use crate::{TableCounts, Val};

/// Address of the first instruction.
pub(super) const BASE: u32 = 0x20_0000;
/// Where a write to x0 goes.
pub(super) const DISCARD: u32 = 32;

/// A row of this class that does as little as possible.
pub(super) const fn blank(class: Class) -> ProgramRow {
    ProgramRow { pc: 0, class, negate: false, uses_rs2: false, op: 0, rd: DISCARD, rs1: 0, rs2: 0, imm: 0 }
}

/// `rd := class(rs1, rs2)`.
pub(super) const fn with_register(class: Class, rd: u32, rs1: u32, rs2: u32) -> ProgramRow {
    ProgramRow { rd, rs1, rs2, uses_rs2: true, ..blank(class) }
}

/// `rd := class(rs1, imm)`; also loads, `jal` and `jalr`.
pub(super) const fn with_constant(class: Class, rd: u32, rs1: u32, imm: u32) -> ProgramRow {
    ProgramRow { rd, rs1, imm, ..blank(class) }
}

/// `rd := rs1 op rs2`.
pub(super) const fn alu(op: u32, rd: u32, rs1: u32, rs2: u32) -> ProgramRow {
    ProgramRow { op, ..with_register(Class::Alu, rd, rs1, rs2) }
}

/// Branch to `imm`.
pub(super) const fn branch(class: Class, negate: bool, rs1: u32, rs2: u32, imm: u32) -> ProgramRow {
    let op = if matches!(class, Class::BranchLt) { alu::SLT } else { 0 };
    ProgramRow { negate, imm, op, ..with_register(class, DISCARD, rs1, rs2) }
}

/// Store of rs2 at rs1 + imm.
pub(super) const fn store(class: Class, op: u32, rs1: u32, rs2: u32, imm: u32) -> ProgramRow {
    ProgramRow { imm, op, ..with_register(class, DISCARD, rs1, rs2) }
}

/// Load from rs1 + imm.
pub(super) const fn load(class: Class, op: u32, rd: u32, rs1: u32, imm: u32) -> ProgramRow {
    ProgramRow { op, ..with_constant(class, rd, rs1, imm) }
}

/// `ECALL`.
pub(super) const fn ecall() -> ProgramRow {
    with_register(Class::Ecall, DISCARD, 17, 10)
}

/// A run from [`BASE`] on, with what it did.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) program: Vec<Option<ProgramRow>>,
    pub(super) pc: u32,
    pub(super) steps: Vec<CpuStep>,
    pub(super) exit_code: u32,
    /// What the rows must put on every bus but `table`.
    pub(super) expected: Balance,
    /// Words that are not what [`initial`] says at first.
    registers: BTreeMap<u32, u32>,
    /// Value and time of the last access.
    words: BTreeMap<u32, (u32, u32)>,
}

/// What a word of memory or a register holds at first, if it has a page.
fn initial(address: u32) -> Option<u32> {
    match address {
        REGISTERS => Some(0),
        _ if address < 1 << 28 || (REGISTERS..REGISTERS + 48).contains(&address) => {
            Some(Random(u64::from(address)).word())
        }
        _ => None,
    }
}

impl Machine {
    /// A machine with these registers; what the others hold looks random.
    pub(super) fn new(registers: &[(u32, u32)]) -> Self {
        Self {
            program: vec![],
            pc: BASE,
            steps: vec![],
            exit_code: 0,
            expected: Balance::default(),
            registers: registers.iter().map(|(number, value)| (REGISTERS + number, *value)).collect(),
            words: BTreeMap::new(),
        }
    }

    /// What a word holds before the first cycle, if it has a page.
    pub(super) fn initial(&self, address: u32) -> Option<u32> {
        self.registers.get(&address).copied().or_else(|| initial(address))
    }

    /// What a word holds now.
    pub(super) fn word(&self, address: u32) -> u32 {
        let initial = || self.initial(address).expect("the word has a page");
        self.words.get(&address).map_or_else(initial, |(value, _)| *value)
    }

    /// What a register holds now.
    pub(super) fn register(&self, number: u32) -> u32 {
        self.word(REGISTERS + number)
    }

    fn access(&mut self, address: u32, slot: u32, new: Option<u32>) -> (u32, u32) {
        let old = self.word(address);
        let last = self.words.get(&address).map_or(0, |(_, time)| *time);
        let now = self.steps.len() as u32 * SLOTS + slot;
        let new = new.unwrap_or(old);
        self.words.insert(address, (new, now));
        self.expected.add(name::MEMORY, &[address, last, old & 0xffff, old >> 16], -1);
        self.expected.add(name::MEMORY, &[address, now, new & 0xffff, new >> 16], 1);
        (old, last)
    }

    fn position(pc: u32) -> usize {
        ((pc - BASE) / 4) as usize
    }

    /// Puts an instruction at its address.
    pub(super) fn put(&mut self, row: ProgramRow) {
        let position = Self::position(row.pc);
        if self.program.len() <= position {
            self.program.resize(position + 1, None);
        }
        assert_eq!(self.program[position], None, "the address {:#x} is taken", row.pc);
        self.program[position] = Some(row);
    }

    /// Puts instructions at the pc, one after the other, and executes each.
    pub(super) fn execute(&mut self, rows: impl IntoIterator<Item = ProgramRow>) {
        for row in rows {
            self.put(ProgramRow { pc: self.pc, ..row });
            self.step();
        }
    }

    /// `HALT` with this code.
    pub(super) fn halt(&mut self, code: u32) {
        let set = |rd, imm| with_constant(Class::Add, rd, 0, imm);
        self.execute([set(17, call::HALT), set(10, code), ecall()]);
    }

    /// Executes the instruction at the pc.
    pub(super) fn step(&mut self) {
        let position = Self::position(self.pc);
        let row = self.program[position].expect("an instruction is at the pc");
        let ProgramRow { pc, class, uses_rs2, op, rd, rs1, rs2, imm, .. } = row;
        let (a, last_a) = self.access(REGISTERS + rs1, slot::RS1, None);
        let address = a.wrapping_add(imm);
        let (b, last_b) = match class {
            _ if uses_rs2 => self.access(REGISTERS + rs2, slot::RS2, None),
            Class::LoadWord | Class::LoadSub => self.access(address / 4, slot::RS2, None),
            Class::BranchEq => (0, u32::MAX),
            _ => (imm, u32::MAX),
        };
        let ask = |op, x, c| (Some(instruction(op, x, b, c)), c);
        let (asked, c) = match class {
            Class::Add => (None, a.wrapping_add(b)),
            Class::Sub => (None, a.wrapping_sub(b)),
            Class::Sltu | Class::BranchLtu => (None, u32::from(a < b)),
            Class::BranchEq => (None, u32::from(a == b)),
            Class::BranchLt => ask(alu::SLT, a, u32::from((a as i32) < b as i32)),
            Class::LoadWord | Class::StoreWord => {
                assert!(address.is_multiple_of(4));
                (None, b)
            }
            Class::LoadSub => {
                ask(op + address % 4, self.register(rd), answer(op + address % 4, 0, b).unwrap())
            }
            Class::StoreSub => {
                let old = self.word(address / 4);
                ask(op + address % 4, old, answer(op + address % 4, old, b).unwrap())
            }
            Class::Jal | Class::Jalr => (None, pc + 4),
            Class::Alu => ask(op, a, answer(op, a, b).unwrap()),
            Class::Ecall => (None, 0),
        };
        let (previous, last_c) = match class {
            Class::BranchEq | Class::BranchLtu | Class::BranchLt | Class::Ecall => (0, u32::MAX),
            Class::StoreWord | Class::StoreSub => self.access(address / 4, slot::WRITE, Some(c)),
            _ => self.access(REGISTERS + rd, slot::WRITE, Some(c)),
        };
        self.expected.add(name::PROGRAM, &message(&row), 1);
        if let Some(asked) = asked {
            self.expected.add(name::INSTRUCTION, &asked, 1);
        }
        self.finish(&row, [a, b, c]);
        let last = [last_a, last_b, last_c];
        self.steps.push(CpuStep { instruction: position as u32, a, b, c, previous, last });
    }

    /// The next pc, and what a call does.
    fn finish(&mut self, row: &ProgramRow, [a, b, c]: [u32; 3]) {
        let ProgramRow { pc, class, negate, imm, .. } = *row;
        let clock = self.steps.len() as u32;
        self.pc = match class {
            Class::BranchEq | Class::BranchLtu | Class::BranchLt if (c == 1) != negate => imm,
            Class::Jal => imm,
            Class::Jalr => a.wrapping_add(imm) & !1,
            Class::Ecall if a == call::HALT => HALTED,
            _ => pc + 4,
        };
        match (class, a) {
            (Class::Ecall, call::HALT) => self.exit_code = b,
            (Class::Ecall, call::LOG) => {}
            (Class::Ecall, _) => {
                self.expected.add(name::ECALL, &[clock, a, b & 0xffff, b >> 16], 1);
            }
            _ => {}
        }
    }

    /// Rows of the trace: at least one is padding.
    pub(super) fn height(&self) -> usize {
        (self.steps.len() + 1).next_power_of_two()
    }

    /// The trace.
    pub(super) fn trace(&self, height: usize) -> (RowMajorMatrix<Val>, TableCounts) {
        let mut counts = TableCounts::default();
        let trace = generate(&self.program, &self.steps, self.pc, height, &mut counts);
        (trace, counts)
    }

    /// The public values of the trace.
    pub(super) fn public_values(&self) -> [Val; 4] {
        [BASE, self.pc, self.exit_code & 0xffff, self.exit_code >> 16].map(Val::from_u32)
    }
}

/// The message of the `program` bus for an instruction.
pub(super) fn message(row: &ProgramRow) -> Vec<u32> {
    let ProgramRow { pc, class, negate, uses_rs2, op, rd, rs1, rs2, imm } = *row;
    let flags = (1 << class as u32) + (u32::from(negate) << 14) + (u32::from(uses_rs2) << 15);
    vec![pc, flags, op, rd, rs1, rs2, imm & 0xffff, imm >> 16]
}

/// What an operation of the `instruction` bus results in, if there is one of this number.
pub(super) fn answer(op: u32, x: u32, b: u32) -> Option<u32> {
    let (signed_x, signed_b) = (i64::from(x as i32), i64::from(b as i32));
    let (wide_x, wide_b) = (i64::from(x), i64::from(b));
    Some(match op {
        alu::XOR => x ^ b,
        alu::OR => x | b,
        alu::AND => x & b,
        alu::SLL => x << (b & 31),
        alu::SRL => x >> (b & 31),
        alu::SRA => ((x as i32) >> (b & 31)) as u32,
        alu::SLT => u32::from(signed_x < signed_b),
        alu::MUL => x.wrapping_mul(b),
        alu::MULH => ((signed_x * signed_b) >> 32) as u32,
        alu::MULHSU => ((signed_x * wide_b) >> 32) as u32,
        alu::MULHU => ((u64::from(x) * u64::from(b)) >> 32) as u32,
        alu::DIV if b == 0 => u32::MAX,
        alu::DIV => (signed_x / signed_b) as u32,
        alu::DIVU if b == 0 => u32::MAX,
        alu::DIVU => (wide_x / wide_b) as u32,
        alu::REM | alu::REMU if b == 0 => x,
        alu::REM => (signed_x % signed_b) as u32,
        alu::REMU => (wide_x % wide_b) as u32,
        16.. => return answer_subword(op & !3, op & 3, x, b),
        _ => return None,
    })
}

fn answer_subword(op: u32, offset: u32, x: u32, b: u32) -> Option<u32> {
    let is_halfword = matches!(op, subword::LH | subword::LHU | subword::SH);
    let at = offset as usize;
    let (mut old, word) = (x.to_le_bytes(), b.to_le_bytes());
    if is_halfword && at % 2 == 1 {
        return None;
    }
    let half = |bytes: [u8; 4]| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    Some(match op {
        subword::LB => i32::from(word[at] as i8) as u32,
        subword::LBU => u32::from(word[at]),
        subword::LH => i32::from(half(word) as i16) as u32,
        subword::LHU => u32::from(half(word)),
        subword::SB => {
            old[at] = word[0];
            u32::from_le_bytes(old)
        }
        subword::SH => {
            old[at..at + 2].copy_from_slice(&word[..2]);
            u32::from_le_bytes(old)
        }
        _ => return None,
    })
}

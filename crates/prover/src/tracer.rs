//! Runs a segment again and records its events.

use ashlar_machine::bitwise::BitwiseEvent;
use ashlar_machine::bus::{SLOTS, slot};
use ashlar_machine::cpu::{Class, CpuStep, ProgramRow};
use ashlar_machine::div::DivEvent;
use ashlar_machine::less_than::LessThanEvent;
use ashlar_machine::mul::MulEvent;
use ashlar_machine::opcode::alu;
use ashlar_machine::shift::ShiftEvent;
use ashlar_machine::subword::SubwordEvent;
use ashlar_vm::{Access, CallStep, MEMORY_WORDS, Memory, Observer, State, Step};

use crate::calls;
use crate::events::Events;
use crate::mapped::MappedWords;
use crate::program::DISCARD;

/// Observes one segment.
pub(crate) struct Tracer<'a> {
    program: &'a [Option<ProgramRow>],
    text_base: u32,
    first_cycle: u64,
    /// Timestamp of the last access to each register; x0 to x31, then the one in place of x0.
    register_times: [u32; 33],
    /// Timestamp of the last access to each word of memory.
    times: MappedWords,
    /// What was last written to x0.
    discarded: u32,
    pub(crate) events: Events,
}

impl<'a> Tracer<'a> {
    pub(crate) fn new(
        program: &'a [Option<ProgramRow>],
        text_base: u32,
        first_cycle: u64,
        cycles: u64,
        discarded: u32,
    ) -> std::io::Result<Self> {
        let events = Events {
            cpu: Vec::with_capacity(cycles as usize),
            program: vec![0; program.len()],
            ..Events::default()
        };
        let times = MappedWords::zeroed(MEMORY_WORDS)?;
        Ok(Self { program, text_base, first_cycle, register_times: [0; 33], times, discarded, events })
    }

    /// What was last written to x0, and the timestamps of the last access to each register.
    pub(crate) const fn registers(&self) -> (u32, &[u32; 33]) {
        (self.discarded, &self.register_times)
    }

    /// Timestamps of the last accesses to these words of memory.
    pub(crate) fn times(&self, word: u32) -> [u32; 16] {
        core::array::from_fn(|i| self.times.get(word as usize + i))
    }

    fn clock(&self, state: &State<'_>) -> u32 {
        (state.cycle - self.first_cycle) as u32
    }

    /// Position of an instruction in the program's rows.
    fn position(&self, pc: u32) -> u32 {
        (pc - self.text_base) / 4
    }

    /// Notes an access to a register; the timestamp of the one before.
    pub(crate) fn touch_register(&mut self, register: u32, now: u32) -> u32 {
        core::mem::replace(&mut self.register_times[register as usize], now)
    }

    /// Notes an access to a word of memory; the timestamp of the one before.
    pub(crate) fn touch_word(&mut self, word: u32, now: u32) -> u32 {
        self.times.replace(word as usize, now)
    }

    /// Records the cycle: its three accesses and its operands.
    fn cycle(&mut self, state: &State<'_>, cycle: Cycle) {
        let position = self.position(state.pc);
        let Some(row) = self.program[position as usize] else {
            unreachable!("an instruction without a row was executed at {:#x}", state.pc)
        };
        let now = self.clock(state) * SLOTS;
        let mut last = [0; 3];
        last[0] = self.touch_register(row.rs1, now + slot::RS1);
        if row.uses_rs2 {
            last[1] = self.touch_register(row.rs2, now + slot::RS2);
        } else if row.class.is_load() {
            last[1] = self.touch_word(cycle.word, now + slot::RS2);
        }
        let mut previous = cycle.old;
        if row.class.is_store() {
            last[2] = self.touch_word(cycle.word, now + slot::WRITE);
        } else if row.class.writes() {
            last[2] = self.touch_register(row.rd, now + slot::WRITE);
            previous = match row.rd {
                DISCARD => core::mem::replace(&mut self.discarded, cycle.c),
                rd => state.registers[rd as usize],
            };
        }
        let Cycle { a, b, c, .. } = cycle;
        self.events.program[position as usize] += 1;
        self.events.cpu.push(CpuStep { instruction: position, a, b, c, previous, last });
        self.ask(&row, &Cycle { old: previous, ..cycle });
    }

    /// Records what the cycle asks of other tables.
    fn ask(&mut self, row: &ProgramRow, cycle: &Cycle) {
        let Cycle { a: x, b, old, offset, .. } = *cycle;
        let op = row.op;
        match row.class {
            Class::BranchLt => self.events.less_than.push(LessThanEvent { x, b }),
            Class::LoadSub | Class::StoreSub => {
                self.events.subword.push(SubwordEvent { op: op + offset, x: old, b });
            }
            Class::Alu => match op {
                alu::XOR | alu::OR | alu::AND => self.events.bitwise.push(BitwiseEvent { op, x, b }),
                alu::SLL | alu::SRL | alu::SRA => self.events.shift.push(ShiftEvent { op, x, b }),
                alu::SLT => self.events.less_than.push(LessThanEvent { x, b }),
                alu::MUL | alu::MULH | alu::MULHSU | alu::MULHU => {
                    self.events.mul.push(MulEvent { op, x, b });
                }
                _ => self.events.div.push(DivEvent { op, x, b }),
            },
            _ => {}
        }
    }
}

/// Operands of one cycle.
#[derive(Clone, Copy, Default)]
struct Cycle {
    a: u32,
    b: u32,
    c: u32,
    /// Word address of a load or a store.
    word: u32,
    /// What the word of a store held.
    old: u32,
    /// The two low bits of the address.
    offset: u32,
}

impl Observer for Tracer<'_> {
    #[inline]
    fn instruction(&mut self, state: &State<'_>, step: &Step) {
        let Step { a, b, result, .. } = *step;
        let mut cycle = Cycle { a, b, c: result, ..Cycle::default() };
        match step.access {
            Access::Load { address, word } => {
                (cycle.b, cycle.word, cycle.offset) = (word, address / 4, address % 4);
            }
            Access::Store { address, old, new } => {
                (cycle.c, cycle.word, cycle.old, cycle.offset) = (new, address / 4, old, address % 4);
            }
            Access::None => {}
        }
        if let Some(row) = self.program[self.position(state.pc) as usize] {
            // Before `negate`: what the condition says.
            cycle.c ^= u32::from(row.negate);
            if row.class == Class::BranchEq && !row.uses_rs2 {
                // `fence`: x0 = 0, always taken.
                (cycle.a, cycle.b, cycle.c) = (0, 0, 1);
            }
        }
        self.cycle(state, cycle);
    }

    fn call(&mut self, state: &State<'_>, step: &CallStep<'_>) {
        let [a, b] = [state.registers[17], state.registers[10]];
        self.cycle(state, Cycle { a, b, ..Cycle::default() });
        let clock = self.clock(state);
        calls::record(self, state.memory, clock, step);
    }
}

/// The words of a region as they are before the call.
pub(crate) fn words<const N: usize>(memory: &Memory, word: u32) -> [u32; N] {
    core::array::from_fn(|i| memory.word(word as usize + i).unwrap_or_default())
}

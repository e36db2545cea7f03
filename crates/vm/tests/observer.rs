//! What an observer is shown is what happens: a second machine made of nothing but the events ends in the same state.

mod common;

use std::collections::HashMap;

use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::{Access, Call, CallStep, Machine, Observer, Op, Options, Region, State, Step, run_observed};
use common::{DATA, TEXT, busy_hints, busy_program, halting};

/// Applies the effects of events to its own registers and memory, and checks each event against them first.
struct Shadow {
    registers: [u32; 32],
    memory: HashMap<u32, u32>,
    pc: u32,
    cycle: u64,
}

impl Shadow {
    fn new(machine: &Machine<'_>) -> Self {
        let state = machine.state();
        Self { registers: *state.registers, memory: HashMap::new(), pc: state.pc, cycle: 0 }
    }

    fn check(&self, state: &State<'_>) {
        assert_eq!((state.pc, state.cycle), (self.pc, self.cycle));
        assert_eq!(*state.registers, self.registers);
    }

    /// The word as last written; as the machine says where nothing was.
    fn word(&self, state: &State<'_>, address: u32) -> u32 {
        let now = state.memory.word(address as usize / 4).unwrap();
        self.memory.get(&(address / 4)).copied().unwrap_or(now)
    }
}

impl Observer for Shadow {
    fn instruction(&mut self, state: &State<'_>, step: &Step) {
        self.check(state);
        let instruction = step.instruction;
        assert_eq!(step.op, instruction.op());
        assert_eq!(step.a, self.registers[instruction.rs1() as usize]);
        match step.op {
            Op::Add | Op::Sub | Op::Xor | Op::Mul | Op::Remu | Op::Bne | Op::Sw | Op::Sb => {
                assert_eq!(step.b, self.registers[instruction.rs2() as usize]);
            }
            Op::Addi | Op::Andi | Op::Srli | Op::Lui | Op::Lw | Op::Lhu => {
                assert_eq!(step.b, instruction.immediate())
            }
            _ => {}
        }
        match step.access {
            Access::None => {}
            Access::Load { address, word } => assert_eq!(word, self.word(state, address)),
            Access::Store { address, old, new } => {
                assert_eq!(old, self.word(state, address));
                self.memory.insert(address / 4, new);
            }
        }
        if instruction.rd() != 0 {
            self.registers[instruction.rd() as usize] = step.result;
        }
        (self.pc, self.cycle) = (step.next_pc, self.cycle + 1);
    }

    fn call(&mut self, state: &State<'_>, step: &CallStep<'_>) {
        self.check(state);
        assert_eq!(step.arguments, self.registers[10..14]);
        assert_eq!(step.call.number(), self.registers[17]);
        assert_eq!(step.write.map_or(0, |region| region.words as usize), step.written.len());
        if let Some(region) = step.write {
            for (i, word) in step.written.iter().enumerate() {
                self.memory.insert(region.address / 4 + i as u32, *word);
            }
        }
        if step.call != Call::Halt {
            self.pc += 4;
        }
        self.cycle += 1;
    }
}

#[test]
fn events_alone_reproduce_the_run() {
    let (program, hints) = (busy_program(50), busy_hints(50));
    let mut machine = Machine::new(&program, &hints);
    let mut shadow = Shadow::new(&machine);
    machine.run_to_halt(&mut shadow, u64::MAX).unwrap();
    let state = machine.state();
    shadow.check(&state);
    assert!(shadow.memory.len() > 100);
    for (index, word) in &shadow.memory {
        assert_eq!(state.memory.word(*index as usize), Some(*word));
    }
}

/// What a call did: its reads, its write, the words for it.
type Effect = (Call, Vec<Region>, Option<Region>, Vec<u32>);

/// Keeps every event.
#[derive(Default)]
struct Recorder {
    steps: Vec<(u32, Step)>,
    calls: Vec<Effect>,
}

impl Observer for Recorder {
    fn instruction(&mut self, state: &State<'_>, step: &Step) {
        self.steps.push((state.pc, *step));
    }

    fn call(&mut self, _: &State<'_>, step: &CallStep<'_>) {
        self.calls.push((step.call, step.reads.to_vec(), step.write, step.written.to_vec()));
    }
}

fn recorded(asm: Assembler, hints: &[u32]) -> Recorder {
    let mut recorder = Recorder::default();
    run_observed(&halting(asm), hints, Options::default(), &mut recorder).unwrap();
    recorder
}

#[test]
fn stores_show_the_word_before_and_after() {
    let mut asm = Assembler::new();
    asm.li(reg::T0, DATA).li(reg::T1, 0x7ab).store(Op::Sw, reg::T1, reg::T0, 0).store(
        Op::Sb,
        reg::T1,
        reg::T0,
        2,
    );
    let steps = recorded(asm, &[]).steps;
    assert_eq!(steps[2].1.access, Access::Store { address: DATA, old: 0, new: 0x7ab });
    assert_eq!(steps[3].1.access, Access::Store { address: DATA + 2, old: 0x7ab, new: 0x00ab_07ab });
}

#[test]
fn branches_show_whether_they_are_taken_and_where_to() {
    let mut asm = Assembler::new();
    let end = asm.label();
    asm.branch(Op::Bne, 0, 0, end).branch(Op::Beq, 0, 0, end).word(0);
    asm.bind(end);
    let steps = recorded(asm, &[]).steps;
    assert_eq!((steps[0].1.result, steps[0].1.next_pc), (0, TEXT + 4));
    assert_eq!((steps[1].1.result, steps[1].1.next_pc), (1, TEXT + 12));
    assert_eq!(steps[2].0, TEXT + 12);
}

#[test]
fn results_for_x0_are_shown_though_not_written() {
    let mut asm = Assembler::new();
    asm.i(Op::Addi, 0, 0, 5).i(Op::Addi, reg::T0, 0, 0);
    let steps = recorded(asm, &[]).steps;
    assert_eq!((steps[0].1.result, steps[0].1.instruction.rd()), (5, 0));
    assert_eq!(steps[1].1.result, 0);
}

#[test]
fn calls_show_what_they_read_and_write() {
    let mut asm = Assembler::new();
    asm.call(1, &[DATA, 3]).call(18, &[DATA + 64, DATA, DATA + 32, DATA + 96]).call(2, &[DATA + 64]);
    asm.call(3, &[DATA, 3]).call(16, &[DATA]);
    let calls = recorded(asm, &[2, 0, 7]).calls;
    let region = |address, words| Region { address, words };
    assert_eq!(calls[0], (Call::Hint, vec![], Some(region(DATA, 3)), vec![2, 0, 7]));
    let operands = [DATA, DATA + 32, DATA + 96].map(|address| region(address, 8)).to_vec();
    assert_eq!(calls[1], (Call::Modmul256, operands, Some(region(DATA + 64, 8)), vec![0; 8]));
    assert_eq!(calls[2], (Call::Commit, vec![region(DATA + 64, 8)], None, vec![]));
    assert_eq!(calls[3], (Call::Log, vec![], None, vec![]));
    assert_eq!((calls[4].0, calls[4].2, calls[4].3.len()), (Call::KeccakF, Some(region(DATA, 50)), 50));
    assert_eq!(calls[5].0, Call::Halt);
}

#[test]
fn an_instruction_that_traps_is_not_shown() {
    let program = common::program(&[0x13, 0]);
    let mut recorder = Recorder::default();
    assert!(run_observed(&program, &[], Options::default(), &mut recorder).is_err());
    assert_eq!(recorder.steps.len(), 1);
}

#[test]
fn two_observers_see_the_same() {
    let program = busy_program(2);
    let mut pair = (Recorder::default(), Recorder::default());
    run_observed(&program, &busy_hints(2), Options::default(), &mut pair).unwrap();
    assert_eq!(pair.0.steps, pair.1.steps);
    assert_eq!(pair.0.calls, pair.1.calls);
}

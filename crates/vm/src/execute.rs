//! The loop that runs a program.

use crate::arithmetic::{compute, extract, insert, is_taken};
use crate::calls::Environment;
use crate::mapped::Mapped;
use crate::{
    Access, Instruction, Memory, Observer, Op, Program, RunError, State, Step, Text, Trap, TrapKind,
};

/// x0 to x31, then one that absorbs writes to x0. The rest is never touched: with 256 entries, a register number of 8
/// bits needs no bounds check.
pub(crate) type Registers = [u32; 256];

/// x0 to x31.
#[inline(always)]
pub(crate) const fn visible(registers: &Registers) -> &[u32; 32] {
    &registers.as_chunks().0[0]
}

/// Why [`Machine::run`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The cycle that was asked for is reached; the run can go on.
    Paused,
    /// The guest called `HALT`. Running on changes nothing.
    Halted {
        /// Its argument.
        code: u32,
    },
}

/// A program in execution.
pub struct Machine<'p> {
    program: &'p Program,
    pub(crate) registers: Box<Registers>,
    pub(crate) memory: Mapped<Memory>,
    pub(crate) environment: Environment<'p>,
    pub(crate) pc: u32,
    pub(crate) cycle: u64,
    halted: Option<u32>,
}

impl<'p> Machine<'p> {
    /// The machine before the first instruction.
    pub fn new(program: &'p Program, hints: &'p [u32]) -> Self {
        let mut registers = Box::new([0; 256]);
        registers[2] = ashlar_abi::memory::STACK_TOP;
        let mut memory = Mapped::<Memory>::zeroed();
        for chunk in program.image() {
            memory.load(chunk.address, &chunk.words);
        }
        let environment = Environment::new(hints);
        Self { program, registers, memory, environment, pc: program.entry(), cycle: 0, halted: None }
    }

    /// Runs until `HALT` or until `until` cycles are completed since the start, whichever is first.
    pub fn run<O: Observer>(&mut self, observer: &mut O, until: u64) -> Result<Status, Trap> {
        if let Some(code) = self.halted {
            return Ok(Status::Halted { code });
        }
        let text = self.program.text();
        // A run can only be resumed where it paused, and it pauses at most one past the last instruction, where the
        // table has its sentinel.
        let index = (self.pc.wrapping_sub(text.base()) / 4) as usize;
        let mut core = Core {
            text,
            instructions: text.instructions(),
            registers: &mut self.registers,
            memory: &mut self.memory,
            environment: &mut self.environment,
            observer,
            index: index.min(text.instructions().len() - 1),
            cycle: self.cycle,
        };
        let result = core.execute(until);
        (self.pc, self.cycle) = (core.pc(), core.cycle);
        match result {
            Ok(None) => Ok(Status::Paused),
            Ok(Some(code)) => {
                self.halted = Some(code);
                Ok(Status::Halted { code })
            }
            Err(kind) => Err(Trap {
                pc: self.pc,
                cycle: self.cycle,
                kind,
                function: self.program.symbols().name_at(self.pc),
            }),
        }
    }

    /// As [`Self::run`], but pausing is the error [`RunError::CycleLimit`]. Returns the exit code.
    pub fn run_to_halt<O: Observer>(&mut self, observer: &mut O, limit: u64) -> Result<u32, RunError> {
        match self.run(observer, limit)? {
            Status::Halted { code } => Ok(code),
            Status::Paused => {
                let function = self.program.symbols().name_at(self.pc);
                Err(RunError::CycleLimit { limit, pc: self.pc, function })
            }
        }
    }

    /// What was last written to x0, which reads as 0 all the same.
    pub fn discarded(&self) -> u32 {
        self.registers[32]
    }

    /// The machine between two instructions. After `HALT`, `pc` is that of the `ecall`, where the proof has
    /// [`ashlar_machine::cpu::HALTED`].
    pub fn state(&self) -> State<'_> {
        self.environment.state(self.cycle, self.pc, &self.registers, &self.memory)
    }
}

/// What the loop works on. Never borrowed as a whole by a function that is not inlined, so that `index` and `cycle`
/// stay in processor registers.
struct Core<'m, 'p, O> {
    text: &'p Text,
    instructions: &'p [Instruction],
    registers: &'m mut Registers,
    memory: &'m mut Memory,
    environment: &'m mut Environment<'p>,
    observer: &'m mut O,
    index: usize,
    cycle: u64,
}

/// One arm per operation, so that each is compiled for its own operation.
macro_rules! dispatch {
    ($core:ident, $instruction:ident, { $($handler:ident: $($op:ident)+;)+ } $($rest:tt)*) => {
        match $instruction.op() {
            $($(Op::$op => $core.$handler(Op::$op, $instruction)?,)+)+
            $($rest)*
        }
    };
}

impl<O: Observer> Core<'_, '_, O> {
    /// Runs to the given cycle (none) or to `HALT` (its exit code).
    fn execute(&mut self, until: u64) -> Result<Option<u32>, TrapKind> {
        while self.cycle < until {
            let instruction = &self.instructions[self.index];
            dispatch!(self, instruction, {
                register_register: Add Sub Sll Slt Sltu Xor Srl Sra Or And
                    Mul Mulh Mulhsu Mulhu Div Divu Rem Remu;
                register_immediate: Addi Slti Sltiu Xori Ori Andi Slli Srli Srai;
                constant: Lui Auipc;
                load: Lb Lh Lw Lbu Lhu;
                store: Sb Sh Sw;
                branch: Beq Bne Blt Bge Bltu Bgeu;
                jump_and_link: Jal;
                jump_and_link_register: Jalr;
                fence: Fence;
            }
                Op::Ecall => {
                    if let Some(code) = self.call()? {
                        self.cycle += 1;
                        return Ok(Some(code));
                    }
                }
                Op::Illegal => return Err(TrapKind::IllegalInstruction { word: instruction.immediate() }),
                Op::Outside => return Err(TrapKind::OutsideText),
            );
            self.cycle += 1;
        }
        Ok(None)
    }

    #[inline(always)]
    fn pc(&self) -> u32 {
        self.text.base().wrapping_add(self.index as u32 * 4)
    }

    #[inline(always)]
    fn a(&self, instruction: &Instruction) -> u32 {
        self.registers[instruction.rs1() as usize]
    }

    #[inline(always)]
    fn b(&self, instruction: &Instruction) -> u32 {
        self.registers[instruction.rs2() as usize]
    }

    /// Shows the step, then moves on to the next instruction.
    #[inline(always)]
    fn retire(&mut self, step: Step, next: usize) {
        let state = self.environment.state(self.cycle, self.pc(), self.registers, self.memory);
        self.observer.instruction(&state, &step);
        self.index = next;
    }

    /// The same for an instruction with a result, which is written.
    #[inline(always)]
    fn retire_with_result(&mut self, step: Step, next: usize) {
        self.retire(step, next);
        self.registers[step.instruction.destination() as usize] = step.result;
    }

    #[inline(always)]
    fn step(&self, op: Op, instruction: &Instruction, a: u32, b: u32, result: u32) -> Step {
        let next_pc = self.pc().wrapping_add(4);
        Step { op, instruction: *instruction, a, b, result, next_pc, access: Access::None }
    }

    #[inline(always)]
    fn register_register(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        let (a, b) = (self.a(instruction), self.b(instruction));
        self.retire_with_result(self.step(op, instruction, a, b, compute(op, a, b)), self.index + 1);
        Ok(())
    }

    #[inline(always)]
    fn register_immediate(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        let (a, b) = (self.a(instruction), instruction.immediate());
        self.retire_with_result(self.step(op, instruction, a, b, compute(op, a, b)), self.index + 1);
        Ok(())
    }

    #[inline(always)]
    fn constant(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        let value = instruction.immediate();
        self.retire_with_result(self.step(op, instruction, 0, value, value), self.index + 1);
        Ok(())
    }

    #[inline(always)]
    fn fence(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        self.retire(self.step(op, instruction, 0, 0, 0), self.index + 1);
        Ok(())
    }

    #[inline(always)]
    fn load(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        let (a, b) = (self.a(instruction), instruction.immediate());
        let address = a.wrapping_add(b);
        let index = word_index(op, address).ok_or_else(|| load_fault(address))?;
        let word = self.memory.get(index);
        let mut step = self.step(op, instruction, a, b, extract(op, word, address));
        step.access = Access::Load { address, word };
        self.retire_with_result(step, self.index + 1);
        Ok(())
    }

    #[inline(always)]
    fn store(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        let (a, b) = (self.a(instruction), self.b(instruction));
        let address = a.wrapping_add(instruction.immediate());
        let index = word_index(op, address)
            .filter(|index| Memory::is_writable(*index))
            .ok_or_else(|| store_fault(op, address))?;
        let old = self.memory.get(index);
        let new = insert(op, old, address, b);
        let mut step = self.step(op, instruction, a, b, 0);
        step.access = Access::Store { address, old, new };
        self.retire(step, self.index + 1);
        self.memory.set(index, new);
        Ok(())
    }

    #[inline(always)]
    fn branch(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        let (a, b) = (self.a(instruction), self.b(instruction));
        let taken = is_taken(op, a, b);
        let mut step = self.step(op, instruction, a, b, taken as u32);
        let mut next = self.index + 1;
        if taken {
            step.next_pc = instruction.immediate();
            next = self.target(step.next_pc)?;
        }
        self.retire(step, next);
        Ok(())
    }

    #[inline(always)]
    fn jump_and_link(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        let target = instruction.immediate();
        let next = self.target(target)?;
        let mut step = self.step(op, instruction, 0, target, self.pc().wrapping_add(4));
        step.next_pc = target;
        self.retire_with_result(step, next);
        Ok(())
    }

    #[inline(always)]
    fn jump_and_link_register(&mut self, op: Op, instruction: &Instruction) -> Result<(), TrapKind> {
        let (a, b) = (self.a(instruction), instruction.immediate());
        let target = a.wrapping_add(b) & !1;
        let next = self.target(target)?;
        let mut step = self.step(op, instruction, a, b, self.pc().wrapping_add(4));
        step.next_pc = target;
        self.retire_with_result(step, next);
        Ok(())
    }

    /// Index of the instruction at a jump's target.
    #[inline(always)]
    fn target(&self, target: u32) -> Result<usize, TrapKind> {
        self.text.index(target).ok_or_else(|| jump_fault(target))
    }

    #[inline(always)]
    fn call(&mut self) -> Result<Option<u32>, TrapKind> {
        let (cycle, pc) = (self.cycle, self.pc());
        let code = self.environment.call(cycle, pc, self.registers, self.memory, self.observer)?;
        if code.is_none() {
            self.index += 1;
        }
        Ok(code)
    }
}

/// Index of the word that a load or a store works on; none if the address is misaligned or outside.
#[inline(always)]
fn word_index(op: Op, address: u32) -> Option<usize> {
    match op {
        Op::Lb | Op::Lbu | Op::Sb => Memory::byte_index(address),
        Op::Lh | Op::Lhu | Op::Sh => Memory::half_index(address),
        _ => Memory::aligned_index(address),
    }
}

#[cold]
fn load_fault(address: u32) -> TrapKind {
    match Memory::byte_index(address) {
        None => TrapKind::LoadOutside { address },
        Some(_) => TrapKind::LoadMisaligned { address },
    }
}

#[cold]
fn store_fault(op: Op, address: u32) -> TrapKind {
    match (Memory::byte_index(address), word_index(op, address)) {
        (None, _) => TrapKind::StoreOutside { address },
        (Some(_), None) => TrapKind::StoreMisaligned { address },
        (Some(_), Some(_)) => TrapKind::StoreReadOnly { address },
    }
}

#[cold]
fn jump_fault(target: u32) -> TrapKind {
    if target.is_multiple_of(4) {
        TrapKind::JumpOutsideText { target }
    } else {
        TrapKind::JumpMisaligned { target }
    }
}

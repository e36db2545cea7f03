//! Straight-line programs over the extension field.

use std::collections::HashMap;

use ashlar_machine::Val;
use ashlar_verifier::config::Challenge;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use thiserror::Error;

/// What an instruction does with its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// a + b.
    Add = 0,
    /// a - b.
    Subtract = 1,
    /// a b + c.
    Multiply = 2,
    /// a b + c, where b is a constant.
    Scale = 3,
}

/// Appends one value, which it makes of values before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// What it does.
    pub operation: Operation,
    /// Position of the first operand.
    pub a: usize,
    /// Position of the second.
    pub b: usize,
    /// Position of the third, if there is one, or else 0.
    pub c: usize,
}

/// A program: values are its constants, then its inputs, then one per instruction. The last one is its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Elements of the base field.
    pub constants: Vec<Val>,
    /// Inputs.
    pub inputs: usize,
    /// What is computed.
    pub instructions: Vec<Instruction>,
}

/// A program has more values than positions are encoded for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a program of {values} values")]
pub struct TooLong {
    /// How many it has.
    pub values: usize,
}

/// Bits of a position in an encoded instruction.
const POSITION_BITS: usize = 12;

/// Bytes of an encoded instruction.
const INSTRUCTION_BYTES: usize = 5;

impl Program {
    /// The result. Panics on too few inputs, and on positions that do not exist.
    pub fn run(&self, inputs: &[Challenge]) -> Challenge {
        assert_eq!(inputs.len(), self.inputs);
        let mut values: Vec<Challenge> = self.constants.iter().map(|constant| (*constant).into()).collect();
        values.extend(inputs);
        for Instruction { operation, a, b, c } in &self.instructions {
            let [a, b, c] = [a, b, c].map(|position| values[*position]);
            values.push(match operation {
                Operation::Add => a + b,
                Operation::Subtract => a - b,
                Operation::Multiply | Operation::Scale => a * b + c,
            });
        }
        values.last().copied().unwrap_or_default()
    }

    /// The bytes that `contracts/src/libraries/Program.sol` runs.
    pub fn encode(&self) -> Result<Vec<u8>, TooLong> {
        let values = self.constants.len() + self.inputs + self.instructions.len();
        if values > 1 << POSITION_BITS {
            return Err(TooLong { values });
        }
        // No more than there are values.
        let mut bytes = (self.constants.len() as u16).to_be_bytes().to_vec();
        bytes.extend(self.constants.iter().flat_map(|constant| constant.as_canonical_u32().to_be_bytes()));
        for Instruction { operation, a, b, c } in &self.instructions {
            let positions = [a, b, c];
            let word = positions
                .iter()
                .fold(*operation as u64, |word, position| word << POSITION_BITS | **position as u64);
            bytes.extend(&word.to_be_bytes()[8 - INSTRUCTION_BYTES..]);
        }
        Ok(bytes)
    }
}

/// A value of a program that is being put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Known already.
    Constant(Val),
    /// Of the inputs.
    Input(usize),
    /// Made by an instruction.
    Result(usize),
}

/// Puts a program together: nothing is computed twice, or at all if it is known.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    steps: Vec<(Operation, Value, Value)>,
    known: HashMap<(Operation, Value, Value), Value>,
}

impl Assembler {
    /// a + b.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        match (a, b) {
            (Value::Constant(a), Value::Constant(b)) => Value::Constant(a + b),
            (Value::Constant(Val::ZERO), other) | (other, Value::Constant(Val::ZERO)) => other,
            _ => self.step(Operation::Add, a, b),
        }
    }

    /// a - b.
    pub fn subtract(&mut self, a: Value, b: Value) -> Value {
        match (a, b) {
            (Value::Constant(a), Value::Constant(b)) => Value::Constant(a - b),
            (_, Value::Constant(Val::ZERO)) => a,
            _ => self.step(Operation::Subtract, a, b),
        }
    }

    /// a b.
    pub fn multiply(&mut self, a: Value, b: Value) -> Value {
        match (a, b) {
            (Value::Constant(a), Value::Constant(b)) => Value::Constant(a * b),
            (Value::Constant(Val::ZERO), _) | (_, Value::Constant(Val::ZERO)) => Value::Constant(Val::ZERO),
            (Value::Constant(Val::ONE), other) | (other, Value::Constant(Val::ONE)) => other,
            (other, Value::Constant(Val::NEG_ONE)) | (Value::Constant(Val::NEG_ONE), other) => {
                self.subtract(Value::Constant(Val::ZERO), other)
            }
            (other, constant @ Value::Constant(_)) | (constant @ Value::Constant(_), other) => {
                self.step(Operation::Scale, other, constant)
            }
            _ => self.step(Operation::Multiply, a, b),
        }
    }

    fn step(&mut self, operation: Operation, a: Value, b: Value) -> Value {
        if let Some(known) = self.known.get(&(operation, a, b)) {
            return *known;
        }
        let value = Value::Result(self.steps.len());
        self.steps.push((operation, a, b));
        self.known.insert((operation, a, b), value);
        if matches!(operation, Operation::Add | Operation::Multiply) {
            self.known.insert((operation, b, a), value);
        }
        value
    }

    /// The program with this result. What the result does not depend on is left out; a product that is only added to
    /// something is one instruction with the sum. Panics if nothing is computed.
    pub fn finish(self, inputs: usize, result: Value) -> Program {
        let Value::Result(last) = result else { panic!("a program without instructions") };
        let uses = self.uses(last);
        let mut steps = Vec::new();
        let mut is_fused = vec![false; last + 1];
        for i in (0..=last).rev().filter(|i| uses[*i] > 0) {
            let (operation, a, b) = self.steps[i];
            if is_fused[i] {
                continue;
            }
            let zero = Value::Constant(Val::ZERO);
            let product = |value| match value {
                Value::Result(step) if uses[step] == 1 => match self.steps[step] {
                    (Operation::Multiply | Operation::Scale, _, _) => Some(step),
                    _ => None,
                },
                _ => None,
            };
            let fused = match operation {
                Operation::Add => {
                    product(a).map(|step| (step, b)).or_else(|| product(b).map(|step| (step, a)))
                }
                _ => None,
            };
            match fused {
                Some((step, c)) => {
                    is_fused[step] = true;
                    let (operation, a, b) = self.steps[step];
                    steps.push((i, operation, [a, b, c]));
                }
                None => steps.push((i, operation, [a, b, zero])),
            }
        }
        steps.reverse();
        lower(inputs, steps)
    }

    /// How often each step up to the last one is used, the last one once.
    fn uses(&self, last: usize) -> Vec<usize> {
        let mut uses = vec![0; last + 1];
        uses[last] = 1;
        for i in (0..=last).rev() {
            let (_, a, b) = self.steps[i];
            for operand in [a, b] {
                if let (true, Value::Result(operand)) = (uses[i] > 0, operand) {
                    uses[operand] += 1;
                }
            }
        }
        uses
    }
}

/// Numbers constants and steps.
fn lower(inputs: usize, steps: Vec<(usize, Operation, [Value; 3])>) -> Program {
    // Zero comes first: it is at position 0, as the third operand of instructions without one.
    let mut constants = vec![Val::ZERO];
    let mut numbers = HashMap::from([(Val::ZERO, 0)]);
    for operand in steps.iter().flat_map(|(_, _, operands)| operands) {
        if let Value::Constant(constant) = operand {
            numbers.entry(*constant).or_insert_with(|| {
                constants.push(*constant);
                constants.len() - 1
            });
        }
    }
    let mut places = HashMap::new();
    let mut instructions = Vec::with_capacity(steps.len());
    for (i, operation, operands) in steps {
        let [a, b, c] = operands.map(|value| match value {
            Value::Constant(constant) => numbers[&constant],
            Value::Input(input) => constants.len() + input,
            Value::Result(step) => constants.len() + inputs + places[&step],
        });
        places.insert(i, instructions.len());
        instructions.push(Instruction { operation, a, b, c });
    }
    Program { constants, inputs, instructions }
}

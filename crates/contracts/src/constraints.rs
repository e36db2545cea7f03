//! The constraints of a table as a program.

use std::collections::HashMap;
use std::sync::Arc;

use ashlar_machine::Val;
use ashlar_verifier::config::Challenge;
use ashlar_verifier::last::{FinalShape, LastTable, Tree};
use p3_air::symbolic::{AirLayout, BaseEntry, BaseLeaf, SymbolicExpr, SymbolicExpression};
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_lookup::{InteractionSymbolicBuilder, Lookup, Lookups};
use thiserror::Error;

use crate::program::{Assembler, Program, Value};

/// Inputs of a program beside the opened values, in this order behind them.
pub const INPUTS: usize = 10;

/// Positions of those inputs.
#[derive(Clone, Copy)]
enum Input {
    Terminal,
    LookupAlpha,
    LookupBeta,
    Alpha,
    /// zeta to the number of rows.
    Power,
    /// zeta to the number of periods.
    PeriodPower,
    IsFirstRow,
    IsLastRow,
    IsTransition,
    /// The element X, which is no constant of a program.
    X,
}

/// The constraints use something that final proofs do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("constraints with public values")]
pub struct UnsupportedConstraints;

/// The program whose result is zero if the constraints hold: all constraints at the out-of-domain point, folded as the
/// native verifier does, less the quotient times what vanishes on the table's domain.
pub fn constraint_program<A: LastTable>(
    air: &A,
    shape: &FinalShape,
) -> Result<Program, UnsupportedConstraints> {
    let mut compiler = Compiler::new(air, shape);
    let mut builder = InteractionSymbolicBuilder::<Val, Challenge>::new(AirLayout::from_air(air));
    air.eval(&mut builder);
    let mut sum = Value::Constant(Val::ZERO);
    for constraint in builder.base_constraints() {
        let constraint = compiler.compile(&constraint)?;
        sum = compiler.fold(sum, constraint);
    }
    let messages = Lookups::<Val>::from_air::<Challenge, A>(air);
    let sum = compiler.messages(&messages, sum)?;
    let quotient = compiler.quotient();
    let power = compiler.input(Input::Power);
    let vanishing = compiler.assembler.subtract(power, Value::Constant(Val::ONE));
    let product = compiler.assembler.multiply(quotient, vanishing);
    let result = compiler.assembler.subtract(sum, product);
    Ok(compiler.assembler.finish(opened(shape) + INPUTS, result))
}

/// Opened values.
fn opened(shape: &FinalShape) -> usize {
    let width = |tree| shape.row_width(tree);
    2 * width(Tree::Main) + width(Tree::Quotient) + width(Tree::Fixed) + 2 * width(Tree::Auxiliary)
}

struct Compiler<'a> {
    assembler: Assembler,
    shape: &'a FinalShape,
    /// Periodic columns.
    periodic: Vec<Value>,
    /// Expressions that are compiled already, by address; they are kept, so that no other one gets it.
    compiled: HashMap<*const SymbolicExpression<Val>, (Arc<SymbolicExpression<Val>>, Value)>,
}

impl<'a> Compiler<'a> {
    fn new<A: LastTable>(air: &A, shape: &'a FinalShape) -> Self {
        let mut compiler =
            Self { assembler: Assembler::default(), shape, periodic: Vec::new(), compiled: HashMap::new() };
        compiler.periodic = compiler.periodic_columns(&air.periodic_columns());
        compiler
    }

    fn input(&self, input: Input) -> Value {
        Value::Input(opened(self.shape) + input as usize)
    }

    /// The opened values of a tree; those at the next point are behind the others of the table, and last of messages.
    fn opened_of(&self, tree: Tree, is_next: bool) -> Vec<Value> {
        let width = |tree| self.shape.row_width(tree);
        let (main, quotient, fixed) = (width(Tree::Main), width(Tree::Quotient), width(Tree::Fixed));
        let start = match tree {
            Tree::Main => 0,
            Tree::Quotient => 2 * main,
            Tree::Fixed => 2 * main + quotient,
            Tree::Auxiliary | Tree::Round(_) => 2 * main + quotient + fixed,
        };
        let start = start + if is_next { width(tree) } else { 0 };
        (start..start + width(tree)).map(Value::Input).collect()
    }

    /// Periodic columns by Lagrange: with y = zeta to the number of periods and w the root of unity of the period's order,
    /// the polynomial that is 1 on row j of a period and 0 on the others is the sum of w^(-jk) y^k, over the period. Most
    /// columns are zero on most rows.
    fn periodic_columns(&mut self, columns: &[Vec<Val>]) -> Vec<Value> {
        let Some(period) = columns.iter().map(Vec::len).max() else { return Vec::new() };
        let root = Val::two_adic_generator(period.trailing_zeros() as usize).inverse();
        let scale = Val::from_usize(period).inverse();
        let y = self.input(Input::PeriodPower);
        let mut powers = vec![Value::Constant(Val::ONE)];
        for _ in 1..period {
            let last = powers[powers.len() - 1];
            powers.push(self.assembler.multiply(last, y));
        }
        let rows: Vec<Value> = (0..period)
            .map(|j| {
                let factors = root.exp_u64(j as u64).shifted_powers(scale);
                self.combine(factors.take(period), &powers)
            })
            .collect();
        columns
            .iter()
            .map(|column| self.combine(column.iter().copied().cycle().take(period), &rows))
            .collect()
    }

    /// The sum of values times constants. Values with the same constant are added up first.
    fn combine(&mut self, factors: impl Iterator<Item = Val>, values: &[Value]) -> Value {
        let mut groups: Vec<(Val, Value)> = Vec::new();
        for (factor, value) in factors.zip(values) {
            match groups.iter_mut().find(|(known, _)| *known == factor) {
                Some((_, sum)) => *sum = self.assembler.add(*sum, *value),
                None => groups.push((factor, *value)),
            }
        }
        let mut sum = Value::Constant(Val::ZERO);
        for (factor, value) in groups {
            let term = self.assembler.multiply(value, Value::Constant(factor));
            sum = self.assembler.add(sum, term);
        }
        sum
    }

    fn fold(&mut self, sum: Value, constraint: Value) -> Value {
        let alpha = self.input(Input::Alpha);
        let shifted = self.assembler.multiply(sum, alpha);
        self.assembler.add(shifted, constraint)
    }

    fn compile(&mut self, expression: &SymbolicExpression<Val>) -> Result<Value, UnsupportedConstraints> {
        Ok(match expression {
            SymbolicExpr::Leaf(leaf) => self.leaf(leaf)?,
            SymbolicExpr::Add { x, y, .. } => {
                let (x, y) = (self.compile_shared(x)?, self.compile_shared(y)?);
                self.assembler.add(x, y)
            }
            SymbolicExpr::Sub { x, y, .. } => {
                let (x, y) = (self.compile_shared(x)?, self.compile_shared(y)?);
                self.assembler.subtract(x, y)
            }
            SymbolicExpr::Neg { x, .. } => {
                let x = self.compile_shared(x)?;
                self.assembler.subtract(Value::Constant(Val::ZERO), x)
            }
            SymbolicExpr::Mul { x, y, .. } => {
                let (x, y) = (self.compile_shared(x)?, self.compile_shared(y)?);
                self.assembler.multiply(x, y)
            }
        })
    }

    fn compile_shared(
        &mut self,
        expression: &Arc<SymbolicExpression<Val>>,
    ) -> Result<Value, UnsupportedConstraints> {
        let address = Arc::as_ptr(expression);
        if let Some((_, value)) = self.compiled.get(&address) {
            return Ok(*value);
        }
        let value = self.compile(expression)?;
        self.compiled.insert(address, (expression.clone(), value));
        Ok(value)
    }

    fn leaf(&self, leaf: &BaseLeaf<Val>) -> Result<Value, UnsupportedConstraints> {
        Ok(match leaf {
            BaseLeaf::IsFirstRow => self.input(Input::IsFirstRow),
            BaseLeaf::IsLastRow => self.input(Input::IsLastRow),
            BaseLeaf::IsTransition => self.input(Input::IsTransition),
            BaseLeaf::Constant(constant) => Value::Constant(*constant),
            BaseLeaf::Variable(variable) => match variable.entry {
                BaseEntry::Main { offset } => self.opened_of(Tree::Main, offset == 1)[variable.index],
                // The next row of fixed columns is not opened; a shape has none that is looked at.
                BaseEntry::Preprocessed { .. } => self.opened_of(Tree::Fixed, false)[variable.index],
                BaseEntry::Periodic => self.periodic[variable.index],
                BaseEntry::Public => return Err(UnsupportedConstraints),
            },
        })
    }

    /// Folds one constraint per column of messages, then three of the sum of messages.
    fn messages(&mut self, messages: &[Lookup<Val>], sum: Value) -> Result<Value, UnsupportedConstraints> {
        let one = Value::Constant(Val::ONE);
        let zero = Value::Constant(Val::ZERO);
        let mut fractions = vec![(zero, one); self.shape.fractions];
        for (message, column) in messages.iter().zip(&self.shape.messages) {
            let denominator = self.denominator(&message.elements[0], self.shape.buses[*column])?;
            let count = self.compile(&message.multiplicities[0])?;
            let (numerator, product) = fractions[*column];
            let left = self.assembler.multiply(numerator, denominator);
            let right = self.assembler.multiply(product, count);
            fractions[*column] =
                (self.assembler.add(left, right), self.assembler.multiply(product, denominator));
        }
        let local = self.recompose(&self.opened_of(Tree::Auxiliary, false));
        let next = self.recompose(&self.opened_of(Tree::Auxiliary, true)[..4]);
        let (before, after) = (local[0], next[0]);
        let mut sum = sum;
        let mut row = zero;
        for ((numerator, denominator), value) in fractions.into_iter().zip(&local[1..]) {
            let product = self.assembler.multiply(denominator, *value);
            let difference = self.assembler.subtract(product, numerator);
            sum = self.fold(sum, difference);
            row = self.assembler.add(row, *value);
        }
        let with_row = self.assembler.add(before, row);
        let step = self.assembler.subtract(after, with_row);
        let end = self.assembler.subtract(self.input(Input::Terminal), with_row);
        for (selector, value) in
            [(Input::IsFirstRow, before), (Input::IsTransition, step), (Input::IsLastRow, end)]
        {
            let selected = self.assembler.multiply(self.input(selector), value);
            sum = self.fold(sum, selected);
        }
        Ok(sum)
    }

    /// alpha + (bus + 1) beta^width - the message by Horner.
    fn denominator(
        &mut self,
        elements: &[SymbolicExpression<Val>],
        bus: usize,
    ) -> Result<Value, UnsupportedConstraints> {
        let beta = self.input(Input::LookupBeta);
        let mut offset = Value::Constant(Val::ONE);
        for _ in 0..self.shape.message_width {
            offset = self.assembler.multiply(offset, beta);
        }
        let offset = self.assembler.multiply(offset, Value::Constant(Val::from_usize(bus + 1)));
        let prefix = self.assembler.add(self.input(Input::LookupAlpha), offset);
        let mut message = Value::Constant(Val::ZERO);
        for element in elements {
            let shifted = self.assembler.multiply(message, beta);
            let element = self.compile(element)?;
            message = self.assembler.add(shifted, element);
        }
        Ok(self.assembler.subtract(prefix, message))
    }

    /// Columns over the extension field of their coefficients: v0 + X (v1 + X (v2 + X v3)).
    fn recompose(&mut self, coefficients: &[Value]) -> Vec<Value> {
        let x = self.input(Input::X);
        coefficients
            .chunks(4)
            .map(|column| {
                let mut sum = column[3];
                for coefficient in column[..3].iter().rev() {
                    let shifted = self.assembler.multiply(sum, x);
                    sum = self.assembler.add(shifted, *coefficient);
                }
                sum
            })
            .collect()
    }

    /// The quotient at zeta of its pieces, as the native verifier computes it.
    fn quotient(&mut self) -> Value {
        let shift = Val::GENERATOR.exp_power_of_2(self.shape.log_rows).inverse();
        let y = self.assembler.multiply(self.input(Input::Power), Value::Constant(shift));
        let pieces = self.recompose(&self.opened_of(Tree::Quotient, false));
        let root = Val::two_adic_generator(self.shape.log_pieces).inverse();
        let scale = Val::from_usize(pieces.len()).inverse();
        let mut sum = Value::Constant(Val::ZERO);
        for k in (0..pieces.len()).rev() {
            let factors = root.exp_u64(k as u64).powers();
            let coefficient = self.combine(factors.take(pieces.len()), &pieces);
            let shifted = self.assembler.multiply(sum, y);
            sum = self.assembler.add(shifted, coefficient);
        }
        self.assembler.multiply(sum, Value::Constant(scale))
    }
}

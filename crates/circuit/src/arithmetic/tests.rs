use alloc::sync::Arc;

use ashlar_machine::evaluate::Balance;
use p3_air::BaseAir;
use p3_field::{Field, PrimeCharacteristicRing};

use super::*;
use crate::bus::name;
use crate::extension::element;
use crate::testing::{self, Instance, Random, val, wire};
use crate::{Challenge, CircuitAir, Val};

const READ: i32 = -1;

/// Operations of a table, and what they say on the bus.
struct Operations {
    per_row: usize,
    height: usize,
    fixed: Vec<OperationFixed<Val>>,
    constants: Vec<[Val; 2]>,
    values: Vec<Operation>,
    expected: Balance,
}

impl Operations {
    fn new(per_row: usize, height: usize) -> Self {
        Self {
            per_row,
            height,
            fixed: Vec::new(),
            constants: Vec::new(),
            values: Vec::new(),
            expected: Balance::default(),
        }
    }

    /// Adds an operation on the wires a, b, c, d, where those of a and d have these counts.
    fn add(&mut self, wires: [(u32, Challenge); 4], a_count: i32, d_count: i32) {
        let [a, b, c, d] = wires.map(|(address, _)| val(address));
        let counts = [a_count, d_count].map(Val::from_i32);
        self.fixed.push(OperationFixed { a, b, c, d, a_count: counts[0], d_count: counts[1] });
        self.values.push(wires.map(|(_, value)| value));
        for ((address, value), count) in wires.into_iter().zip([a_count, READ, READ, d_count]) {
            self.expected.add(name::WITNESS, &wire(address, value), count.into());
        }
    }

    fn fill_up(&mut self) {
        while self.values.len() < self.per_row * self.height {
            self.add([(0, Challenge::ZERO); 4], READ, READ);
        }
    }

    fn instance(&self) -> Instance {
        let fixed = fixed_matrix(&self.fixed, &self.constants, self.per_row, self.height);
        Instance {
            air: CircuitAir::Arithmetic(ArithmeticAir::new(self.per_row, Arc::new(fixed))),
            trace: trace(&self.values, self.per_row, self.height),
            public_values: Vec::new(),
        }
    }

    fn is_refused(&self) -> bool {
        !self.instance().report().failures.is_empty()
    }
}

const ZERO: (u32, Challenge) = (0, Challenge::ZERO);
const ONE: (u32, Challenge) = (1, Challenge::ONE);

/// Every use that the specification lists, one after the other.
fn every_use(per_row: usize) -> Operations {
    let mut random = Random(1);
    let mut table = Operations::new(per_row, 4);
    let [a, b, c] = [2, 3, 4].map(|address| (address, random.challenge()));
    // Constants: row by row, the first operation has them.
    table.add([ZERO, ZERO, ZERO, ONE], READ, 100);
    table.constants.push([Val::ONE, Val::ZERO]);
    // The zero wire.
    table.add([ZERO; 4], READ, 50);
    // Multiply and add.
    table.add([a, b, c, (5, a.1 * b.1 + c.1)], READ, 3);
    // An assertion.
    table.add([a, b, c, (5, a.1 * b.1 + c.1)], READ, READ);
    // An inverse.
    table.add([(6, b.1.inverse()), b, ZERO, ONE], 2, READ);
    while !table.values.len().is_multiple_of(per_row) {
        table.add([ZERO; 4], READ, READ);
    }
    // A constant outside the base field.
    table.constants.resize(table.values.len() / per_row, [Val::ZERO; 2]);
    table.constants.push([val(77), val(99)]);
    table.add([ZERO, ZERO, ZERO, (7, element(&[val(77), val(99), Val::ZERO, Val::ZERO]))], READ, 1);
    // Bits.
    for (address, bit) in [(8, Challenge::ZERO), (9, Challenge::ONE)] {
        let bit = (address, bit);
        table.add([bit, bit, ZERO, bit], 4, READ);
    }
    // A value from outside.
    let outside = (10, random.challenge());
    table.add([outside, ONE, ZERO, outside], 2, READ);
    table
}

#[test]
fn every_use_holds_and_says_what_is_expected() {
    for per_row in [3, 4, 5] {
        let mut table = every_use(per_row);
        let instance = table.instance();
        // Idle operations read the wire at address 0 four times.
        table.fill_up();
        assert_eq!(instance.balance(), table.expected);
    }
}

#[test]
fn every_column_matters() {
    let table = every_use(5);
    table.instance().assert_every_column_matters(&[]);
    let instance = table.instance();
    let fixed = instance.air.preprocessed_trace();
    for row in 0..4 {
        for column in 0..width(5) {
            assert!(instance.is_refused(fixed.as_ref(), row, column), "row {row} column {column}");
        }
    }
}

#[test]
fn refuses_a_wrong_result_in_each_coefficient() {
    for operation in 0..20 {
        for i in 0..4 {
            let mut table = every_use(5);
            table.fill_up();
            let change =
                Challenge::from(Val::ONE) * element(&core::array::from_fn(|j| Val::from_bool(i == j)));
            table.values[operation][3] += change;
            assert!(table.is_refused(), "operation {operation}, coefficient {i}");
        }
    }
}

#[test]
fn refuses_a_zero_wire_that_is_not_zero() {
    let mut random = Random(2);
    for value in [Challenge::ONE, Challenge::NEG_ONE, Challenge::TWO, random.challenge()] {
        let mut table = Operations::new(5, 1);
        table.add([(0, value); 4], READ, 23);
        assert!(table.is_refused());
    }
    let mut table = Operations::new(5, 1);
    table.add([ZERO; 4], READ, 3 + 4 * 4);
    assert!(table.instance().balance().is_zero());
}

#[test]
fn refuses_a_bit_that_is_not_a_bit() {
    let mut random = Random(3);
    for value in [Challenge::TWO, Challenge::NEG_ONE, random.challenge()] {
        let mut table = Operations::new(5, 1);
        let bit = (2, value);
        table.add([bit, bit, ZERO, bit], 2, READ);
        assert!(table.is_refused());
    }
}

#[test]
fn refuses_an_inverse_of_zero() {
    let mut random = Random(4);
    for claimed in [Challenge::ZERO, Challenge::ONE, random.challenge()] {
        let mut table = Operations::new(5, 1);
        table.add([(2, claimed), ZERO, ZERO, ONE], 1, READ);
        assert!(table.is_refused());
    }
}

#[test]
fn refuses_another_constant_than_the_fixed_one() {
    for k in 0..2 {
        let mut table = every_use(5);
        table.constants[1][k] += Val::ONE;
        assert!(table.is_refused());
    }
    // Only the first operation of a row has it.
    let mut table = Operations::new(2, 1);
    table.constants.push([Val::ONE, Val::ZERO]);
    table.add([ZERO, ZERO, ZERO, ONE], READ, 1);
    table.add([ZERO, ZERO, ZERO, ONE], READ, 1);
    assert!(table.is_refused());
}

/// Each operand's address, and the counts of the two that have one, decide what other tables see.
#[test]
fn addresses_and_counts_are_what_the_key_fixes() {
    let mut table = every_use(5);
    table.fill_up();
    let honest = table.instance();
    for field in 0..OperationFixed::WIDTH {
        let mut forged = Operations { fixed: table.fixed.clone(), ..every_use(5) };
        forged.values.clone_from(&table.values);
        let fixed = &mut forged.fixed[2];
        let fields =
            [&mut fixed.a, &mut fixed.b, &mut fixed.c, &mut fixed.d, &mut fixed.a_count, &mut fixed.d_count];
        for (i, x) in fields.into_iter().enumerate() {
            *x += Val::from_bool(i == field);
        }
        assert_ne!(forged.instance().balance(), honest.balance(), "field {field}");
    }
}

/// An operation that reads a wire with another value than its definition's leaves both on the bus.
#[test]
fn refuses_a_read_of_another_value() {
    let mut table = Operations::new(1, 8);
    let a = (2, Challenge::TWO);
    table.add([ZERO; 4], READ, 4);
    table.add([ZERO, ZERO, ZERO, ONE], READ, 2);
    table.constants.extend([[Val::ZERO; 2], [Val::ONE, Val::ZERO]]);
    table.add([a, ONE, ZERO, a], 2, READ);
    let forged = (2, Challenge::NEG_ONE);
    table.add([forged, ONE, ZERO, (3, forged.1)], READ, 0);
    let balance = table.instance().balance();
    let left = balance.on(name::WITNESS);
    assert_eq!((left[&wire(2, a.1)], left[&wire(2, forged.1)]), (1, -1));
}

#[test]
fn width_of_rows() {
    for (operations, expected) in [(3, (48, 20, 6 + 1)), (4, (64, 28, 8 + 1)), (5, (80, 32, 10 + 1))] {
        let air = CircuitAir::Arithmetic(ArithmeticAir::constraints(operations));
        assert_eq!(testing::shape(&air), expected);
    }
}

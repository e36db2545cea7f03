//! Operations of rows, whatever row of a block they are on.

use p3_field::{Field, PrimeCharacteristicRing};

use super::{READ, Table, ZERO};
use crate::bus::name;
use crate::extension::{coefficients, element};
use crate::narrow::BLOCK;
use crate::testing::{Random, wire};
use crate::{Challenge, Val};

/// A block with an operation on each row, on the wires 4 j + 1 to 4 j + 4; a is read, d defined.
fn operating() -> Table {
    let mut random = Random(1);
    let mut table = Table::default();
    table.block(random.vals());
    for j in 0..BLOCK {
        let [a, b, c] = [0; 3].map(|_| random.challenge());
        let constant = random.val();
        table.fixed[j].operates = Val::ONE;
        table.fixed[j].constant = constant;
        for (k, value) in [a, b, c, a * b + c + constant].into_iter().enumerate() {
            table.wire(j, k, (4 * j + k + 1) as u32, value, if k == 3 { 2 } else { READ });
        }
    }
    table
}

#[test]
fn operations_hold_and_say_what_is_expected() {
    let table = operating();
    let balance = table.instance().balance();
    let on = balance.on(name::WITNESS);
    assert_eq!(on.len(), 4 * BLOCK);
    for (j, operands) in table.operands.iter().enumerate() {
        for (k, value) in operands.iter().enumerate() {
            let count = if k == 3 { 2 } else { -1 };
            assert_eq!(on[&wire((4 * j + k + 1) as u32, *value)], count);
        }
    }
}

#[test]
fn refuses_a_wrong_result_in_each_coefficient() {
    for (j, i) in (0..BLOCK).flat_map(|j| (0..4).map(move |i| (j, i))) {
        let mut table = operating();
        let mut d = coefficients(table.operands[j][3]);
        d[i] += Val::ONE;
        table.operands[j][3] = element(&d);
        table.assert_refused_without(|fixed| fixed[j].operates = Val::ZERO);
    }
}

#[test]
fn refuses_another_constant() {
    let mut table = operating();
    table.operands[2][3] -= table.fixed[2].constant;
    table.assert_refused_without(|fixed| fixed[2].constant = Val::ZERO);
}

/// Whether the one operation d = a b + c holds on these wires.
fn holds(operands: [Challenge; 4]) -> bool {
    let mut table = Table::default();
    table.block([Val::ZERO; 16]);
    table.fixed[0].operates = Val::ONE;
    table.operands[0] = operands;
    table.instance().report().failures.is_empty()
}

#[test]
fn refuses_a_zero_wire_that_is_not_zero() {
    assert!(holds([ZERO; 4]));
    for value in [Challenge::ONE, Challenge::NEG_ONE, Challenge::TWO, Random(2).challenge()] {
        assert!(!holds([value; 4]));
    }
}

#[test]
fn refuses_a_bit_that_is_not_a_bit() {
    for value in [Challenge::ZERO, Challenge::ONE, Challenge::TWO, Challenge::NEG_ONE] {
        let is_bit = value * value == value;
        assert_eq!(holds([value, value, ZERO, value]), is_bit);
    }
}

#[test]
fn refuses_an_inverse_of_zero() {
    let value = Random(3).challenge();
    assert!(holds([value.inverse(), value, ZERO, Challenge::ONE]));
    assert!(!holds([value.inverse(), ZERO, ZERO, Challenge::ONE]));
}

#[test]
fn refuses_an_element_outside_the_base_field() {
    let mut table = Table::default();
    table.block([Val::ZERO; 16]);
    table.fixed[3].base = Val::ONE;
    table.operands[3][0] = Random(4).val().into();
    table.assert_holds();
    for i in 1..4 {
        let mut forged = table.clone();
        let mut a = coefficients(forged.operands[3][0]);
        a[i] = Val::ONE;
        forged.operands[3][0] = element(&a);
        forged.assert_refused_without(|fixed| fixed[3].base = Val::ZERO);
    }
}

#[test]
fn an_idle_row_says_nothing() {
    let mut table = operating();
    let honest = table.instance().balance();
    let row = table.block([Val::ZERO; 16]);
    table.operands[row + 2] = [Random(5).challenge(); 4];
    assert_eq!(table.instance().balance(), honest);
}

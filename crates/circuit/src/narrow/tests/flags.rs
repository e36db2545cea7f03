//! Each flag alone: what it allows, and that nothing else passes.

use p3_field::PrimeCharacteristicRing;

use super::{READ, Table, ZERO, first_half, permute, words};
use crate::extension::{coefficients, element};
use crate::narrow::{BLOCK, first, last};
use crate::testing::Random;
use crate::{Challenge, Val};

/// A block that absorbs at this offset.
fn absorbing(offset: usize) -> Table {
    let mut random = Random(offset as u64);
    let [a, b, c] = [0; 3].map(|_| random.challenge());
    let row = [coefficients(c), coefficients(a), coefficients(b)].concat();
    let mut input = random.vals::<16>();
    input[..8].copy_from_slice(&row[4 - offset..12 - offset]);
    let mut table = Table::default();
    let first = table.block(input);
    table.operands[first] = [a, b, c, ZERO];
    table.set(first, [first::ABSORBS[offset]]);
    table
}

#[test]
fn refuses_to_absorb_something_else() {
    for offset in 0..4 {
        absorbing(offset).assert_holds();
        for i in 0..8 {
            let mut table = absorbing(offset);
            table.inputs[0][i] += Val::ONE;
            table.assert_refused_by(0, first::ABSORBS[offset]);
        }
    }
}

/// What is not absorbed of the carry and of the last word is not looked at.
#[test]
fn absorbs_only_what_there_is_room_for() {
    for offset in 1..4 {
        for (operand, i) in (0..4 - offset).map(|i| (2, i)).chain((4 - offset..4).map(|i| (1, i))) {
            let mut table = absorbing(offset);
            let mut word = coefficients(table.operands[0][operand]);
            word[i] += Val::ONE;
            table.operands[0][operand] = element(&word);
            table.assert_holds();
        }
    }
}

#[test]
fn refuses_to_load_another_capacity() {
    let mut random = Random(3);
    let mut table = Table::default();
    let row = table.block(random.vals());
    let capacity: [Val; 8] = random.vals();
    table.inputs[0][8..].copy_from_slice(&capacity);
    let [a, b] = words(&capacity);
    table.operands[row + 1] = [a, b, ZERO, ZERO];
    table.set(row, [first::LOADS]);
    table.assert_holds();
    for i in 8..16 {
        let mut forged = table.clone();
        forged.inputs[0][i] += Val::ONE;
        forged.assert_refused_by(row, first::LOADS);
    }
}

/// A block whose data is summed; the first sum goes on from another.
fn summing(continues: bool) -> Table {
    let mut random = Random(4);
    let mut table = Table::default();
    let input = random.vals::<16>();
    let row = table.block(input);
    let z = random.challenge();
    let powers = [z, z * z, z * z * z, z * z * z * z];
    let before = random.challenge();
    let sum = |start: Challenge, data: &[Val]| data.iter().fold(start, |sum, f| sum * z + *f);
    let one = sum(before, &input[..4]);
    let two = sum(if continues { one } else { ZERO }, &input[4..8]);
    table.operands[row] = powers;
    table.operands[row + 1] = [before, one, two, ZERO];
    table.set(row, [first::SUMS]);
    if continues {
        table.set(row, [first::CONTINUES]);
    }
    table
}

#[test]
fn sums_are_polynomials() {
    for continues in [false, true] {
        summing(continues).assert_holds();
    }
}

#[test]
fn refuses_a_wrong_sum_in_each_coefficient() {
    for (operand, i) in (1..3).flat_map(|operand| (0..4).map(move |i| (operand, i))) {
        let mut table = summing(false);
        let mut sum = coefficients(table.operands[1][operand]);
        sum[i] += Val::ONE;
        table.operands[1][operand] = element(&sum);
        table.assert_refused_by(0, first::SUMS);
    }
}

#[test]
fn refuses_a_sum_of_other_data_or_powers() {
    for i in 0..8 {
        let mut table = summing(true);
        table.inputs[0][i] += Val::ONE;
        table.assert_refused_by(0, first::SUMS);
    }
    for k in 0..4 {
        let mut table = summing(true);
        table.operands[0][k] += Challenge::ONE;
        table.assert_refused_by(0, first::SUMS);
    }
}

#[test]
fn refuses_a_second_sum_that_forgets_the_first() {
    let mut table = summing(true);
    table.operands[1][2] = summing(false).operands[1][2];
    table.assert_refused_by(0, first::CONTINUES);
    let mut table = summing(false);
    table.operands[1][2] = summing(true).operands[1][2];
    table.assert_refused_by(0, first::SUMS);
}

/// Two blocks, of which the second is what the flags of the first say; the input of the second is free where they say
/// nothing.
fn followed(flags: &[usize], tag: u32) -> Table {
    let mut random = Random(5);
    let mut table = Table::default();
    table.block(random.vals());
    let output = table.output();
    let mut input: [Val; 16] = random.vals();
    for flag in flags {
        match *flag {
            flag if flag == last::RETAINS[0] => input[..4].copy_from_slice(&output[..4]),
            flag if flag == last::RETAINS[1] => input[4..8].copy_from_slice(&output[4..8]),
            last::BINDS => input[8..].fill(Val::ZERO),
            last::CHAINS => input[8..].copy_from_slice(&output[8..]),
            _ => {}
        }
    }
    input[8] += Val::from_u32(tag);
    let row = table.last_row();
    table.set(row, flags.iter().copied());
    table.fixed[row].flags[last::TAG] = Val::from_u32(tag);
    table.block(input);
    table
}

const ROW: usize = BLOCK - 1;

#[test]
fn refuses_a_capacity_that_is_not_zero() {
    followed(&[last::BINDS], 0).assert_holds();
    for i in 8..16 {
        let mut table = followed(&[last::BINDS], 0);
        table.inputs[1][i] += Val::ONE;
        table.assert_refused_by(ROW, last::BINDS);
    }
}

#[test]
fn refuses_a_sponge_that_forgets_its_state() {
    let flags = [last::BINDS, last::CHAINS];
    followed(&flags, 5).assert_holds();
    for i in 8..16 {
        let mut table = followed(&flags, 5);
        table.inputs[1][i] += Val::ONE;
        table.assert_refused_by(ROW, last::BINDS);
    }
    // All of it.
    let mut table = followed(&flags, 0);
    table.inputs[1][8..].fill(Val::ZERO);
    table.assert_refused_by(ROW, last::CHAINS);
}

#[test]
fn refuses_a_leaf_that_starts_with_the_state_before() {
    let mut table = followed(&[last::BINDS, last::CHAINS], 0);
    table.assert_holds();
    table.fixed[ROW].flags[last::CHAINS] = Val::ZERO;
    table.assert_refused_without(|fixed| fixed[ROW].flags[last::CHAINS] = Val::ONE);
}

#[test]
fn refuses_an_absorption_without_its_length() {
    let mut table = followed(&[last::BINDS, last::CHAINS], 7);
    table.inputs[1][8] -= Val::from_u32(7);
    table.assert_refused_by(ROW, last::TAG);
}

#[test]
fn refuses_elements_that_the_block_before_did_not_leave() {
    for (half, flag) in last::RETAINS.into_iter().enumerate() {
        followed(&[flag], 0).assert_holds();
        for i in 4 * half..4 * half + 4 {
            let mut table = followed(&[flag], 0);
            table.inputs[1][i] += Val::ONE;
            table.assert_refused_by(ROW, flag);
        }
    }
}

/// A step of a path: the output is the child of the next block that the bit says.
fn step(bit: bool) -> Table {
    let mut table = followed(&[], 0);
    let output = first_half(&permute(table.inputs[0]));
    let half = if bit { 8..16 } else { 0..8 };
    table.inputs[1][half].copy_from_slice(&output);
    table.operands[BLOCK][0] = Challenge::from_bool(bit);
    table.set(ROW, [last::PATH]);
    table
}

#[test]
fn refuses_a_step_from_another_child() {
    for bit in [false, true] {
        step(bit).assert_holds();
        for i in 0..8 {
            let mut table = step(bit);
            table.inputs[1][i + if bit { 8 } else { 0 }] += Val::ONE;
            table.assert_refused_by(ROW, last::PATH);
        }
        let mut table = step(bit);
        table.operands[BLOCK][0] = Challenge::from_bool(!bit);
        table.assert_refused_by(ROW, last::PATH);
    }
}

#[test]
fn refuses_to_hand_out_something_else() {
    let mut table = Table::default();
    table.block(Random(6).vals());
    let [a, b] = words(&first_half(&table.output()));
    table.wire(ROW, 0, 10, a, 1);
    table.wire(ROW, 1, 11, b, READ);
    table.set(ROW, [last::HANDS_OUT]);
    table.assert_holds();
    for i in 0..8 {
        let mut forged = table.clone();
        let mut word = coefficients(forged.operands[ROW][i / 4]);
        word[i % 4] += Val::ONE;
        forged.operands[ROW][i / 4] = element(&word);
        forged.assert_refused_by(ROW, last::HANDS_OUT);
    }
}

/// The block after the last is the first: a layout must not say anything about it.
#[test]
#[should_panic(expected = "the last row goes on in the first")]
fn a_layout_whose_last_row_goes_on_is_refused() {
    let mut table = followed(&[], 0);
    let row = table.last_row();
    table.set(row, [last::BINDS]);
    table.instance();
}

#[test]
#[should_panic(expected = "absorbs at two offsets")]
fn a_layout_with_two_offsets_is_refused() {
    let mut table = absorbing(0);
    table.set(0, [first::ABSORBS[1]]);
    table.instance();
}

#[test]
#[should_panic(expected = "uses its operands twice")]
fn a_layout_that_loads_and_sums_is_refused() {
    let mut table = summing(false);
    table.set(0, [first::LOADS]);
    table.instance();
}

#[test]
#[should_panic(expected = "has flags inside a block")]
fn a_layout_with_flags_inside_a_block_is_refused() {
    let mut table = summing(false);
    table.set(3, [first::LOADS]);
    table.instance();
}

//! Rows of the last circuit changed as no builder would: the audit names each.

use ashlar_circuit::Val;
use ashlar_circuit::narrow::{BLOCK, NarrowFixed, first, last};
use ashlar_verifier::last::WORDS;
use p3_field::PrimeCharacteristicRing;

use super::blocks::{self, Kind};
use super::{Rows, audit};
use crate::fixed::{number, signed};

/// The audit refuses the change, for this reason.
fn refused(reason: &str, change: impl FnOnce(&mut Rows)) {
    let mut rows = super::last().clone();
    change(&mut rows);
    match audit(&rows, WORDS) {
        Ok(_) => panic!("accepted: {reason}"),
        Err(found) => assert!(found.contains(reason), "expected {reason}, found {found}"),
    }
}

/// The first rows of the blocks that are such.
fn starts(is_such: impl Fn(Kind) -> bool) -> Vec<usize> {
    let blocks = blocks::audit(super::last()).expect("blocks");
    blocks.iter().filter(|block| is_such(block.kind)).map(|block| block.row).collect()
}

/// Leaves that are summed: their first blocks.
fn leaves() -> Vec<usize> {
    starts(|kind| matches!(kind, Kind::Leaf { starts: true, sums: true, .. }))
}

fn steps(ends: bool) -> Vec<usize> {
    starts(|kind| kind == Kind::Step { ends })
}

/// The first operation that is such.
fn operation(is_such: impl Fn(&NarrowFixed<Val>) -> bool) -> usize {
    let is_operation = |row: &NarrowFixed<Val>| row.operates == Val::ONE && is_such(row);
    super::last().iter().position(is_operation).expect("an operation")
}

/// How often the wire is read.
fn reads(address: Val) -> i64 {
    let counts = super::last().iter().flat_map(|row| row.address.into_iter().zip(row.count.map(signed)));
    counts.filter(|(other, count)| *other == address && *count > 0).map(|(_, count)| count).sum()
}

/// The definition counts a read less.
fn read_less(rows: &mut Rows, address: Val) {
    for (other, count) in rows.iter_mut().flat_map(|row| row.address.iter().zip(&mut row.count)) {
        if *other == address && signed(*count) > 0 {
            *count -= Val::ONE;
        }
    }
}

/// Two operands that are read exchange their wires, so that all counts stay.
fn exchange(rows: &mut Rows, [i, k]: [usize; 2], [j, l]: [usize; 2]) {
    assert_eq!([rows[i].count[k], rows[j].count[l]], [Val::NEG_ONE; 2]);
    let address = rows[i].address[k];
    rows[i].address[k] = rows[j].address[l];
    rows[j].address[l] = address;
}

#[test]
fn refuses_a_wire_that_two_rows_define_or_none() {
    let i =
        operation(|row| signed(row.count[3]) == 1 && signed(row.count[0]) == -1 && row.constant == Val::ZERO);
    refused("is counted", |rows| rows[i].count[3] += Val::ONE);
    refused("has 0 definitions", |rows| rows[i].count[3] = Val::NEG_ONE);
    refused("has counts", |rows| rows[i].count[1] -= Val::ONE);
    let other = operation(|row| signed(row.count[3]) == 2 && row.constant == Val::ZERO);
    refused("has 2 definitions", |rows| rows[other].address[3] = rows[i].address[3]);
}

#[test]
fn refuses_public_words_that_are_read_otherwise() {
    let read = |word: usize| operation(|row| number(row.address[3]) == word);
    let [fifth, sixth] = [5, 6].map(read);
    refused("public word at 5", |rows| rows[fifth].address[3] = Val::from_u8(6));
    refused("public word at 5", |rows| rows[fifth].count[3] = Val::ZERO);
    refused("public word at 5", |rows| rows[fifth].count[3] = Val::ONE);
    refused("has counts", |rows| rows[sixth].count[3] = -Val::TWO);
    // What it is equal to is anything.
    let product = operation(|row| signed(row.count[3]) == 1 && signed(row.count[0]) == -1);
    refused("", |rows| {
        let other = rows[product].address[0];
        rows[product].address[0] = rows[fifth].address[0];
        rows[fifth].address[0] = other;
    });
}

#[test]
fn refuses_wires_that_define_each_other() {
    let i = operation(|row| {
        signed(row.count[0]) == -1
            && signed(row.count[3]) > 1
            && number(row.address[0]) > WORDS
            && reads(row.address[0]) > 1
            && row.constant == Val::ZERO
    });
    refused("function of itself", |rows| {
        // x = x b + c has other solutions where b = 1; the reads are counted as before.
        let read = rows[i].address[0];
        rows[i].address[0] = rows[i].address[3];
        rows[i].count[3] += Val::ONE;
        read_less(rows, read);
    });
}

#[test]
fn refuses_a_constant_added_to_something() {
    let i = operation(|row| signed(row.count[3]) == 1 && number(row.address[0]) != 0);
    refused("adds a constant to something", |rows| rows[i].constant = Val::ONE);
    let idle = super::last().iter().position(|row| *row == NarrowFixed::default()).expect("an idle row");
    refused("adds a constant to nothing", |rows| rows[idle].constant = Val::ONE);
}

#[test]
fn refuses_leaves_that_are_bound_to_nothing() {
    let leaf = leaves()[0];
    let inner = leaf + BLOCK;
    refused("any input", |rows| rows[leaf - 1].flags[last::BINDS] = Val::ZERO);
    refused("any input", |rows| rows[leaf - 1].flags[last::RETAINS[0]] = Val::ONE);
    refused("a digest of nobody", |rows| rows[inner - 1].flags[last::CHAINS] = Val::ZERO);
    refused("any input", |rows| rows[inner - 1].flags[last::TAG] = Val::ONE);
    refused("counts", |rows| rows[inner - 1].flags[last::RETAINS[1]] = Val::ONE);
    refused("counts", |rows| rows[leaf].count[1] = Val::ZERO);
    refused("uses its operands twice", |rows| rows[leaf].flags[first::ABSORBS[0]] = Val::ONE);
    refused("uses its operands twice", |rows| rows[leaf + 1].operates = Val::ONE);
    refused("continues no sum", |rows| rows[leaf].flags[first::SUMS] = Val::ZERO);
}

#[test]
fn refuses_the_group_that_a_leaf_does_not_have() {
    let partial = starts(|kind| matches!(kind, Kind::Leaf { groups: 1, sums: true, .. }));
    let row = *partial.first().expect("a leaf with an odd number of groups");
    refused("counts", |rows| rows[row - 1].flags[last::RETAINS[1]] = Val::ZERO);
    refused("counts", |rows| rows[row].flags[first::CONTINUES] = Val::ONE);
}

#[test]
fn refuses_sums_of_other_leaves_and_powers() {
    let leaf = leaves()[0];
    let inner = leaf + BLOCK;
    refused("function of itself", |rows| exchange(rows, [leaf + 1, 0], [inner + 1, 0]));
    let next = leaves()[1];
    refused("adds to another leaf", |rows| exchange(rows, [next + 1, 0], [inner + 1, 0]));
    refused("other numbers than powers", |rows| exchange(rows, [leaf, 1], [leaf, 2]));
    refused("continues another sum", |rows| exchange(rows, [inner + 1, 0], [next + BLOCK + 1, 0]));
}

#[test]
fn refuses_paths_that_start_or_end_nowhere() {
    let [step, end] = [false, true].map(|ends| steps(ends)[0]);
    refused("a digest of nobody", |rows| rows[step - 1].flags[last::PATH] = Val::ZERO);
    refused("a step", |rows| rows[step + BLOCK - 1].flags[last::PATH] = Val::ZERO);
    refused("a step", |rows| rows[end + BLOCK - 1].flags[last::HANDS_OUT] = Val::ZERO);
    refused("counts", |rows| rows[end + BLOCK - 1].count[1] = Val::ZERO);
    refused("counts", |rows| rows[step].count[0] = Val::ZERO);
    refused("counts", |rows| rows[step + BLOCK - 1].flags[last::HANDS_OUT] = Val::ONE);
}

#[test]
fn refuses_sides_that_are_no_bits_or_of_another_query() {
    let [step, end] = [false, true].map(|ends| steps(ends)[0]);
    let square = operation(|row| {
        let [a, b, _, d] = row.address;
        a == b && d != a && row.constant == Val::ZERO
    });
    refused("its side is at most", |rows| exchange(rows, [step, 0], [square, 1]));
    refused("other sides", |rows| exchange(rows, [step, 0], [step + BLOCK, 0]));
    let other = steps(true)[1];
    refused("leaves of several trees", |rows| {
        for k in 0..2 {
            exchange(rows, [end + BLOCK - 1, k], [other + BLOCK - 1, k]);
        }
    });
    refused("lead to a root", |rows| exchange(rows, [end + BLOCK - 1, 0], [other + BLOCK - 1, 0]));
}

#[test]
fn refuses_absorptions_with_any_state() {
    let first_block = starts(|kind| matches!(kind, Kind::Absorb { loads: true, .. }))[0];
    let inner = starts(|kind| matches!(kind, Kind::Absorb { loads: false, .. }))[0];
    refused("any input", |rows| rows[first_block].flags[first::LOADS] = Val::ZERO);
    refused("has 0 definitions", |rows| rows[first_block + 1].count[1] = Val::ZERO);
    refused("binds nothing", |rows| rows[inner - 1].flags[last::BINDS] = Val::ZERO);
    refused("an absorption", |rows| rows[inner - 1].flags[last::TAG] = Val::from_u8(9));
    refused("absorbs twice", |rows| rows[inner].flags[..2].fill(Val::ONE));
    refused("", |rows| rows[inner].flags[..4].rotate_right(1));
    refused("", |rows| rows[inner].flags[..4].fill(Val::ZERO));
    let absorptions = starts(|kind| matches!(kind, Kind::Absorb { .. }));
    let is_read = |row: &&usize| {
        let NarrowFixed { address, count, .. } = super::last()[**row];
        signed(count[0]) == -1 && number(address[0]) != 0 && reads(address[0]) > 1
    };
    let row = *absorptions.iter().find(is_read).expect("a word that others read");
    refused("is not read", |rows| {
        rows[row].count[0] = Val::ZERO;
        let wire = rows[row].address[0];
        read_less(rows, wire);
    });
}

#[test]
fn refuses_flags_that_are_none_and_rows_that_have_none() {
    let leaf = leaves()[0];
    refused("no flag", |rows| rows[leaf].flags[first::SUMS] = Val::TWO);
    refused("flags inside a block", |rows| rows[leaf + 3].flags[first::SUMS] = Val::ONE);
    refused("columns that are zero", |rows| rows[leaf].free[1] = Val::ONE);
    refused("the last row goes on in the first", |rows| {
        if let Some(row) = rows.last_mut() {
            row.flags[last::BINDS] = Val::ONE;
        }
    });
    refused("no flag", |rows| rows[leaf + 5].operates = Val::TWO);
}

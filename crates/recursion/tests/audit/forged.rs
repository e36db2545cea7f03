//! Rows of a circuit changed as no builder would: the audit names each.

use std::sync::OnceLock;

use ashlar_circuit::Val;
use ashlar_recursion::circuits::build;
use ashlar_verifier::Circuit;
use p3_field::PrimeCharacteristicRing;

use crate::fixed::{Fixed, number, signed};
use crate::{audit, expected_choices};

fn honest() -> &'static Fixed {
    static FIXED: OnceLock<Fixed> = OnceLock::new();
    FIXED.get_or_init(|| Fixed::new(&build(Circuit::Finish).expect("a circuit")))
}

/// The audit refuses the change, for this reason.
fn refused(reason: &str, change: impl FnOnce(&mut Fixed)) {
    let mut fixed = honest().clone();
    change(&mut fixed);
    match audit(&fixed) {
        Ok(_) => panic!("accepted: {reason}"),
        Err(found) => assert!(found.contains(reason), "expected {reason}, found {found}"),
    }
}

/// The first row of `compress` that is such, and has such a next one.
fn row(is_such: impl Fn(usize, &Fixed) -> bool) -> usize {
    let fixed = honest();
    (1..fixed.compress.len() - 1).find(|row| is_such(*row, fixed)).expect("a row")
}

/// The first step of a path, which goes on with the node that it makes.
fn path_start() -> usize {
    row(|i, fixed| {
        let [before, step] = [&fixed.compress[i - 1], &fixed.compress[i]];
        let is_first = step.digest_count != Val::ZERO && before.chain_left == Val::ZERO;
        step.is_path == Val::ONE && is_first && step.chain_word == Val::ONE
    })
}

fn path_end() -> usize {
    row(|i, fixed| fixed.compress[i].has_index == Val::ONE)
}

fn absorption() -> usize {
    row(|i, fixed| fixed.compress[i].absorbs[0] == Val::ONE && fixed.compress[i].chain_state == Val::ONE)
}

/// The first operation that has such counts of a and d.
fn operation(a: impl Fn(i64) -> bool, d: impl Fn(i64) -> bool) -> usize {
    let such = |i: &usize| {
        let operation = &honest().operations[*i];
        let alone = honest().constants[*i] == [Val::ZERO; 2] && number(operation.b) != 0;
        alone && a(signed(operation.a_count)) && d(signed(operation.d_count))
    };
    (0..honest().operations.len()).find(such).expect("an operation")
}

#[test]
fn refuses_a_wire_that_two_rows_define_or_none() {
    let i = operation(|a| a == -1, |d| d == 1);
    refused("is counted", |fixed| fixed.operations[i].d_count += Val::ONE);
    refused("has 0 definitions", |fixed| fixed.operations[i].d_count = Val::NEG_ONE);
    refused("has 0 definitions", |fixed| fixed.operations[i].d_count = Val::ZERO);
    let other = operation(|a| a == -1, |d| d == 2);
    refused("has 2 definitions", |fixed| fixed.operations[other].d = fixed.operations[i].d);
    refused("reads twice", |fixed| fixed.operations[i].a_count -= Val::ONE);
}

#[test]
fn refuses_wires_that_define_each_other() {
    let i = operation(|a| a == -1, |d| d > 0);
    refused("function of itself", |fixed| {
        // x = x b + c has other solutions where b = 1; the reads are counted as before.
        let operation = &mut fixed.operations[i];
        let read = core::mem::replace(&mut operation.a, operation.d);
        operation.d_count += Val::ONE;
        let definition = fixed.operations.iter_mut().find(|o| o.d == read && signed(o.d_count) > 0);
        match definition {
            Some(definition) => definition.d_count -= Val::ONE,
            None => panic!("its factor is no result"),
        }
    });
}

#[test]
fn refuses_a_constant_added_to_something() {
    let i = (0..honest().operations.len())
        .step_by(5)
        .find(|i| number(honest().operations[*i].b) != 0)
        .expect("a row without a constant");
    refused("adds a constant", |fixed| fixed.constants[i][0] = Val::ONE);
}

#[test]
fn refuses_rows_of_a_leaf_that_are_bound_to_nothing() {
    let first = (0..).find(|i| honest().sponge[0][*i].chains == Val::ONE).expect("a leaf of two rows");
    refused("adds to another leaf", |fixed| fixed.sponge[0][first].chains = Val::ZERO);
    refused("another power", |fixed| fixed.sponge[0][first].holds = Val::ZERO);
    refused("two ways", |fixed| fixed.sponge[0][first].delivers = Val::ONE);
    refused("reads its power wrongly", |fixed| fixed.sponge[0][first].power_count = Val::ZERO);
    refused("not full", |fixed| fixed.sponge[0][first - 1].retains = [Val::ONE; 3]);
    refused("retains a group before", |fixed| {
        fixed.sponge[0][first].retains = [Val::ONE, Val::ZERO, Val::ZERO]
    });
    refused("is no flag", |fixed| fixed.sponge[0][first].chains = Val::TWO);
}

#[test]
fn refuses_leaves_that_touch() {
    let table = &honest().sponge[0];
    let last = (1..table.len()).find(|i| signed(table[*i].digest_count) == 1).expect("a leaf's end");
    refused("", |fixed| fixed.sponge[0][last].chains = Val::ONE);
    refused("holds its power past", |fixed| fixed.sponge[0][last].holds = Val::ONE);
    refused("adds to another leaf", |fixed| fixed.sponge[0][last + 1].continues[0] = Val::ONE);
    refused("goes on in the first", |fixed| {
        if let Some(row) = fixed.sponge[0].last_mut() {
            row.chains = Val::ONE;
        }
    });
    refused("row 0 has data", |fixed| fixed.sponge[0][0].delivers = Val::ONE);
}

#[test]
fn refuses_sums_that_are_no_wires_and_digests_on_no_path() {
    let table = &honest().sponge[0];
    let place = |(i, k): (usize, usize)| (signed(table[i].sum_count[k]) > 0).then_some((i, k));
    let (i, k) = (0..table.len()).flat_map(|i| (0..4).map(move |k| (i, k))).find_map(place).expect("a sum");
    refused("group", |fixed| fixed.sponge[0][i].sum_count[k] = Val::ZERO);
    let last = (1..table.len()).find(|i| signed(table[*i].digest_count) == 1).expect("a leaf's end");
    refused("delivers its digest wrongly", |fixed| fixed.sponge[0][last].digest_count = Val::ZERO);
    refused("digest", |fixed| fixed.sponge[0][last].digest_address += Val::ONE);
}

#[test]
fn refuses_paths_that_start_or_end_nowhere() {
    let [start, end] = [path_start(), path_end()];
    refused("node of nowhere", |fixed| fixed.compress[start].digest_count = Val::ZERO);
    refused("Path, chains", |fixed| {
        let next = fixed.compress[start + 1].is_path;
        assert_eq!(next, Val::ONE);
        fixed.compress[start + 1].is_path = Val::ZERO;
        fixed.compress[start + 1].chain_word = Val::ZERO;
    });
    refused("path's end is looked up", |fixed| fixed.compress[start].chain_word = Val::ZERO);
    refused("path's end is looked up", |fixed| fixed.compress[end].has_index = Val::ZERO);
    refused("any side", |fixed| fixed.compress[start].has_bit = Val::ZERO);
    refused("middle of a cap", |fixed| fixed.compress[end].end_address += Val::ONE);
}

#[test]
fn refuses_sides_that_are_no_bits_and_indices_past_a_cap() {
    let [start, end] = [path_start(), path_end()];
    // The reads are exchanged, so that every count stays.
    refused("its side is at most", |fixed| {
        let [side, index] = [fixed.compress[start].bit_address, fixed.compress[end].index_address];
        fixed.compress[start].bit_address = index;
        fixed.compress[end].index_address = side;
    });
    refused("its index is at most", |fixed| {
        let base =
            row(|i, fixed| fixed.compress[i].has_bit == Val::ONE && fixed.compress[i].is_path == Val::ZERO);
        let [wire, index] = [fixed.compress[base].bit_address, fixed.compress[end].index_address];
        fixed.compress[base].bit_address = index;
        fixed.compress[end].index_address = wire;
    });
}

#[test]
fn refuses_joins_on_the_left() {
    let join =
        row(|i, fixed| fixed.compress[i].is_path == Val::ONE && fixed.compress[i - 1].chain_left == Val::ONE);
    // One whose side is a wire of its own.
    let step = row(|i, fixed| {
        fixed.compress[i].is_path == Val::ONE
            && fixed.compress[i].bit_address != fixed.compress[join].bit_address
    });
    refused("may be the left child", |fixed| {
        let [one, side] = [join, step].map(|row| fixed.compress[row].bit_address);
        fixed.compress[join].bit_address = side;
        fixed.compress[step].bit_address = one;
    });
}

#[test]
fn refuses_absorptions_with_any_state() {
    let i = absorption();
    refused("any capacity", |fixed| fixed.compress[i].chain_state = Val::ZERO);
    refused("more than the rate", |fixed| fixed.compress[i].tag = Val::from_u8(9));
    refused("two of absorbs", |fixed| fixed.compress[i].absorbs[1] = Val::ONE);
    refused("carries at offset", |fixed| {
        fixed.compress[i].absorbs = [Val::ZERO, Val::ONE, Val::ZERO, Val::ZERO];
        fixed.compress[i].chain_carry = [Val::ZERO; 3];
    });
    refused("is several things", |fixed| fixed.compress[i].is_path = Val::ONE);
    refused("", |fixed| fixed.compress[i].chain_word = Val::ONE);
    refused("carries on to", |fixed| fixed.compress[path_end()].chain_carry[0] = Val::ONE);
}

#[test]
fn refuses_words_that_are_not_read() {
    let reads = |i: usize, fixed: &Fixed| {
        fixed.compress[i].absorbs[0] == Val::ONE && signed(fixed.compress[i].word_count[0]) == -1
    };
    let i = row(reads);
    refused("is counted", |fixed| fixed.compress[i].word_count[0] = Val::ZERO);
    // The one that defines it counts a read less: of a wire with several, it shows at once; of the others, in numbers.
    let mut fixed = honest().clone();
    let wire = fixed.compress[i].word_address[0];
    fixed.compress[i].word_count[0] = Val::ZERO;
    let less = |address: Val, count: &mut Val| {
        if address == wire && signed(*count) > 0 {
            *count -= Val::ONE;
        }
    };
    for row in &mut fixed.compress {
        for k in 0..2 {
            less(row.word_address[k], &mut row.word_count[k]);
            less(row.out_address[k], &mut row.out_count[k]);
        }
    }
    for operation in &mut fixed.operations {
        less(operation.a, &mut operation.a_count);
        less(operation.d, &mut operation.d_count);
    }
    match audit(&fixed) {
        Ok(found) => assert_ne!(found.choices, expected_choices(Circuit::Finish)),
        Err(found) => assert!(found.contains("is not read"), "{found}"),
    }
}

#[test]
fn refuses_nodes_of_two_caps_at_one_address() {
    let node = row(|i, fixed| fixed.compress[i].is_cap == Val::ONE);
    refused("nodes of caps", |fixed| fixed.compress[node].cap_address += Val::ONE);
    refused("counts are", |fixed| fixed.compress[node].word_count[1] = Val::ZERO);
}

#[test]
fn refuses_public_values_that_are_not_read() {
    refused("Public: its word's counts", |fixed| fixed.compress[0].word_count[0] = Val::ZERO);
}

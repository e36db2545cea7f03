//! The permutation, and which cells are bound.

use p3_air::BaseAir;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

use super::{Table, permute, uses};
use crate::Val;
use crate::narrow::{BLOCK, NarrowColumns, trace};
use crate::testing::Random;

#[test]
fn every_block_is_the_reference_permutation() {
    let mut random = Random(1);
    let inputs = [[Val::ZERO; 16], [Val::NEG_ONE; 16], random.vals(), random.vals()];
    let trace = trace(&inputs[1..], &[], 4 * BLOCK);
    // The last block is idle.
    for (block, input) in [1, 2, 3, 0].into_iter().enumerate() {
        let row = |j: usize| trace.row_slice(block * BLOCK + j).map(|row| row[..16].to_vec());
        assert_eq!(row(0), Some(inputs[input].to_vec()));
        assert_eq!(row(BLOCK - 1), Some(permute(inputs[input]).to_vec()));
    }
}

/// Cells of a block that its permutation does not bind: the S-boxes that a row of partial rounds does not have, the last row's
/// middle, and operands, which are for flags and messages to bind.
fn is_free(j: usize, column: usize) -> bool {
    let middles = match j {
        2 | 3 => 7..16,
        4 => 6..16,
        7 => 0..16,
        _ => 16..16,
    };
    column >= 32 || column >= 16 && middles.contains(&(column - 16))
}

#[test]
fn refuses_a_forged_state_in_every_cell() {
    let mut random = Random(2);
    let mut table = Table::default();
    table.block(random.vals());
    table.block([Val::ZERO; 16]);
    let instance = table.instance();
    let fixed = instance.air.preprocessed_trace();
    for row in 0..2 * BLOCK {
        for column in 0..NarrowColumns::WIDTH {
            let is_refused = instance.is_refused(fixed.as_ref(), row, column);
            assert_eq!(is_refused, !is_free(row % BLOCK, column), "row {row} column {column}");
        }
    }
}

/// Each column is caught on some row of a circuit that uses everything.
#[test]
fn every_column_matters() {
    uses::every_use().instance().assert_every_column_matters(&[]);
}

#[test]
fn an_empty_table_holds_and_says_nothing() {
    assert!(Table::default().instance().balance().is_zero());
}

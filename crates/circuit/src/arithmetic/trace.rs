use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::{OperationColumns, OperationFixed, fixed_width, width};
use crate::extension::coefficients;
use crate::{Challenge, Val};

/// The values of an operation's four wires: a, b, c, d.
pub type Operation = [Challenge; 4];

/// Rows that a task fills.
const CHUNK: usize = 1 << 10;

/// The fixed columns of these operations, `per_row` to a row, and idle operations up to the height; `constants` are k0 and
/// k1 of each row, zeros where there are none. Panics if they do not fit.
pub fn fixed_matrix(
    operations: &[OperationFixed<Val>],
    constants: &[[Val; 2]],
    per_row: usize,
    height: usize,
) -> RowMajorMatrix<Val> {
    check_fits(operations.len(), per_row, height);
    assert!(constants.len() <= height, "{} constants for {height} rows", constants.len());
    let width = fixed_width(per_row);
    let mut values = Val::zero_vec(width * height);
    let mut operations = operations.iter();
    for (i, row) in values.chunks_exact_mut(width).enumerate() {
        let (columns, rest) = row.split_at_mut(OperationFixed::WIDTH * per_row);
        for columns in columns.chunks_exact_mut(OperationFixed::WIDTH) {
            *columns.borrow_mut() = *operations.next().unwrap_or(&OperationFixed::IDLE);
        }
        if let Some(constant) = constants.get(i) {
            rest[..2].copy_from_slice(constant);
        }
    }
    RowMajorMatrix::new(values, width)
}

/// The trace of these operations, `per_row` to a row, and zeros up to the height. Panics if they do not fit.
pub fn trace(operations: &[Operation], per_row: usize, height: usize) -> RowMajorMatrix<Val> {
    check_fits(operations.len(), per_row, height);
    let mut values = Val::zero_vec(width(per_row) * height);
    values.par_chunks_mut(CHUNK * OperationColumns::WIDTH).zip(operations.par_chunks(CHUNK)).for_each(
        |(chunk, operations)| {
            for (columns, wires) in chunk.chunks_exact_mut(OperationColumns::WIDTH).zip(operations) {
                let [a, b, c, d] = wires.map(coefficients);
                *columns.borrow_mut() = OperationColumns { a, b, c, d };
            }
        },
    );
    RowMajorMatrix::new(values, width(per_row))
}

fn check_fits(operations: usize, per_row: usize, height: usize) {
    assert!(operations <= per_row * height, "{operations} operations for {height} rows of {per_row}");
}

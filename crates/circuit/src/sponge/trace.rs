use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::{SpongeColumns, SpongeFixed};
use crate::columns::matrix;
use crate::extension::{coefficients, element};
use crate::permutation::PERMUTATION_24;
use crate::{Challenge, Val};

/// Rows that a task fills.
const CHUNK: usize = 1 << 10;

/// What a row is made from; the rest follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpongeRow {
    /// The state before.
    pub input: [Val; 24],
    /// What combines the data.
    pub power: Challenge,
}

/// The fixed columns of these rows, and idle rows up to the height. Panics if they do not fit, or if the last row goes on
/// in the first: constraints take for granted that it does not. It may retain zeros there.
pub fn fixed_matrix(rows: &[SpongeFixed<Val>], height: usize) -> RowMajorMatrix<Val> {
    let first = rows.first().map_or(Val::ZERO, |row| row.continues[0]);
    let last = rows.get(height.wrapping_sub(1)).map_or([Val::ZERO; 2], |row| [row.chains, row.holds]);
    assert!(first == Val::ZERO && last == [Val::ZERO; 2], "the last row goes on in the first");
    matrix(rows, SpongeFixed::WIDTH, height)
}

/// The trace of these rows; those past the end permute zeros. What sums add up is what `fixed` says; rows that it lacks
/// are idle. Panics if the rows do not fit in `height` rows.
pub fn trace(fixed: &[SpongeFixed<Val>], rows: &[SpongeRow], height: usize) -> RowMajorMatrix<Val> {
    assert!(rows.len() <= height, "{} rows for a height of {height}", rows.len());
    let mut values = Val::zero_vec(height * SpongeColumns::WIDTH);
    let (used, idle) = values.split_at_mut(rows.len() * SpongeColumns::WIDTH);
    used.par_chunks_mut(CHUNK * SpongeColumns::WIDTH).zip(rows.par_chunks(CHUNK)).for_each(
        |(chunk, rows)| {
            for (columns, row) in chunk.chunks_exact_mut(SpongeColumns::WIDTH).zip(rows) {
                fill(columns.borrow_mut(), row);
            }
        },
    );
    let zero = SpongeRow { input: [Val::ZERO; 24], power: Challenge::ZERO };
    let mut permuted = [Val::ZERO; SpongeColumns::WIDTH];
    fill(permuted[..].borrow_mut(), &zero);
    idle.par_chunks_exact_mut(SpongeColumns::WIDTH).for_each(|row| row.copy_from_slice(&permuted));

    let mut carried = Challenge::ZERO;
    for (i, columns) in values.chunks_exact_mut(SpongeColumns::WIDTH).enumerate() {
        let columns: &mut SpongeColumns<Val> = columns.borrow_mut();
        columns.carried = coefficients(carried);
        if let Some(fixed) = fixed.get(i) {
            carried = fill_sums(columns, fixed, carried);
        } else {
            carried = Challenge::ZERO;
        }
    }
    // The first row follows the last.
    if let Some(first) = values.get_mut(..SpongeColumns::WIDTH) {
        let first: &mut SpongeColumns<Val> = first.borrow_mut();
        first.carried = coefficients(carried);
    }
    RowMajorMatrix::new(values, SpongeColumns::WIDTH)
}

/// All but the sums.
fn fill(columns: &mut SpongeColumns<Val>, row: &SpongeRow) {
    columns.input = row.input;
    PERMUTATION_24.fill(&row.input, &mut columns.rounds);
    let a = row.power;
    let square = a.square();
    columns.powers = [a, square, square * a, square.square()].map(coefficients);
}

/// The sums; returns the last.
fn fill_sums(columns: &mut SpongeColumns<Val>, fixed: &SpongeFixed<Val>, mut sum: Challenge) -> Challenge {
    let [a, a2, a3, a4] = columns.powers.map(|power| element(&power));
    for (k, data) in columns.input.as_chunks::<4>().0[..4].iter().enumerate() {
        sum *= a4 * fixed.continues[k];
        if fixed.batches != Val::ZERO {
            sum += (a3 * data[0] + a2 * data[1] + a * data[2] + data[3]) * fixed.batches;
        }
        if fixed.delivers != Val::ZERO {
            sum += element(data) * fixed.delivers;
        }
        columns.sums[k] = coefficients(sum);
    }
    sum
}

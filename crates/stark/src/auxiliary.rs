//! The auxiliary trace: per row the running sum of all messages before it, then one fraction per column.

use p3_air::RowWindow;
use p3_field::{BasedVectorSpace, Field, PackedFieldExtension, PackedValue, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use crate::builder::{Context, Fraction, GroupBuilder, Selectors, lane, load_rows};
use crate::scheme::Table;
use crate::{Challenge, PackedChallenge, PackedVal, Val};

/// Base field columns per extension field column.
const DEGREE: usize = 4;

/// Rows whose denominators are inverted together.
const CHUNK: usize = 1 << 11;

/// The auxiliary trace over the base field, and its terminal: the sum of all messages.
pub(crate) fn auxiliary_trace<A: Table>(
    air: &A,
    main: &RowMajorMatrix<Val>,
    fixed: Option<&RowMajorMatrix<Val>>,
    context: &Context<'_>,
) -> (RowMajorMatrix<Val>, Challenge) {
    let width = DEGREE * (context.layout.fractions + 1);
    let height = main.height();
    let rows = CHUNK.min(height);
    let periodic = periodic_groups(air);
    let mut values = Val::zero_vec(height * width);
    values.par_chunks_mut(rows * width).enumerate().for_each(|(chunk, values)| {
        let first = chunk * rows;
        let main = &main.values[first * main.width..][..rows * main.width];
        let fixed =
            fixed.map(|fixed| (&fixed.values[first * fixed.width..][..rows * fixed.width], fixed.width));
        fill_chunk(air, main, fixed, &periodic, first, context, values, width);
    });
    let terminal = accumulate(&mut values, width);
    (RowMajorMatrix::new(values, width), terminal)
}

/// The periodic columns for each group of rows of the longest period.
fn periodic_groups<A: Table>(air: &A) -> Vec<Vec<PackedVal>> {
    let columns = air.periodic_columns();
    let period = columns.iter().map(Vec::len).max().unwrap_or(1);
    let groups = period.div_ceil(PackedVal::WIDTH);
    let group = |group: usize| {
        let value = |column: &Vec<Val>| {
            PackedVal::from_fn(|lane| column[(group * PackedVal::WIDTH + lane) % column.len()])
        };
        columns.iter().map(value).collect()
    };
    (0..groups).map(group).collect()
}

/// Fills the fractions of some rows, and leaves their sum in the first column.
#[allow(clippy::too_many_arguments)] // One call, from the loop above.
fn fill_chunk<A: Table>(
    air: &A,
    main: &[Val],
    fixed: Option<(&[Val], usize)>,
    periodic: &[Vec<PackedVal>],
    first: usize,
    context: &Context<'_>,
    values: &mut [Val],
    width: usize,
) {
    let lanes = PackedVal::WIDTH;
    let columns = context.layout.fractions;
    let main_width = air.width();
    let groups = values.len() / width / lanes;
    let mut fractions = vec![Fraction::ZERO; groups * columns];
    let (mut main_row, mut fixed_row, mut none) = (Vec::new(), Vec::new(), Vec::new());
    for (group, fractions) in fractions.chunks_exact_mut(columns).enumerate() {
        let row = |lane| &main[(group * lanes + lane) * main_width..][..main_width];
        load_rows(row, main_width, &mut main_row);
        if let Some((fixed, width)) = fixed {
            load_rows(|lane| &fixed[(group * lanes + lane) * width..][..width], width, &mut fixed_row);
        }
        let mut builder = GroupBuilder::<false> {
            // Messages are of the current row only, so the next one is not looked at.
            main: RowWindow::from_two_rows(&main_row, &main_row),
            fixed: RowWindow::from_two_rows(&fixed_row, &fixed_row),
            periodic: &periodic[(first / lanes + group) % periodic.len()],
            selectors: Selectors::default(),
            context,
            message: 0,
            constraints: &mut none,
            fractions,
        };
        air.eval(&mut builder);
    }
    divide(&mut fractions);
    for (rows, fractions) in values.chunks_exact_mut(lanes * width).zip(fractions.chunks_exact(columns)) {
        let sum: PackedChallenge = fractions.iter().map(|fraction| fraction.numerator).sum();
        for (i, row) in rows.chunks_exact_mut(width).enumerate() {
            let quotients =
                core::iter::once(&sum).chain(fractions.iter().map(|fraction| &fraction.numerator));
            for (value, quotient) in row.as_chunks_mut::<DEGREE>().0.iter_mut().zip(quotients) {
                value.copy_from_slice(lane(quotient, i).as_basis_coefficients_slice());
            }
        }
    }
}

/// Replaces each numerator by its quotient: all denominators are inverted at the price of one (Montgomery's trick).
fn divide(fractions: &mut [Fraction]) {
    let mut products = Vec::with_capacity(fractions.len());
    let mut product = PackedChallenge::ONE;
    for fraction in fractions.iter() {
        products.push(product);
        product *= fraction.denominator;
    }
    // A denominator is zero with the probability that the soundness of the buses allows for.
    let mut inverse = PackedChallenge::from_ext_fn(|i| lane(&product, i).inverse());
    for (fraction, before) in fractions.iter_mut().zip(products).rev() {
        fraction.numerator *= inverse * before;
        inverse *= fraction.denominator;
    }
}

/// Turns the row sums in the first column into sums of the rows before; returns the sum of all.
fn accumulate(values: &mut [Val], width: usize) -> Challenge {
    let mut sum = Challenge::ZERO;
    for row in values.chunks_exact_mut(width) {
        let Some(first) = row.first_chunk_mut::<DEGREE>() else { continue };
        let row_sum = Challenge::from_basis_coefficients_fn(|i| first[i]);
        first.copy_from_slice(sum.as_basis_coefficients_slice());
        sum += row_sum;
    }
    sum
}

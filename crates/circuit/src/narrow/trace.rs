use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::{BLOCK, NarrowColumns, NarrowFixed, first, last};
use crate::columns::matrix;
use crate::extension::coefficients;
use crate::permutation::narrow::round_states;
use crate::{Challenge, Val};

/// Blocks that a task fills.
const CHUNK: usize = 1 << 8;

/// The fixed columns of these rows, and idle rows up to the height. Panics if they do not fit, if the height is not one of
/// whole blocks, if flags that exclude each other are both set, if another row than the first and the last of a block has
/// flags, or if the last row says something about a next one: constraints take all this for granted.
pub fn fixed_matrix(rows: &[NarrowFixed<Val>], height: usize) -> RowMajorMatrix<Val> {
    assert!(height.is_multiple_of(BLOCK), "{height} rows are no whole blocks");
    for (i, row) in rows.iter().enumerate() {
        let is_set = |flag: usize| row.flags[flag] != Val::ZERO;
        match i % BLOCK {
            0 => {
                let absorbs = first::ABSORBS.into_iter().filter(|flag| is_set(*flag)).count();
                assert!(absorbs <= 1, "row {i} absorbs at two offsets");
                let others = absorbs == 1 || is_set(first::LOADS);
                assert!(!(is_set(first::SUMS) && others), "row {i} uses its operands twice");
            }
            7 => {
                let goes_on = row.flags[..last::HANDS_OUT].iter().any(|flag| *flag != Val::ZERO);
                assert!(i + 1 < height || !goes_on, "the last row goes on in the first");
            }
            _ => assert!(row.flags == [Val::ZERO; 7], "row {i} has flags inside a block"),
        }
    }
    matrix(rows, NarrowFixed::WIDTH, height)
}

/// The trace of blocks with these inputs, and of blocks that permute zeros up to the height; `operands` are those of each
/// row, zeros where there are none. Panics if they do not fit in `height` rows.
pub fn trace(inputs: &[[Val; 16]], operands: &[[Challenge; 4]], height: usize) -> RowMajorMatrix<Val> {
    assert!(height.is_multiple_of(BLOCK), "{height} rows are no whole blocks");
    assert!(inputs.len() * BLOCK <= height, "{} blocks for a height of {height}", inputs.len());
    assert!(operands.len() <= height, "{} rows for a height of {height}", operands.len());
    let width = NarrowColumns::WIDTH;
    let mut values = Val::zero_vec(height * width);
    let (used, idle) = values.split_at_mut(inputs.len() * BLOCK * width);
    used.par_chunks_mut(CHUNK * BLOCK * width).zip(inputs.par_chunks(CHUNK)).for_each(|(chunk, inputs)| {
        for (block, input) in chunk.chunks_exact_mut(BLOCK * width).zip(inputs) {
            fill(block, input);
        }
    });
    let mut permuted = [Val::ZERO; BLOCK * NarrowColumns::WIDTH];
    fill(&mut permuted, &[Val::ZERO; 16]);
    idle.par_chunks_exact_mut(BLOCK * width).for_each(|block| block.copy_from_slice(&permuted));
    values.par_chunks_mut(CHUNK * BLOCK * width).zip(operands.par_chunks(CHUNK * BLOCK)).for_each(
        |(chunk, operands)| {
            for (columns, operands) in chunk.chunks_exact_mut(width).zip(operands) {
                let columns: &mut NarrowColumns<Val> = columns.borrow_mut();
                columns.operands = operands.map(coefficients);
            }
        },
    );
    RowMajorMatrix::new(values, width)
}

/// The states of a block.
fn fill(block: &mut [Val], input: &[Val; 16]) {
    let rows = round_states(input);
    for (columns, (state, middle)) in block.chunks_exact_mut(NarrowColumns::WIDTH).zip(rows) {
        let columns: &mut NarrowColumns<Val> = columns.borrow_mut();
        columns.state = state;
        columns.middle = middle;
    }
}

use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::{CompressColumns, CompressFixed};
use crate::Val;
use crate::columns::matrix;
use crate::permutation::PERMUTATION_16;

/// Rows that a task fills.
const CHUNK: usize = 1 << 10;

/// What a row is made from; the rounds follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompressRow {
    /// The state before.
    pub input: [Val; 16],
    /// Two wires, a digest or a cap's node.
    pub word: [Val; 8],
    /// What is absorbed in front of the word.
    pub carry: [Val; 3],
    /// Which child the known one is.
    pub bit: Val,
    /// Position of the path's end in its cap.
    pub index: Val,
    /// How often a cap's node is read.
    pub uses: Val,
}

/// The fixed columns of these rows, and idle rows up to the height. Panics if they do not fit, if flags that exclude each
/// other are both set, or if the last row chains to a next one: constraints take all this for granted.
pub fn fixed_matrix(rows: &[CompressFixed<Val>], height: usize) -> RowMajorMatrix<Val> {
    for (i, row) in rows.iter().enumerate() {
        let flags = |flags: &[Val]| flags.iter().filter(|flag| **flag != Val::ZERO).count();
        assert!(flags(&row.absorbs) <= 1, "row {i} absorbs at two offsets");
        assert!(flags(&row.chain_carry) <= 1, "row {i} carries two lengths on");
        assert!(flags(&[row.chain_state, row.loads]) <= 1, "row {i} gives the next one two capacities");
        let chains = [row.chain_word, row.chain_left, row.chain_state, row.loads];
        assert!(i + 1 < height || flags(&chains) + flags(&row.chain_carry) == 0, "the last row chains");
    }
    matrix(rows, CompressFixed::WIDTH, height)
}

/// The trace of these rows; those past the end permute zeros. Panics if the rows do not fit in `height` rows.
pub fn trace(rows: &[CompressRow], height: usize) -> RowMajorMatrix<Val> {
    assert!(rows.len() <= height, "{} rows for a height of {height}", rows.len());
    let mut values = Val::zero_vec(height * CompressColumns::WIDTH);
    let (used, idle) = values.split_at_mut(rows.len() * CompressColumns::WIDTH);
    used.par_chunks_mut(CHUNK * CompressColumns::WIDTH).zip(rows.par_chunks(CHUNK)).for_each(
        |(chunk, rows)| {
            for (columns, row) in chunk.chunks_exact_mut(CompressColumns::WIDTH).zip(rows) {
                fill(columns.borrow_mut(), row);
            }
        },
    );
    let mut permuted = [Val::ZERO; CompressColumns::WIDTH];
    fill(permuted[..].borrow_mut(), &CompressRow::default());
    idle.par_chunks_exact_mut(CompressColumns::WIDTH).for_each(|row| row.copy_from_slice(&permuted));
    RowMajorMatrix::new(values, CompressColumns::WIDTH)
}

fn fill(columns: &mut CompressColumns<Val>, row: &CompressRow) {
    let CompressRow { input, word, carry, bit, index, uses } = *row;
    PERMUTATION_16.fill(&input, &mut columns.rounds);
    columns.input = input;
    columns.word = word;
    columns.carry = carry;
    columns.bit = bit;
    columns.index = index;
    columns.uses = uses;
}
